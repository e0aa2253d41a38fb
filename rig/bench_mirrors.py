"""`mirror bench mirrors`: one house, a mirror for each visitor; each visitor first alone, then all at once.

What the others cost is a ratio within one run. That nobody gets anything of another's is counted: events, transcripts, faces.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from rig.face_likeness import face_likeness
from rig.likeness import voice_likeness
from rig.options import Options
from rig.rehearsal_report import copy_and_host, report
from rig.rehearse import Place, Rehearsal, rehearse
from rig.signals import stopping_cleanly
from rig.supervisor import Mirror, running_mirror
from rig.visitor import Visitor, read_visitor
from services.session.play_check import load_play
from shared.errors import BadInput
from shared.loop import run

Progress = Callable[[str, float], None]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One visit, as its visitor had it."""

    visitor: str
    kiosk: str
    together: bool
    """With all the others; else alone."""
    duration_s: float | None
    answer_ms: dict[str, float | None]
    pictures_per_s: float | None
    late_pictures: float | None
    word_error_rate: float | None
    foreign_events: int
    """Events of another visit in this one's streams."""
    events: int
    face: float | None
    """Likeness of the shown copy to the visitor's photo."""
    face_of_others: float | None
    """The most it is like another visitor's photo."""
    voice: float | None
    """Likeness of the copy's voice to the visitor's."""
    voice_of_others: float | None
    keys_left: int
    files_left: int


def bench_mirrors(folders: Sequence[Path], script: str, progress: Progress) -> list[Measured]:
    """Send each visitor through a mirror of their own, alone and then all together.

    Raises:
        BadInput: Fewer than two visitors, or one that cannot be read.
        MirrorError: The mirror could not be started, or a visit broke off.
    """
    if len(folders) < 2:
        raise BadInput("bench mirrors: give two visitors or more; each gets a mirror")
    return run(stopping_cleanly(_bench([read_visitor(folder) for folder in folders], script, progress)))


async def _bench(visitors: list[Visitor], script: str, progress: Progress) -> list[Measured]:
    options = Options(port=0, script=script, mirrors=len(visitors))
    progress("waking the mirrors", 0.0)
    async with running_mirror(options) as mirror:
        visits = list(zip(visitors, mirror.kiosk_urls, strict=True))
        alone = [await _visit(mirror, options, *visit, progress) for visit in visits]
        together = await asyncio.gather(*(_visit(mirror, options, *visit, progress) for visit in visits))
    found = [(done, kiosk, False) for done, (_, kiosk) in zip(alone, visits, strict=True)]
    found += [(done, kiosk, True) for done, (_, kiosk) in zip(together, visits, strict=True)]
    return [
        await asyncio.to_thread(measured, done, kiosk, visitors, together=is_both) for done, kiosk, is_both in found
    ]


async def _visit(mirror: Mirror, options: Options, visitor: Visitor, kiosk: str, progress: Progress) -> Rehearsal:
    place = Place(
        options=options, url=mirror.socket_url, token=mirror.kiosk_token, redis_url=mirror.redis.url, kiosk=kiosk
    )
    return await rehearse(visitor, place, lambda what, share: progress(f"{kiosk} {what}", share), keeps_pictures=True)


def measured(done: Rehearsal, kiosk: str, visitors: Sequence[Visitor], *, together: bool) -> Measured:
    """The figures of one visit. Needs some seconds for faces and voices."""
    must_lines = {scene.id: scene.must_say for scene in load_play(done.script).scenes}
    told: dict[str, Any] = report(done.visitor, done.recording, done.events, must_lines)
    others = [one for one in visitors if one is not done.visitor]
    copy, host = copy_and_host(done.recording, done.events, told["turns"])
    voices = [voice_likeness(np.concatenate(list(one.clips.values())), copy, host) for one in others]
    wipe: dict[str, Any] = done.wipe
    return Measured(
        visitor=done.visitor.file.name,
        kiosk=kiosk,
        together=together,
        duration_s=told["duration_s"],
        answer_ms=told["latency_ms"],
        pictures_per_s=told["video"]["fps"],
        late_pictures=told["video"]["late"],
        word_error_rate=told["word_error_rate"],
        foreign_events=sum(event.session != done.recording.session for event in done.events),
        events=len(done.events),
        face=_most([face_likeness(done.visitor, done.recording)]),
        face_of_others=_most([face_likeness(one, done.recording) for one in others]),
        voice=_most([told["voice"]]),
        voice_of_others=_most(voices),
        keys_left=wipe["keys_left"] + (wipe["keys_found"] or 0),
        files_left=wipe["files_left"],
    )


def _most(likenesses: Sequence[dict[str, Any]]) -> float | None:
    return max((one["similarity"] for one in likenesses if one["similarity"] is not None), default=None)
