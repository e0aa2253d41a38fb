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


async def keep(path: Path, record: VisitRecord, faults: Sequence[Fault], visitor: Visitor, script: Path) -> None:
    """Write a recording whose note names the faults.

    Raises:
        BadInput: The folder cannot be written to.
    """
    about = about_visit(record.session, visitor.file.language, script, {})
    note = "; ".join(map(told, faults))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"containers: cannot write {path} ({error.strerror}); give another --records") from error
    about = msgspec.structs.replace(about, note=note)
    await asyncio.to_thread(write_synthetic, path, moments(record), visitor.folder, about)
