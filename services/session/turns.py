"""Turn-taking: what the visitor says (`hearing`), what the mirror is about to say (`making`), what sounds (`playout`).

Pure: no clock, no I/O. Every method takes `now` (host clock, seconds) and leaves what must be done in `effects`, in order.
"""

from collections.abc import Callable
from typing import Any

from services.session.config import TurnConfig
from services.session.effects import Effect, Inform, Publish
from services.session.hearing import Hearing
from services.session.ledger import Ledger
from services.session.making import Making
from services.session.play_events import Brief, EnterScene, ReplyDone, SayLine
from services.session.playout import Playout
from services.session.speech import Speech
from shared import events as ev


class Turns:
    """One visit's turn-taking."""

    def __init__(
        self, config: TurnConfig, language: str, brief: Callable[[float], Brief], *, last_turn: int = 0, epoch: int = 0
    ) -> None:
        self._language = language
        self._effects: list[Effect] = []
        self.ledger = Ledger()
        self._making = Making(config, language, self._effects, brief, last_turn=last_turn, epoch=epoch)
        self.playout = Playout(config, self._effects, self._making, self.ledger)
        self.hearing = Hearing(config, self._effects, self._making, self.playout, self.ledger)
        self._unanswered = 0
        """Utterance whose answer was ordered while the mirror was speaking; 0: none."""
        self._takes: dict[type[ev.Event], Callable[[Any, float], None]] = {
            ev.SpeechStarted: self.hearing.started,
            ev.SpeechPaused: self.hearing.paused,
            ev.SpeechResumed: self.hearing.resumed,
            ev.UtteranceDropped: self.hearing.dropped,
            ev.PartialTranscript: self.hearing.partial,
            ev.GuessTranscript: self.hearing.guess,
            ev.FinalTranscript: self.hearing.final,
            ev.SignalHeard: self.hearing.signal,
            ev.ReplyClause: self._making.clause,
            ev.ReplyEnded: self._making.reply_ended,
            ev.StageFailed: self._making.stage_failed,
            ev.SpeechChunk: self.playout.chunk,
            ev.SpeechEnded: self.playout.speech_ended,
        }

    @property
    def epoch(self) -> int:
        """All work of an older one is void."""
        return self._making.epoch

    @property
    def is_sounding(self) -> bool:
        """Whether a turn of the mirror is out at the kiosk."""
        return self.playout.presenter.is_sounding

    @property
    def is_visitor_speaking(self) -> bool:
        """By voice activity."""
        return self.playout.floor.visitor_speaking

    def drain(self) -> list[Effect]:
        """Take what must be done."""
        effects = self._effects[:]
        self._effects.clear()
        return effects

    def take(self, event: ev.Event, now: float) -> bool:
        """An event of a stage; False if it does not concern turn-taking."""
        take = self._takes.get(type(event))
        if take:
            take(event, now)
        return take is not None

    # --- what the director orders -----------------------------------------------------------------------------------

    def say(self, order: SayLine, now: float) -> None:
        """A line of the play, after those ordered before it."""
        self._making.lines.append(order)
        self._next_line(now)

    def _next_line(self, now: float) -> None:
        current = self.playout.presenter.current
        if current is None:
            self._making.next_line(now, self.hearing.ended_at)
        elif current.kind == "reply":
            self._making.next_line(now, 0.0)

    def answer(self, utterance: int, now: float) -> None:
        """Let the reply to an utterance out as soon as it sounds."""
        final, making = self.hearing.last, self._making
        brief = making.brief(now)
        if final is None or final.turn != utterance or not brief.wants_reply:
            self._effects.append(Inform(ReplyDone(said="", failed=True)))
            return
        if self.is_sounding:
            self._unanswered = utterance
            return
        said = making.guesses.reply.visitor_said if making.guesses.reply else final.text
        reply = making.guesses.ask(utterance, said, brief, self.ledger.history(), now, is_guess=False)
        if reply:
            if not reply.times.final_at:
                reply.answers(final, now)
            making.guesses.commit()
            self.playout.release(now)

    def cancel_reply(self, now: float) -> None:
        """Drop a reply that is being made or spoken."""
        current = self.playout.presenter.current
        if current and current.kind == "reply":
            self.playout.cut("scene", now)
        else:
            self._making.guesses.drop()
        self._unanswered = 0

    def enter(self, order: EnterScene, now: float) -> None:
        """A scene begins: what was meant for the one before is void."""
        self.hearing.is_listening = order.is_listening
        if not self.is_sounding:
            self._making.guesses.drop()
        self._effects += [
            Publish(ev.SceneEntered(scene=order.scene, language=self._language, expects=order.expects)),
            Publish(ev.Attention(mood=order.mood)),
            self.hearing.shown(),
        ]

    @property
    def is_finishing(self) -> bool:
        """The visit is over but for its last word."""
        return self.playout.is_finishing

    def stop(self, now: float, *, at_once: bool) -> None:
        """The visit is over: silence, behind the line that is sounding or about to, unless it is to be at once."""
        self._making.lines.clear()
        self.hearing.is_listening = False
        if at_once or not self.playout.let_finish(now):
            self.playout.cut("end", now)

    def recover(self, left_sounding: Speech | None, *, is_listening: bool) -> None:
        """Another process had this visit: the turn it had let out goes on, or else all is void."""
        if left_sounding:
            self.playout.go_on_with(left_sounding)
        else:
            self._making.advance_epoch("reset")
        self.hearing.is_listening = is_listening

    def kiosk_came(self, turn: int, sample: int, now: float) -> None:
        """The kiosk is there (again), and has sounded `turn` up to `sample`."""
        self._effects.append(self.hearing.shown())
        self.playout.kiosk_came(turn, sample, now)

    # --- the clock --------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Time passed: overlaps are decided, deadlines kept, the next turn let out."""
        self.playout.tick(now)
        if self._unanswered and not self.is_sounding:
            utterance, self._unanswered = self._unanswered, 0
            self.answer(utterance, now)
        self._making.keep_deadlines(now, is_sounding=self.is_sounding)
        self._next_line(now)
        self.playout.release(now)
