"""Between the play's words and the bus': what an event of a stage tells the director, and orders that are events. Pure."""

from collections.abc import Iterator

from services.session import play_events as pe
from shared import events as ev
from shared.audio import VOICE_HZ


def told_by(event: ev.AnyEvent) -> pe.Told | None:
    """What an event of the enrolment, or of the lines rendered ahead, tells the director; None if nothing."""
    match event:
        case ev.VoiceReady():
            return pe.Captured(what="voice")
        case ev.VoiceSampleRefused():
            return pe.CaptureRefused(what="voice", reason=event.reason)
        case ev.VoiceFailed():
            return pe.CaptureRefused(what="voice", reason="failed")
        case ev.FaceReady():
            return pe.Captured(what="face")
        case ev.FaceRefused():
            return pe.CaptureRefused(what="face", reason=event.reason)
        case ev.LineRendered():
            return pe.LineMeasured(line=event.line, seconds=event.samples / VOICE_HZ)
        case _:
            return None


def events_of(order: pe.Order, opened: ev.SessionOpened) -> Iterator[ev.Event]:
    """The events an order consists of; none for orders that are more than events."""
    match order:
        case pe.PrepareLines():
            for ahead in order.lines:
                yield _line_ahead(ahead, opened)
        case pe.StartCapture(what="voice"):
            yield ev.CaptureVoice(is_on=True, min_speech_s=order.min_speech_s, max_speech_s=order.max_speech_s)
        case pe.StopCapture(what="voice"):
            yield ev.CaptureVoice(is_on=False)
        case pe.Show():
            yield ev.MirrorShown(is_shown=order.is_shown, is_veiled=order.is_veiled)
        case _:
            pass


def _line_ahead(ahead: pe.Ahead, opened: ev.SessionOpened) -> ev.LineAhead:
    due_at = 0.0 if ahead.due is None else opened.at + ahead.due
    return ev.LineAhead(line=ahead.line, text=ahead.text, language=opened.language, voice=ahead.voice, due_at=due_at)
