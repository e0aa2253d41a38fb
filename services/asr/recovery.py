"""Where a worker before us had come to, read from the tail of its own stream. Pure."""

from collections.abc import Sequence

import msgspec

from shared.events import (
    AnyEvent,
    FinalTranscript,
    GuessTranscript,
    SpeechPaused,
    SpeechStarted,
    UtteranceDropped,
)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go on."""

    next_number: int = 1
    deaf_until: float = float("-inf")
    """Host time: sound up to here belongs to utterances that are over."""
    last_final: FinalTranscript | None = None
    orphan: int = 0
    """Number of an utterance that was begun and never closed, or 0: it has this number again when it is found again."""
    orphan_seen_at: float = 0.0
    """Host time of the last event about it."""


def where_we_were(heard: Sequence[AnyEvent]) -> Place:
    """From all past events of `hearing`, oldest first."""
    place = Place()
    for event in heard:
        match event:
            case SpeechStarted():
                place = msgspec.structs.replace(
                    place, next_number=event.turn, orphan=event.turn, orphan_seen_at=event.at
                )
            case FinalTranscript():
                place = Place(
                    next_number=event.turn + 1, deaf_until=max(place.deaf_until, event.ended_at), last_final=event
                )
            case UtteranceDropped():
                place = msgspec.structs.replace(
                    place, next_number=event.turn + 1, deaf_until=_last_end(heard, event.turn), orphan=0
                )
            case _ if event.turn == place.orphan:
                place = msgspec.structs.replace(place, orphan_seen_at=event.at)
            case _:
                pass
    return place


def _last_end(heard: Sequence[AnyEvent], number: int) -> float:
    """Host time of the last speech sample of an utterance that left no words."""
    ends = [
        event.ended_at if isinstance(event, (SpeechPaused, GuessTranscript)) else event.started_at
        for event in heard
        if isinstance(event, (SpeechPaused, GuessTranscript, SpeechStarted)) and event.turn == number
    ]
    return max(ends, default=float("-inf"))
