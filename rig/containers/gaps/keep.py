"""Keeps the streams of a visit that had a fault, for `mirror replay`."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from rig.chaos.keep import moments, told
from rig.chaos.record import Fault, VisitRecord
from rig.record.command import about_visit, write_synthetic
from rig.visitor import Visitor
from shared.errors import BadInput


def make_folder(folder: Path) -> None:
    """Have it before the first visit. Raises BadInput: it cannot be written to, or holds visits of another run."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_used = any(folder.glob("visit-*.mcap"))
    except OSError as error:
        raise BadInput(f"containers: cannot write to {folder} ({error.strerror}); give another --records") from error
    if is_used:
        raise BadInput(f"containers: {folder} holds the visits of another run; give another --records")


async def keep(path: Path, record: VisitRecord, faults: Sequence[Fault], visitor: Visitor, script: Path) -> None:
    """Write a recording whose note names the faults. Raises BadInput: the folder is full."""
    about = about_visit(record.session, visitor.file.language, script, {})
    note = "; ".join(map(told, faults))
    about = msgspec.structs.replace(about, note=note)
    await asyncio.to_thread(write_synthetic, path, moments(record), visitor.folder, about)
