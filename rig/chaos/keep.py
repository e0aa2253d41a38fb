"""Keeps a visit that had a fault, so that it can be looked at: its streams for `mirror replay`, and all that the check needs.

The visitor is synthetic noise and the voice a hum, so it may be kept.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from rig.chaos.disturb import Mark
from rig.chaos.gaps import Seen
from rig.chaos.record import Fault, VisitRecord
from rig.record.manifest import SYNTHETIC, Manifest, software
from rig.record.moment import Moment
from rig.record.write import write_recording
from shared.errors import BadInput
from shared.events import encode

ENDING = ".visit"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One visit of a run, whole."""

    seed: int
    number: int
    """In the run, from 1."""
    record: VisitRecord
    marks: list[Mark]
    seen: Seen
    faults: list[Fault]
    """As the check found them then."""


def keep(folder: Path, visit: Kept, logs: Path | None = None) -> Path:
    """Write `visit-7.visit`, for the check, `visit-7.mcap`, for `mirror replay`, and what was logged so far. Returns the first.

    Raises:
        BadInput: The folder cannot be written to.
    """
    path = folder / f"visit-{visit.number}{ENDING}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.msgpack.encode(visit, enc_hook=_as_bytes))
        for log in logs.glob("*.log") if logs else ():
            path.with_suffix(f".{log.name}").write_bytes(log.read_bytes())
    except OSError as error:
        raise BadInput(f"chaos: cannot write {path} ({error.strerror}); give another --records") from error
    manifest = Manifest(
        session=visit.record.session, language="en", script="chaos", consent=SYNTHETIC, visitor="noise",
        licence="CC0-1.0", version=software(),
        note=f"chaos, seed {visit.seed}, visit {visit.number}: {'; '.join(map(told, visit.faults)) or 'no fault'}",
    )  # fmt: skip
    write_recording(path.with_suffix(".mcap"), manifest, moments(visit.record))
    return path


def read_kept(path: Path) -> Kept:
    """What `keep` wrote. Raises BadInput if it is none."""
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=Kept, dec_hook=_as_samples)
    except OSError as error:
        raise BadInput(f"chaos: cannot read {path} ({error.strerror})") from error
    except msgspec.MsgspecError as error:
        raise BadInput(
            f"chaos: {path} is no visit of this version ({error}); `mirror bench chaos --records DIR` writes DIR/*{ENDING}"
        ) from error


def moments(record: VisitRecord) -> list[Moment]:
    """The streams as a recording has them: without what nobody can read, and without the poison."""
    notes = (note for note in record.entries if note.event is not None and not note.is_poison)
    return [Moment(note.stream, note.id, note.event.at, encode(note.event)) for note in notes if note.event]


def told(fault: Fault) -> str:
    """A fault in one line."""
    return f"{fault.kind}: {fault.rule}: {fault.what}"


def all_kept(paths: Iterable[Path]) -> list[Kept]:
    """The visits of some files, and of all files in some folders. Raises BadInput."""
    files = [file for path in paths for file in (sorted(path.glob(f"*{ENDING}")) if path.is_dir() else [path])]
    if not files:
        raise BadInput(f"chaos: no *{ENDING} there; `mirror bench chaos --records DIR` writes them")
    return sorted((read_kept(file) for file in files), key=lambda kept: kept.number)


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, np.ndarray):
        return bytes(value.astype("<i2").tobytes())
    raise NotImplementedError(f"{type(value).__name__} in a kept visit")


def _as_samples(wanted: type, value: Any) -> Any:
    if isinstance(value, bytes):
        return np.frombuffer(value, dtype="<i2")
    raise NotImplementedError(f"{wanted} in a kept visit")
