"""The wipe's receipt counts what it claims to count."""

import os
import time
from pathlib import Path

import pytest

from services.session.forgetting import files_left


def test_a_file_written_during_the_visit_is_counted_and_an_older_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRROR_SCRATCH", str(tmp_path))
    for name, age_s in (("older", 100.0), ("during", 5.0)):
        path = tmp_path / name
        path.write_bytes(b"x")
        os.utime(path, (time.time() - age_s,) * 2)
    assert files_left(lasted_s=60.0) == 1


def test_without_a_scratch_folder_there_is_nothing_to_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIRROR_SCRATCH", raising=False)
    assert files_left(lasted_s=60.0) == 0
