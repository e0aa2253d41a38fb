"""After a restart: the turn that was out at the kiosk, put together again from the visit's own streams. Pure."""

from collections.abc import Sequence

import msgspec

from services.session.speech import Speech
from shared.events import (
    AnyEvent,
    LineWanted,
    MirrorSpeaking,
    PlaybackReport,
    ReplyRequest,
    SpeechChunk,
    SpeechDue,
    SpeechEnded,
)


class Streams(msgspec.Struct, frozen=True, kw_only=True):
    """What the streams of a visit hold, each oldest first."""

    control: Sequence[AnyEvent] = ()
    lines: Sequence[AnyEvent] = ()
    requests: Sequence[AnyEvent] = ()
    voice: Sequence[AnyEvent] = ()
    playback: Sequence[AnyEvent] = ()


def sounding(streams: Streams) -> Speech | None:
    """The turn that had been let out and was not over; None if the mirror was silent.

    The kiosk goes on playing what it has. So the turn goes on, too: what sounded is not said again, and the rest is not lost.
    """
    due = _last_due(streams.control)
    if due is None:
        return None
    speech = Speech(turn=due.speech_turn, rev=due.speech_rev, kind="filler", is_committed=True, is_released=True)
    for event in streams.lines:
        if isinstance(event, LineWanted) and event.turn == speech.turn:
            speech.line = event.line
    for event in streams.requests:
        if isinstance(event, ReplyRequest) and (event.turn, event.rev) == (speech.turn, speech.rev):
            speech.kind, speech.utterance, speech.visitor_said = "reply", event.utterance, event.said
    _take_sound(speech, streams)
    speech.anchor(due.from_sample, due.due_at)
    speech.sent = speech.ready
    return speech


def _last_due(control: Sequence[AnyEvent]) -> SpeechDue | None:
    """When the turn that is out was last given a time; none if the loudspeaker has been said to be silent since."""
    due: SpeechDue | None = None
    for event in control:
        if isinstance(event, SpeechDue):
            due = event
        elif isinstance(event, MirrorSpeaking) and not event.is_speaking:
            due = None
    return due


def _take_sound(speech: Speech, streams: Streams) -> None:
    mine = [event for event in streams.voice if (event.turn, event.rev) == (speech.turn, speech.rev)]
    for event in mine:
        if isinstance(event, SpeechChunk):
            speech.take(event)
        elif isinstance(event, SpeechEnded):
            speech.total = event.samples
    reports = (event for event in streams.playback if isinstance(event, PlaybackReport) and event.turn == speech.turn)
    speech.played = min(speech.ready, max((report.played_samples for report in reports), default=0))
