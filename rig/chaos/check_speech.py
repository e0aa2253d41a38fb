"""From a request to a clause, from a clause to sound, from sound to poses: each whole, once, in order. Pure."""

import math
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rig.chaos.fates import PATIENCE_S, Fates
from rig.chaos.record import LOST, OUT_OF_ORDER, TWICE, Fault, VisitRecord
from shared.events import (
    AnyEvent,
    Event,
    LineWanted,
    PoseTrack,
    ReplyClause,
    ReplyEnded,
    ReplyRequest,
    SpeechChunk,
    SpeechEnded,
    StageFailed,
)

E = TypeVar("E", bound=Event)

SAMPLES_PER_POSE = 400
POSE_BYTES = 4 * 52


class Streams:
    """A visit's events by kind, and by turn and revision."""

    def __init__(self, visit: VisitRecord) -> None:
        self.events: list[AnyEvent] = [note.event for note in visit.entries if note.event and not note.is_poison]
        self.fates = Fates(visit.entries)
        self.given_up = {(event.stage, event.failed_turn) for event in self.all_of(StageFailed)}
        self.last_at = max((event.at for event in self.events), default=0.0)

    def all_of(self, kind: type[E]) -> list[E]:
        """Every event of a kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def by_turn(self, kind: type[E]) -> dict[tuple[int, int], list[E]]:
        """The same by (turn, revision)."""
        found: dict[tuple[int, int], list[E]] = {}
        for event in self.all_of(kind):
            found.setdefault((event.turn, event.rev), []).append(event)
        return found

    def is_owed(self, event: Event, since: float = 0.0) -> bool:
        """Whether what follows from it had the time to come: before it was void, and before the streams ended.

        Args:
            event: What it follows from.
            since: When the newest part of it came, host clock, seconds.
        """
        patient_until = max(event.at, since) + PATIENCE_S
        return self.fates.void_at(event) > patient_until and self.last_at > patient_until


def check_replies(streams: Streams) -> Iterator[Fault]:
    """Every request is answered to its end, clause after clause."""
    clauses, ends = streams.by_turn(ReplyClause), streams.by_turn(ReplyEnded)
    for request in streams.all_of(ReplyRequest):
        turn = (request.turn, request.rev)
        if not request.wants_reply or ("llm", request.turn) in streams.given_up:
            continue
        said = clauses.get(turn, [])
        yield from _check_run([clause.index for clause in said], [1] * len(said), f"clauses of turn {turn}")
        end = ends.get(turn)
        if not end:
            if streams.is_owed(request):
                yield Fault(LOST, "replies", f"the end of reply {turn}", request.at)
        elif end[0].reason != "cancelled" and end[0].clauses > len({clause.index for clause in said}):
            yield Fault(LOST, "replies", f"a clause of reply {turn}", request.at)


def check_voice(streams: Streams) -> Iterator[Fault]:
    """Every clause and every line is spoken whole: chunks follow each other to the sample, up to the end."""
    chunks, ends = streams.by_turn(SpeechChunk), streams.by_turn(SpeechEnded)
    clauses = streams.by_turn(ReplyClause)
    wanted: dict[tuple[int, int], Event] = {(line.turn, line.rev): line for line in streams.all_of(LineWanted)}
    wanted |= {turn: said[-1] for turn, said in clauses.items()}
    for turn, cause in wanted.items():
        made, end = chunks.get(turn, []), ends.get(turn, [])
        starts, lengths = [chunk.from_sample for chunk in made], [len(chunk.pcm) // 2 for chunk in made]
        yield from _check_run(starts, lengths, f"speech of turn {turn}")
        if ("tts", turn[0]) in streams.given_up:
            continue
        if not end:
            if streams.is_owed(cause, since=max((chunk.at for chunk in made), default=0.0)):
                yield Fault(LOST, "voice", f"the end of speech {turn}", cause.at)
        elif streams.fates.void_at(cause) > end[0].at:
            if end[0].samples > sum(lengths):
                yield Fault(LOST, "voice", f"sound of turn {turn}", cause.at)
            spoken = {chunk.clause for chunk in made if chunk.text}
            for clause in clauses.get(turn, []):
                if end[0].reason == "done" and clause.index not in spoken:
                    yield Fault(LOST, "voice", f"clause {clause.index} of turn {turn}", clause.at)


def check_face(streams: Streams) -> Iterator[Fault]:
    """Every speech has its poses, 60 a second, without a hole."""
    tracks, ends = streams.by_turn(PoseTrack), streams.by_turn(SpeechEnded)
    for turn, end in ends.items():
        made = tracks.get(turn, [])
        counts = [len(track.weights) // POSE_BYTES for track in made]
        yield from _check_run([track.first_index for track in made], counts, f"poses of turn {turn}")
        if ("a2f_bridge", turn[0]) in streams.given_up:
            continue
        missing = math.floor(end[0].samples / SAMPLES_PER_POSE) - sum(counts)
        if missing > 0 and streams.is_owed(end[0]):
            yield Fault(LOST, "face", f"{missing} poses of turn {turn}", end[0].at)


def _check_run(starts: Sequence[int], lengths: Sequence[int], what: str) -> Iterator[Fault]:
    """Stretches that must lie end to end, from 0."""
    expected = 0
    for start, length in zip(starts, lengths, strict=True):
        if start > expected:
            yield Fault(LOST, "runs", f"{what}: {expected} to {start}")
        elif start < expected:
            kind = TWICE if start + length <= expected else OUT_OF_ORDER
            yield Fault(kind, "runs", f"{what}: {start} after {expected}")
        expected = max(expected, start + length)
