"""Every stream by itself: each event once, in the order of its numbers, and none missing where numbers run on. Pure."""

from collections.abc import Iterator

from rig.chaos.record import LOST, OUT_OF_ORDER, TWICE, Fault, VisitRecord
from shared.streams import START, StreamId

COUNTED = ("microphone", "play")
"""Streams whose `seq` runs on without a hole from 1."""


def check_ids(visit: VisitRecord) -> Iterator[Fault]:
    """Numbers as the events themselves carry them: the bus refuses a number it has had, unless its fence is off."""
    seen: dict[str, set[StreamId]] = {}
    last: dict[str, StreamId] = {}
    for note in visit.entries:
        if note.is_poison or note.event is None:
            continue
        own = note.id if note.stream.startswith("dead.") else StreamId(note.event.turn, note.event.seq)
        if own in seen.setdefault(note.stream, set()):
            yield Fault(TWICE, "ids", f"{note.stream} {own}", note.event.at)
        elif own < last.get(note.stream, START):
            yield Fault(OUT_OF_ORDER, "ids", f"{note.stream} {own}", note.event.at)
        seen[note.stream].add(own)
        last[note.stream] = max(own, last.get(note.stream, START))
    poisoned = {(note.stream, note.id) for note in visit.entries if note.is_poison}
    for stream in COUNTED:
        for missing in sorted({*range(1, last.get(stream, START).seq)} - {own.seq for own in seen.get(stream, ())}):
            if (stream, StreamId(0, missing)) not in poisoned:  # it took the place of one
                yield Fault(LOST, "ids", f"{stream} 0-{missing}")
