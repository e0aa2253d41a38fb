"""The play and the turns put together: events in, effects out. No I/O, no clock: `now` is the host clock in seconds."""

from collections.abc import Callable
from typing import Any

import msgspec

from services.session import director
from services.session import play_events as pe
from services.session.config import SessionConfig
from services.session.director_state import View
from services.session.effects import Inform, Publish, Send
from services.session.numbering import Numbering
from services.session.play import Play
from services.session.turns import Turns
from shared import events as ev
from shared import kiosk_wire as wire
from shared.audio import VOICE_HZ
from shared.freshness import TURN_STREAMS

DIRECTOR_TICK_S = 0.1
"""The director is told of the time this often; what changes its state is logged."""

_TOLD_ENCODER = msgspec.msgpack.Encoder()
_TOLD_DECODER: msgspec.msgpack.Decoder[pe.AnyTold] = msgspec.msgpack.Decoder(pe.AnyTold)

_TURN_INPUTS: dict[type[ev.Event], Callable[[Turns, Any, float], None]] = {
    ev.SpeechStarted: Turns.speech_started,
    ev.SpeechPaused: Turns.speech_paused,
    ev.SpeechResumed: Turns.speech_resumed,
    ev.UtteranceDropped: Turns.dropped,
    ev.PartialTranscript: Turns.partial,
    ev.GuessTranscript: Turns.guess,
    ev.FinalTranscript: Turns.final,
    ev.SignalHeard: Turns.signal,
    ev.ReplyClause: Turns.clause,
    ev.ReplyEnded: Turns.reply_ended,
    ev.SpeechChunk: Turns.chunk,
    ev.SpeechEnded: Turns.speech_ended,
    ev.StageFailed: Turns.stage_failed,
}
"""What the turn machine takes in; the rest concerns the enrolment."""


class Conductor:
    """One visit. Take what must be done with `take()` after every call."""

    def __init__(
        self,
        play: Play,
        opened: ev.SessionOpened,
        config: SessionConfig,
        *,
        numbering: Numbering,
        epoch: int,
        turn: int,
    ) -> None:
        self.play = play
        self.opened = opened
        self._config = config
        self._numbering = numbering
        self._state = director.open_play(play, opened.language)
        self.turns = Turns(
            config.turns, opened.language, lambda now: director.brief(self._state, self._since(now)),
            last_turn=turn, epoch=epoch,
        )  # fmt: skip
        self._out: list[Publish | Send] = []
        self.ended = ""
        """Why the visit is over; empty while it goes on."""
        self.scene = wire.Scene(look="dark", session=opened.session, language=opened.language)
        self._line = wire.Line(text="")
        self._burst = 0
        self._wanted_face = False
        self._unsaid: list[pe.SayLine] = []
        self._unanswered = False
        self._subtitle = ""
        self._ticked_at = 0.0

    def _since(self, now: float) -> float:
        return now - self.opened.at

    def take(self) -> list[Publish | Send]:
        """What must be published and sent, in order; events have their ids."""
        taken, self._out = self._out, []
        return taken

    def view(self, now: float) -> View:
        """For the operator's page."""
        return director.view(self._state, self._since(now))

    # --- inputs -----------------------------------------------------------------------------------------------------

    def begin(self, now: float) -> None:
        """The visitor stands before the mirror."""
        self._tell(pe.VisitBegan(language=self.opened.language), now)
        self._settle(now)

    def hear(self, event: ev.AnyEvent, now: float) -> None:
        """An event of one of the stages' streams."""
        if isinstance(event, ev.FinalTranscript) and self._config.subtitles:
            self._out.append(Send(wire.Subtitle(speaker="visitor", text=event.text)))
        if take_in := _TURN_INPUTS.get(type(event)):
            take_in(self.turns, event, now)
        else:
            self._enrolment(event, now)
        self._settle(now)

    def _enrolment(self, event: ev.AnyEvent, now: float) -> None:
        match event:
            case ev.VoiceReady():
                self._tell(pe.Captured(what="voice"), now)
            case ev.VoiceSampleRefused():
                self._tell(pe.CaptureRefused(what="voice", reason=event.reason), now)
            case ev.VoiceFailed():
                self._tell(pe.CaptureRefused(what="voice", reason="failed"), now)
            case ev.FaceReady():
                self._wanted_face = False
                self._tell(pe.Captured(what="face"), now)
            case ev.FaceRefused():
                self._wanted_face = False
                self._tell(pe.CaptureRefused(what="face", reason=event.reason), now)
            case ev.LineRendered():
                self._tell(pe.LineMeasured(line=event.line, seconds=event.samples / VOICE_HZ), now)
            case _:
                pass

    def kiosk(self, message: wire.Up, now: float) -> None:
        """What the kiosk says, besides sound."""
        match message:
            case wire.Played():
                self.turns.played(message, now)
            case wire.Camera():
                frame = ev.CameraFrame(
                    turn=message.burst, seq=message.index + 1, jpeg=message.jpeg, is_last=message.is_last
                )
                self._out.append(Publish(frame))
            case wire.Leave():
                self._tell(pe.VisitorLeft(), now)
            case wire.Trouble() if self._wanted_face and message.what == "no_camera":
                self._wanted_face = False
                self._tell(pe.CaptureRefused(what="face", reason="no_camera"), now)
            case _:
                pass
        self._settle(now)

    def operator(self, action: str, now: float) -> None:
        """The operator pressed something."""
        self._tell(pe.OperatorSaid(action=action), now)
        self._settle(now)

    def stage(self, stage: str, now: float, *, is_up: bool) -> None:
        """A stage went away or came back."""
        self._tell(pe.StageUp(stage=stage) if is_up else pe.StageDown(stage=stage), now)
        self._settle(now)

    def left(self, now: float) -> None:
        """Nobody is there any more."""
        self._tell(pe.VisitorLeft(), now)
        self._settle(now)

    def tick(self, now: float) -> None:
        """Time passed."""
        if now - self._ticked_at >= DIRECTOR_TICK_S:
            self._ticked_at = now
            self._tell(pe.Tick(), now)
        self.turns.tick(now)
        self._show_subtitle(now)
        self._settle(now)

    def reconnected(self, now: float) -> None:
        """The kiosk is back after an interruption: show it where we are, and go on speaking where it fell silent."""
        self._out += [Send(self.scene), Send(self._line)]
        self.turns.presenter.rewind(now)
        if self._wanted_face:
            self._capture_face()
        self._settle(now)

    # --- the director -----------------------------------------------------------------------------------------------

    def _settle(self, now: float) -> None:
        """Carry out effects until none are left; telling the director may make more."""
        while effects := self.turns.drain():
            for effect in effects:
                if isinstance(effect, Inform):
                    self._tell(effect.told, now)
                elif isinstance(effect, Publish):
                    self._publish(effect.event)
                else:
                    self._out.append(effect)

    def _publish(self, event: ev.Event) -> None:
        if event.stream in TURN_STREAMS:
            event = msgspec.structs.replace(event, epoch=self.turns.epoch)
        self._out.append(Publish(self._numbering.number(event)))

    def _tell(self, told: pe.Told, now: float) -> None:
        since = self._since(now)
        before = self._state
        self._state, orders = director.step(before, told, since)  # type: ignore[arg-type]
        # Told is the base of the union that the director takes
        if orders or self._state is not before:
            self._publish(ev.PlayTold(told=_TOLD_ENCODER.encode(told), now=since))
        self._note_told(told)
        for order in orders:
            self._carry_out(order, now)

    def _note_told(self, told: pe.Told) -> None:
        """What would have to be done again after a restart."""
        if isinstance(told, pe.LineDone):
            self._unsaid = [order for order in self._unsaid if order.line != told.line]
        elif isinstance(told, pe.ReplyDone):
            self._unanswered = False

    def _note_order(self, order: pe.Order) -> None:
        match order:
            case pe.SayLine():
                self._unsaid.append(order)
            case pe.Answer():
                self._unanswered = True
            case pe.EnterScene():
                self.scene = wire.Scene(
                    look=order.look,
                    session=self.opened.session,
                    scene=order.scene,
                    language=self.opened.language,
                    ends_at=self.opened.at + self.play.duration_s,
                )
            case pe.ShowLine():
                self._line = wire.Line(text=order.text)
            case pe.EndVisit():
                self.ended = order.reason
            case _:
                pass

    def _carry_out(self, order: pe.Order, now: float) -> None:
        self._note_order(order)
        match order:
            case pe.EnterScene():
                self.turns.enter(order, now)
                self._out.append(Send(self.scene))
            case pe.SayLine():
                starts_at = self.opened.at + order.starts_at if order.starts_at else 0.0
                self.turns.say(msgspec.structs.replace(order, starts_at=starts_at), now)
            case pe.Answer():
                self.turns.answer(order.utterance, now)
            case pe.CancelReply():
                self.turns.cancel_reply(now)
            case pe.ShowLine():
                self._out.append(Send(self._line))
            case pe.PrepareLines():
                for ahead in order.lines:
                    self._publish(self._line_ahead(ahead))
            case pe.EndVisit():
                self.turns.stop(now)
            case _:
                self._capture(order)

    def _line_ahead(self, ahead: pe.Ahead) -> ev.LineAhead:
        due_at = 0.0 if ahead.due is None else self.opened.at + ahead.due
        return ev.LineAhead(
            line=ahead.line, text=ahead.text, language=self.opened.language, voice=ahead.voice, due_at=due_at
        )

    def _capture(self, order: pe.Order) -> None:
        match order:
            case pe.StartCapture(what="face"):
                self._capture_face()
            case pe.StartCapture():
                self._publish(
                    ev.CaptureVoice(is_on=True, min_speech_s=order.min_speech_s, max_speech_s=order.max_speech_s)
                )
            case pe.StopCapture(what="voice"):
                self._publish(ev.CaptureVoice(is_on=False))
            case pe.StopCapture():
                self._wanted_face = False
            case pe.Show():
                self._publish(ev.MirrorShown(is_shown=order.is_shown, is_veiled=order.is_veiled))
            case _:
                raise TypeError(f"unknown order {type(order).__name__}")

    def _capture_face(self) -> None:
        self._burst += 1
        self._wanted_face = True
        capture = wire.Capture(burst=self._burst, frames=self._config.capture_frames, seconds=self._config.capture_s)
        self._out.append(Send(capture))

    def _show_subtitle(self, now: float) -> None:
        if not self._config.subtitles:
            return
        text = self.turns.presenter.clause_at(now)
        if text != self._subtitle:
            self._subtitle = text
            self._out.append(Send(wire.Subtitle(speaker="mirror", text=text)))

    # --- after a restart --------------------------------------------------------------------------------------------

    def recover(self, log: list[ev.PlayTold], heard: list[ev.TurnHeard], burst: int, now: float) -> None:
        """Go on with a visit that another process began: replay what the director was told, then take up what was open."""
        self._burst = burst
        for turn in heard:
            self.turns.ledger.note(turn)
        for entry in log:
            told = _TOLD_DECODER.decode(entry.told)
            self._state, orders = director.step(self._state, told, entry.now)
            self._note_told(told)
            for order in orders:
                self._note_order(order)
        open_lines, self._unsaid = self._unsaid, []
        self.turns.advance_epoch("reset")
        self.turns.listen(is_on=True)
        self._out.append(Send(self.scene))
        if self._unanswered:
            self._tell(pe.ReplyDone(said="", was_cut=True), now)
        for order in open_lines:
            self._carry_out(order, now)
        self._settle(now)
