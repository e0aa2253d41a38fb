"""The play and the turns put together: events in, effects out. No I/O, no clock: `now` is the host clock in seconds."""

import msgspec

from services.session import director
from services.session import play_events as pe
from services.session.config import SessionConfig
from services.session.director_state import View
from services.session.effects import Inform, Publish, Send
from services.session.numbering import Numbering
from services.session.play import Play
from services.session.speech import Speech
from services.session.standing import Standing
from services.session.translation import events_of, told_by
from services.session.turns import Turns
from shared import events as ev
from shared import kiosk_wire as wire
from shared.freshness import TURN_STREAMS

DIRECTOR_TICK_S = 0.1
"""The director is told of the time this often; what changes its state is logged."""

_TOLD_ENCODER = msgspec.msgpack.Encoder()
_TOLD_DECODER: msgspec.msgpack.Decoder[pe.AnyTold] = msgspec.msgpack.Decoder(pe.AnyTold)


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
        self.opened = opened
        self._config = config
        self._numbering = numbering
        self._state = director.open_play(play, opened.language)
        self._coda_ends = {scene.ends for scene in play.scenes if scene.kind == "coda"}
        self.turns = Turns(
            config.turns, opened.language, lambda now: director.brief(self._state, self._since(now)),
            last_turn=turn, epoch=epoch,
        )  # fmt: skip
        self._out: list[Publish | Send] = []
        self.standing = Standing(play, opened)
        self._subtitle = ""
        self._ticked_at = 0.0

    @property
    def ended(self) -> str:
        """Why the visit is over; empty while it goes on, and while its last word still sounds."""
        return "" if self.turns.is_finishing else self.standing.ended

    def _since(self, now: float) -> float:
        return now - self.opened.at

    def take(self) -> list[Publish | Send]:
        """What must be published and sent, in order; events have their ids."""
        taken, self._out = self._out, []
        return taken

    def view(self) -> View:
        """For the operator's page."""
        return director.view(self._state)

    # --- inputs -----------------------------------------------------------------------------------------------------

    def begin(self, now: float) -> None:
        """The visitor stands before the mirror."""
        self.told(pe.VisitBegan(language=self.opened.language), now)

    def told(self, told: pe.Told, now: float) -> None:
        """Something the play alone is concerned with: the operator's wish, a stage that is away, nobody there."""
        self._tell(told, now)
        self._settle(now)

    def hear(self, event: ev.AnyEvent, now: float) -> None:
        """An event of one of the stages' streams."""
        if isinstance(event, ev.FinalTranscript) and self._config.subtitles:
            self._out.append(Send(wire.Subtitle(speaker="visitor", text=event.text)))
        if not self.turns.take(event, now) and (told := told_by(event)):
            self._tell(told, now)
        self._settle(now)

    def kiosk(self, message: wire.Up, now: float) -> None:
        """What the kiosk says, besides sound."""
        match message:
            case wire.Played():
                self.turns.playout.played(message, now)
            case wire.Camera():
                frame = ev.CameraFrame(
                    turn=message.burst, seq=message.index + 1, jpeg=message.jpeg, is_last=message.is_last
                )
                self._out.append(Publish(frame))
            case wire.Leave():
                self._tell(pe.VisitorLeft(), now)
            case wire.Trouble() if self.standing.wants_face and message.what == "no_camera":
                self._tell(pe.CaptureRefused(what="face", reason="no_camera"), now)
            case _:
                pass
        self._settle(now)

    def tick(self, now: float) -> None:
        """Time passed."""
        if now - self._ticked_at >= DIRECTOR_TICK_S:
            self._ticked_at = now
            self._tell(pe.Tick(), now)
        self.turns.tick(now)
        self._show_subtitle(now)
        self._settle(now)

    def disconnected(self, now: float) -> None:
        """The kiosk's connection broke."""
        self.turns.playout.kiosk_went()
        self._settle(now)

    def reconnected(self, turn: int, sample: int, now: float) -> None:
        """The kiosk is back after an interruption: show it where we are, and go on speaking behind what it has sounded."""
        self._out += [Send(self.standing.scene), Send(self.standing.line)]
        self.turns.kiosk_came(turn, sample, now)
        if self.standing.wants_face:
            self.standing.burst += 1
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
        self.standing.note_told(told)
        for order in orders:
            self.standing.note_order(order)
            self._carry_out(order, now)

    def _carry_out(self, order: pe.Order, now: float) -> None:
        match order:
            case pe.EnterScene():
                self.turns.enter(order, now)
                self._out.append(Send(self.standing.scene))
            case pe.SayLine():
                starts_at = self.opened.at + order.starts_at if order.starts_at else 0.0
                self.turns.say(msgspec.structs.replace(order, starts_at=starts_at), now)
            case pe.Answer():
                self.turns.answer(order.utterance, now)
            case pe.CancelReply():
                self.turns.cancel_reply(now)
            case pe.ShowLine():
                self._out.append(Send(self.standing.line))
            case pe.StartCapture(what="face"):
                self._capture_face()
            case pe.EndVisit():
                self._stop(now)
            case _:
                for event in events_of(order, self.opened):
                    self._publish(event)

    def _stop(self, now: float) -> None:
        """Where the play's own end has come, the last word may sound; where somebody went or ended it, nothing."""
        self.turns.stop(now, at_once=self.standing.ended not in self._coda_ends)

    def _capture_face(self) -> None:
        capture = wire.Capture(
            burst=self.standing.burst, frames=self._config.capture_frames, seconds=self._config.capture_s
        )
        self._out.append(Send(capture))

    def _show_subtitle(self, now: float) -> None:
        if not self._config.subtitles:
            return
        text = self.turns.playout.presenter.clause_at(now)
        if text != self._subtitle:
            self._subtitle = text
            self._out.append(Send(wire.Subtitle(speaker="mirror", text=text)))

    # --- after a restart --------------------------------------------------------------------------------------------

    def recover(
        self, log: list[ev.PlayTold], heard: list[ev.TurnHeard], left_sounding: Speech | None, now: float
    ) -> None:
        """Go on with a visit that another process began: replay what the director was told, then take up what was open."""
        for turn in heard:
            self.turns.ledger.note(turn)
        for entry in log:
            told = _TOLD_DECODER.decode(entry.told)
            self._state, orders = director.step(self._state, told, entry.now)
            self.standing.note_told(told)
            for order in orders:
                self.standing.note_order(order)
        self.standing.burst = self._numbering.last_burst
        # A line that the play gave up is never told to be over, and must not be said minutes later for that.
        stands = [one for one in self.standing.go_on_with(left_sounding) if director.waits_for(self._state, one.line)]
        is_lost = self.standing.is_unanswered and not (left_sounding and left_sounding.kind == "reply")
        self.turns.recover(left_sounding, is_listening=self.standing.is_listening)
        self._out.append(Send(self.standing.scene))
        if self.standing.ended:
            self._stop(now)
        for order in stands:
            self.standing.note_order(order)
            self._carry_out(order, now)
        self._tell(pe.TakenUp(), now)
        if is_lost:
            self._tell(pe.ReplyDone(said="", was_cut=True), now)
        self._settle(now)
