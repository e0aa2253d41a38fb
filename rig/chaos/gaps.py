"""What of a disturbance the visitor noticed: the longest hole it tore into what they see and hear. Pure.

Four holes are looked for: an answer that came later than answers of its kind do, a silence inside a turn that was being
spoken, a picture that stood still, and a face that did. A hole is the doing of the disturbance after which it began; one that
is nobody's stands by itself (`Gaps.calm`), so that none is left out.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import msgspec

from rig.chaos.check_hearing import SAFETY_S, is_near
from rig.chaos.disturb import Mark
from rig.chaos.record import VisitRecord
from shared.audio import VOICE_HZ
from shared.events import LineWanted

REACH_S = 8.0
"""What begins later than this after all was up again is not its doing."""

USUAL_POSE_S = 1 / 60

CODA_S = 4.0
"""What sounds this close to the end keeps an appointment, whoever waits for it."""

FLAT_S = 0.03
"""A shorter hole inside a turn is the loudspeaker's own."""

SPREAD_S = 0.25
"""Undisturbed answers come this much later than the median: one that is late by less is not yet overdue."""

REPLY = "reply"
"""Kind of every answer that is no line the play must say: what the model says, and what covers for it."""

FEWEST = 3
"""So many undisturbed answers of a kind say what is usual for it."""


class Wait(NamedTuple):
    """An utterance that was answered. Host clock, seconds."""

    ended_at: float
    sounded_at: float
    kind: str = REPLY
    """Or the line with which the play went on: it waits for a meaning, a voice or a picture, and so comes later."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What one visit gives to measure gaps by."""

    waits: tuple[Wait, ...]
    """Per answered utterance."""
    holes: tuple[tuple[float, float], ...]
    """Silences inside a turn: begin and end."""
    shown: tuple[float, ...]
    """When pictures were shown."""
    posed: tuple[float, ...] = ()
    """When poses of the face left for Unreal."""


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """What is no hole. Seconds."""

    waits: dict[str, float]
    """By kind of answer."""
    picture_s: float = 0.0

    def wait_s(self, kind: str) -> float:
        """For an answer of that kind; what is seldom is held to what replies take."""
        return self.waits.get(kind, self.waits.get(REPLY, 0.0))


class Hole(NamedTuple):
    """Something that came too late."""

    since: float
    """Host clock, seconds, at which it was overdue: who disturbed before is to blame."""
    length_s: float


class Gaps(msgspec.Struct, frozen=True, kw_only=True):
    """Of one visit. Milliseconds."""

    of_marks: list[float]
    """Per disturbance: its worst hole."""
    calm: float
    """The worst that is no disturbance's."""


def seen(visit: VisitRecord, shown: Sequence[float], posed: Sequence[float]) -> Seen:
    """From a visit's record, and the instants of its pictures and poses.

    Of what was said to a kiosk without a line nobody heard, so nobody is late with an answer: the hole is the time without it.
    """
    begins: dict[int, float] = {}
    for piece in visit.sounded:
        begins.setdefault(piece.turn, piece.at / VOICE_HZ)
    kinds = _kinds(visit)
    starts = sorted((at, turn) for turn, at in begins.items())
    waits = []
    for burst in visit.spoken:
        if is_near(burst, visit.away, SAFETY_S):
            continue
        after = next(((at, turn) for at, turn in starts if at > burst.ended_at), None)
        if after is not None and after[0] < visit.ends_at - CODA_S:
            waits.append(Wait(burst.ended_at, after[0], kinds.get(after[1], REPLY)))
    return Seen(waits=tuple(waits), holes=tuple(_holes(visit)), shown=tuple(shown), posed=tuple(posed))


def _kinds(visit: VisitRecord) -> dict[int, str]:
    """Turn -> the must-say line it is."""
    musts = {line for lines in visit.must_say.values() for line in lines}
    wanted = (note.event for note in visit.entries if isinstance(note.event, LineWanted) and not note.is_poison)
    return {event.turn: event.line for event in wanted if event.line in musts}


def _holes(visit: VisitRecord) -> list[tuple[float, float]]:
    found, before = [], None
    for piece in visit.sounded:
        if before is not None and before.turn == piece.turn:
            ended_at, begins_at = (before.at + len(before.pcm)) / VOICE_HZ, piece.at / VOICE_HZ
            if begins_at - ended_at > FLAT_S:
                found.append((ended_at, begins_at))
        before = piece
    return found


def gaps_ms(marks: Sequence[Mark], what: Seen, usual: Usual) -> Gaps:
    """Every hole of a visit laid at somebody's door."""
    worst, calm = [0.0] * len(marks), 0.0
    for hole in _all_holes(what, usual):
        culprit = _culprit(marks, hole)
        if culprit is None:
            calm = max(calm, hole.length_s)
        else:
            worst[culprit] = max(worst[culprit], hole.length_s)
    return Gaps(of_marks=[round(1000.0 * gap, 1) for gap in worst], calm=round(1000.0 * calm, 1))


def _all_holes(what: Seen, usual: Usual) -> Iterator[Hole]:
    for wait in what.waits:
        due = wait.ended_at + usual.wait_s(wait.kind)
        # Not overdue at the median: half of all answers come after it.
        yield Hole(min(due + SPREAD_S, wait.sounded_at), wait.sounded_at - due)
    yield from (Hole(begin, end - begin) for begin, end in what.holes)
    yield from _steps(what.shown, usual.picture_s)
    yield from _steps(what.posed, USUAL_POSE_S)


def _steps(instants: Sequence[float], usual_s: float) -> Iterator[Hole]:
    # Overdue when even the next one after it should be there: one that is on its way may be held up.
    return (Hole(min(before + 2 * usual_s, after), after - before - usual_s) for before, after in pairwise(instants))


def _culprit(marks: Sequence[Mark], hole: Hole) -> int | None:
    """The last disturbance before it was overdue, if it was overdue within its reach."""
    before = [index for index, mark in enumerate(marks) if mark.at <= hole.since]
    if not before or hole.since > max(marks[before[-1]].at, marks[before[-1]].over_at) + REACH_S:
        return None
    return before[-1]


def usual(visits: Sequence[tuple[Sequence[Mark], Seen]]) -> Usual:
    """Medians of the run: of answers where nothing was disturbed, and of the time between two pictures."""
    calm: dict[str, list[float]] = {}
    for marks, what in visits:
        for wait in what.waits:
            if not any(wait.ended_at < mark.over_at + 1.0 and wait.sounded_at > mark.at - 0.5 for mark in marks):
                calm.setdefault(wait.kind, []).append(wait.sounded_at - wait.ended_at)
    waits = {kind: median(all_s) for kind, all_s in calm.items() if len(all_s) >= FEWEST}
    every = [wait.sounded_at - wait.ended_at for _, what in visits for wait in what.waits]
    waits.setdefault(REPLY, median(calm.get(REPLY) or every or [0.0]))
    steps = [after - before for _, what in visits for before, after in pairwise(what.shown)]
    return Usual(waits=waits, picture_s=median(steps or [0.0]))
