"""The events of `hearing` and their ids, from what the ear ordered. Pure.

`seq` is the frame (32 ms, counted from the visit's first sample) times 8 plus the kind: the sound alone decides it, so a
worker that hears it again says the same, and a guess that comes after the visitor went on is refused by the stream.
The end of an utterance has the one highest number: an utterance ends once, wherever it is found to end.
"""

from services.asr import ear, invented
from services.asr.invented import Evidence
from services.asr.loops import without_loop
from services.asr.partials import Agreement
from services.asr.transcriber import Transcription
from services.asr.vad import FRAME_S
from shared.events import (
    Event,
    GuessTranscript,
    PartialTranscript,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    UtteranceDropped,
)

END_SEQ = 999_999_999
"""`seq` of FinalTranscript and UtteranceDropped."""

_STARTED, _RESUMED, _PARTIAL, _PAUSED, _GUESS = range(1, 6)


def _seq(order: ear.Order, kind: int) -> int:
    return order.frame * 8 + kind


def started(order: ear.Order, started_at: float) -> Event:
    """The visitor began."""
    return SpeechStarted(turn=order.utterance.number, seq=_seq(order, _STARTED), started_at=started_at)


def paused(order: ear.Order, ended_at: float) -> Event:
    """The visitor is silent."""
    return SpeechPaused(turn=order.utterance.number, seq=_seq(order, _PAUSED), ended_at=ended_at)


def resumed(order: ear.Order) -> Event:
    """The visitor goes on."""
    return SpeechResumed(turn=order.utterance.number, seq=_seq(order, _RESUMED))


def partial(order: ear.Order, agreed: Agreement) -> Event:
    """Words so far."""
    return PartialTranscript(
        turn=order.utterance.number,
        seq=_seq(order, _PARTIAL),
        stable=" ".join(agreed.stable),
        tail=" ".join(agreed.tail),
    )


def guess(order: ear.Order, text: str, ended_at: float, engine_s: float) -> Event:
    """Words as of a pause."""
    return GuessTranscript(
        turn=order.utterance.number, seq=_seq(order, _GUESS), text=text, ended_at=ended_at, engine_s=engine_s
    )


def doubt(utterance: ear.Utterance, heard: Transcription) -> str:
    """Why its words should not be believed; empty if they should."""
    evidence = Evidence(
        speech_s=utterance.speech_s,
        span_s=(utterance.last_speech - utterance.first + 1) * FRAME_S,
        mean_p=utterance.mean_p,
        no_speech=heard.no_speech,
        confidence=heard.confidence,
    )
    return invented.doubt(heard.text, evidence)


def tidy(text: str) -> str:
    """Without a loop at its end, and the comma or dash that an engine leaves where it hoped for more."""
    return without_loop(text).strip().rstrip(",;:-–— ")


def dropped(number: int, reason: str) -> Event:
    """It was no utterance."""
    return UtteranceDropped(turn=number, seq=END_SEQ, reason=reason)
