"""The engines of the face, each with the peer it needs standing beside it."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

PATIENT: dict[str, Any] = {"watchdog_ms": 10_000}
"""For machines that are busy with other tests."""


@contextlib.contextmanager
def options_of(engine: str) -> Iterator[dict[str, dict[str, Any]]]:
    """Options with which an engine can work here; its peer lives as long as the block."""
    if engine not in ("audio2face", "omniverse"):
        yield {}
        return
    pytest.importorskip("grpc", reason="grpcio is not installed")
    from tests.peers.audio2face import audio2face_peer
    from tests.peers.omniverse import omniverse_peer

    with audio2face_peer() if engine == "audio2face" else omniverse_peer() as peer:
        yield {engine: {"address": peer.address, **PATIENT}}
