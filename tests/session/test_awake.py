"""Processors kept awake while somebody is at the mirror."""

import logging
import struct
from pathlib import Path

import pytest

from services.session.awake import awake


def test_the_wish_is_written_and_held_for_as_long_as_the_visit_lasts(tmp_path: Path) -> None:
    device = tmp_path / "latency"
    device.touch()
    with awake(10, device):
        assert struct.unpack("=i", device.read_bytes()) == (10,)
        assert _is_open(device)
    assert not _is_open(device)


def _is_open(path: Path) -> bool:
    return any(link.exists() and link.resolve() == path for link in Path("/proc/self/fd").iterdir())


def test_nothing_is_asked_for_where_it_is_not_wanted(tmp_path: Path) -> None:
    device = tmp_path / "latency"
    device.touch()
    with awake(-1, device):
        assert device.read_bytes() == b""


def test_who_may_not_ask_says_so_and_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), awake(0, tmp_path / "none" / "latency"):
        pass
    assert "No such file" in caplog.text
