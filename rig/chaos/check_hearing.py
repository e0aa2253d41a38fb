"""What the visitor said against what was understood: every utterance once, whole, and ended. Pure."""

from collections.abc import Iterator, Sequence

from rig.chaos.record import LOST, TWICE, Burst, Fault, Span, VisitRecord
from shared.events import FinalTranscript, SpeechStarted, UtteranceDropped

EDGE_S = 0.25
"""How far off an utterance's edges may be: four frames of the detector, and the chunk it was cut in."""

SAFETY_S = 0.5
"""What was said this close to a lost connection may have been on its way."""


def check_hearing(visit: VisitRecord) -> Iterator[Fault]:
    """Bursts and transcripts are matched by when they sounded: a lost one cannot hide behind another's number."""
    finals = [note.event for note in visit.entries if isinstance(note.event, FinalTranscript)]
    for burst in visit.spoken:
        if is_near(burst, visit.away, SAFETY_S) or burst.ended_at > visit.ends_at:
            continue
        heard = [final for final in finals if _overlap_s(burst, final) > 0.0]
        if not heard:
            yield Fault(LOST, "hearing", f"what was said for {burst.ended_at - burst.began_at:.2f} s", burst.began_at)
        elif len(heard) > 1:
            yield Fault(TWICE, "hearing", f"utterances {[final.turn for final in heard]}", burst.began_at)
        elif not _is_whole(burst, heard[0]):
            yield Fault(LOST, "hearing", f"a part of utterance {heard[0].turn}", burst.began_at)
    yield from _check_ends(visit)


def _overlap_s(burst: Burst, final: FinalTranscript) -> float:
    return min(burst.ended_at, final.ended_at) - max(burst.began_at, final.started_at)


def _is_whole(burst: Burst, final: FinalTranscript) -> bool:
    return abs(burst.began_at - final.started_at) <= EDGE_S and abs(burst.ended_at - final.ended_at) <= EDGE_S


def is_near(burst: Burst | Span, spans: Sequence[Span], margin_s: float) -> bool:
    """Whether one of `spans` comes within `margin_s` of it."""
    return any(burst[0] < span.ends_at + margin_s and burst[1] > span.begins_at - margin_s for span in spans)


def _check_ends(visit: VisitRecord) -> Iterator[Fault]:
    """Every utterance that began has one end, and their numbers run on."""
    began: list[SpeechStarted] = []
    ends: dict[int, int] = {}
    for note in visit.entries:
        if isinstance(note.event, SpeechStarted):
            began.append(note.event)
        elif isinstance(note.event, FinalTranscript | UtteranceDropped):
            ends[note.event.turn] = ends.get(note.event.turn, 0) + 1
    for start in began:
        if not ends.get(start.turn) and start.started_at < visit.ends_at - 2.0:
            yield Fault(LOST, "hearing", f"the end of utterance {start.turn}", start.at)
    yield from (
        Fault(TWICE, "hearing", f"{count} ends of utterance {turn}") for turn, count in ends.items() if count > 1
    )
    numbers = {*ends, *(start.turn for start in began)}
    yield from (
        Fault(LOST, "hearing", f"utterance {turn}") for turn in range(1, max(numbers, default=0)) if turn not in numbers
    )
