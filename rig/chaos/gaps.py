"""What of a disturbance the visitor noticed: the longest hole it tore into what they see and hear. Pure.

Four holes are looked for, in the time from a disturbance to the next: an answer that came later than answers do, a silence
inside a turn that was being spoken, a picture that stood still, and a face that did. What would have been late without it
counts, too: the gap of a disturbance is the worst hole after it, and one that nobody noticed has next to nothing.
"""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import msgspec

from rig.chaos.disturb import Mark
from rig.chaos.record import Span, VisitRecord
from rig.recording import Shot
from shared.audio import VOICE_HZ

REACH_S = 8.0
"""What comes later than this after a disturbance is not its doing."""

USUAL_POSE_S = 1 / 60

CODA_S = 4.0
"""What sounds this close to the end keeps an appointment, whoever waits for it."""

FLAT_S = 0.03
"""A shorter hole inside a turn is the loudspeaker's own."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What one visit gives to measure gaps by."""

    waits: tuple[tuple[float, float], ...]
    """Per answered utterance: its end, and the mirror's next sound. Host clock, seconds."""
    holes: tuple[tuple[float, float], ...]
    """Silences inside a turn: begin and end."""
    shown: tuple[float, ...]
    """When pictures were shown."""
    posed: tuple[float, ...] = ()
    """When poses of the face left for Unreal."""


def seen(visit: VisitRecord, shots: Sequence[Shot], posed: Sequence[float]) -> Seen:
    """From a visit's record, the pictures that were shown, and the instants of the poses."""
    begins: dict[int, float] = {}
    for piece in visit.sounded:
        begins.setdefault(piece.turn, piece.at / VOICE_HZ)
    starts = sorted(begins.values())
    waits = []
    for burst in visit.spoken:
        after = next((at for at in starts if at > burst.ended_at), None)
        if after is not None and after < visit.ends_at - CODA_S:
            waits.append((burst.ended_at, after))
    return Seen(
        waits=tuple(waits), holes=tuple(_holes(visit)), shown=tuple(shot.shown_at for shot in shots), posed=tuple(posed)
    )


def _holes(visit: VisitRecord) -> list[tuple[float, float]]:
    found, before = [], None
    for piece in visit.sounded:
        if before is not None and before.turn == piece.turn:
            ended_at, begins_at = (before.at + len(before.pcm)) / VOICE_HZ, piece.at / VOICE_HZ
            if begins_at - ended_at > FLAT_S:
                found.append((ended_at, begins_at))
        before = piece
    return found


def gaps_ms(marks: Sequence[Mark], what: Seen, usual_wait_s: float, usual_picture_s: float) -> list[float]:
    """Per disturbance of one visit: its worst hole, ms."""
    ends = [*(mark.at for mark in marks[1:]), float("inf")]
    return [
        round(1000.0 * _worst(Span(mark.at, min(end, max(mark.at, mark.over_at) + REACH_S)), what, usual_wait_s, usual_picture_s), 1)
        for mark, end in zip(marks, ends, strict=True)
    ]  # fmt: skip


def _worst(window: Span, what: Seen, usual_wait_s: float, usual_picture_s: float) -> float:
    waits = (
        sounded_at - ended_at - usual_wait_s
        for ended_at, sounded_at in what.waits
        if sounded_at > window.begins_at and ended_at < window.ends_at and sounded_at <= window.ends_at
    )
    holes = (
        end - begin
        for begin, end in what.holes
        if end > window.begins_at and begin < window.ends_at and end <= window.ends_at
    )
    pictures = _steps(what.shown, window, usual_picture_s)
    poses = _steps(what.posed, window, USUAL_POSE_S)
    return max((0.0, *waits, *holes, *pictures, *poses))


def _steps(instants: Sequence[float], window: Span, usual_s: float) -> list[float]:
    return [
        after - before - usual_s for before, after in pairwise(instants) if window.begins_at < after <= window.ends_at
    ]


def usual_wait(visits: Sequence[tuple[Sequence[Mark], Seen]]) -> float:
    """Median wait for an answer where nothing was disturbed, seconds."""
    calm = [
        sounded_at - ended_at
        for marks, what in visits
        for ended_at, sounded_at in what.waits
        if not any(ended_at < mark.over_at + 1.0 and sounded_at > mark.at - 0.5 for mark in marks)
    ]
    every = [sounded_at - ended_at for _, what in visits for ended_at, sounded_at in what.waits]
    return median(calm or every or [0.0])


def usual_picture(visits: Sequence[tuple[Sequence[Mark], Seen]]) -> float:
    """Median time between two pictures, seconds."""
    steps = [after - before for _, what in visits for before, after in pairwise(what.shown)]
    return median(steps or [0.0])
