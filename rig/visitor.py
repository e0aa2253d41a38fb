"""A recorded visitor: a folder with speech, a photo, and `visitor.yaml`, which says what is said when."""

from pathlib import Path
from typing import Literal

import av
import msgspec
import numpy as np
import yaml
from numpy.typing import NDArray

from shared.audio import MICROPHONE_HZ
from shared.errors import BadInput

Samples = NDArray[np.float32]
"""Mono, 16 kHz, -1..1, shape (n,)."""

_SPEECH_FRAME = 160
_SPEECH_DB = 30.0
"""The end of speech in a file: the last 10 ms within this many dB of its loudest 10 ms."""


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Clip(_Strict, frozen=True, kw_only=True):
    """One recording and what is truly said in it."""

    file: str
    text: str
    is_synthetic: bool = False
    """No human said it."""


class Step(_Strict, frozen=True, kw_only=True):
    """One thing this visitor does: say a clip, or hold their tongue."""

    say: str = ""
    """Name of a clip."""
    silent_s: float = 0.0
    """Say nothing for so long, whatever the mirror does."""
    overlap_s: float = 0.0
    """Begin this long into the mirror's next words, instead of letting it finish."""


class VisitorFile(_Strict, frozen=True, kw_only=True):
    """`visitor.yaml`."""

    name: str
    about: str = ""
    language: str = "en"
    licence: str = "LICENCE.md"
    photo: str = "photo.jpg"
    speech: dict[str, Clip]
    pause_s: float = 0.8
    """How long the mirror must have been silent before this visitor answers."""
    answers: dict[str, tuple[str, ...]] = {}
    """By scene or look of the play: clips said there in order, the last one again and again. Empty: says nothing there."""
    talk: tuple[Step, ...] = ()
    """Everywhere else, in order."""
    then: Literal["repeat", "silent"] = "repeat"
    """When `talk` is over."""


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """A visitor with everything loaded."""

    file: VisitorFile
    folder: Path
    clips: dict[str, Samples]
    photo: bytes
    """JPEG."""


def read_visitor(folder: Path) -> Visitor:
    """Load and check a visitor's folder.

    Raises:
        BadInput: A file is missing or cannot be used, or visitor.yaml speaks of a clip that is not there; says which.
    """
    where = folder / "visitor.yaml"
    try:
        described = msgspec.convert(yaml.safe_load(where.read_text(encoding="utf-8")), VisitorFile)
    except FileNotFoundError as error:
        raise BadInput(f"visitor: no file {where}; rig/README.md says what a visitor's folder holds") from error
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise BadInput(f"visitor: {where}: {error}") from error
    for name in _said(described):
        if name not in described.speech:
            raise BadInput(f"visitor: {where}: there is no clip {name!r}; there are {', '.join(described.speech)}")
    if not (folder / described.licence).is_file():
        raise BadInput(f"visitor: {folder / described.licence} is missing: every voice and photo needs its licence")
    return Visitor(
        file=described,
        folder=folder,
        clips={name: read_speech(folder / clip.file) for name, clip in described.speech.items()},
        photo=_read(folder / described.photo),
    )


def _said(described: VisitorFile) -> set[str]:
    in_talk = {step.say for step in described.talk if step.say}
    return in_talk.union(*described.answers.values())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"visitor: cannot read {path}: {error.strerror}") from error


def read_speech(path: Path) -> Samples:
    """A sound file of any format and rate as mono 16 kHz.

    Raises:
        BadInput: It cannot be read, or holds no sound.
    """
    try:
        with av.open(str(path)) as container:
            resampler = av.AudioResampler(format="fltp", layout="mono", rate=MICROPHONE_HZ)
            frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
            frames += resampler.resample(None)
    except (av.FFmpegError, IndexError, OSError) as error:
        raise BadInput(f"visitor: cannot read the sound of {path}: {error}") from error
    samples = np.concatenate([np.zeros((1, 0), np.float32), *(frame.to_ndarray() for frame in frames)], axis=1)[0]
    if not samples.size or not np.any(samples):
        raise BadInput(f"visitor: {path} holds no sound")
    return np.asarray(samples, dtype=np.float32)


def speech_end(samples: Samples) -> int:
    """Index after the last sample of speech: where a listener would say that the speaker has finished."""
    whole = samples[: samples.size // _SPEECH_FRAME * _SPEECH_FRAME].reshape(-1, _SPEECH_FRAME)
    if not whole.size:
        return int(samples.size)
    loudness = np.sqrt(np.mean(np.square(whole), axis=1))
    audible = np.flatnonzero(loudness > loudness.max() * 10 ** (-_SPEECH_DB / 20))
    return int(audible[-1] + 1) * _SPEECH_FRAME
