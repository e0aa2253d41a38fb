"""The visitor's side of the conversation: who speaks, whose words these are, what they begin and what they end. Pure."""

from services.session.config import TurnConfig
from services.session.echo import is_echo
from services.session.effects import Effect, Inform, Publish, Send
from services.session.ledger import Ledger
from services.session.making import Making
from services.session.play_events import SignalGiven, UtteranceHeard, VisitorSpeaking
from services.session.playout import Playout
from services.session.speech import Speech
from services.session.words import says_something, without_prefix
from shared import events as ev
from shared.kiosk_wire import Listening


class Hearing:
    """What asr understood and what llm read in it. Times are host clock seconds. Collects effects in `out`."""

    def __init__(self, config: TurnConfig, out: list[Effect], making: Making, playout: Playout, ledger: Ledger) -> None:
        self._config = config
        self._out = out
        self._making = making
        self._playout = playout
        self._floor = playout.floor
        self._ledger = ledger
        self.is_listening = False
        """What the visitor says is for the play."""
        self.ended_at = 0.0
        """When the visitor last stopped speaking."""
        self.last: ev.FinalTranscript | None = None
        self._signals: dict[int, ev.SignalHeard] = {}
        """Per utterance: the newest signal, until its final transcript is there."""
        self._told: set[int] = set()
        """Utterances the director has heard of."""

    # --- voice activity ---------------------------------------------------------------------------------------------

    def started(self, event: ev.SpeechStarted, now: float) -> None:
        """A sound from the visitor: listen; if the mirror is speaking, duck."""
        self._voice_activity(now, is_speaking=True)
        current = self._playout.presenter.current
        if current and self.is_listening and current.may_be_cut:
            self._playout.overlap(now)

    def paused(self, event: ev.SpeechPaused, now: float) -> None:
        """Perhaps the end: draw breath, so that the visitor sees they were heard."""
        self.ended_at = event.ended_at
        self._voice_activity(now, is_speaking=False)
        if not self._playout.presenter.is_sounding and self.is_listening:
            self._out.append(Publish(ev.Attention(mood="thinking")))

    def resumed(self, event: ev.SpeechResumed, now: float) -> None:
        """The same utterance goes on. The guess stays until its words change."""
        self._voice_activity(now, is_speaking=True)

    def dropped(self, event: ev.UtteranceDropped, now: float) -> None:
        """It was a cough, or noise: the mirror goes on."""
        self._voice_activity(now, is_speaking=False)
        self._playout.end_overlap(now)
        reply = self._making.guesses.reply
        if reply and reply.utterance == event.turn:
            self._making.guesses.drop()

    def _voice_activity(self, now: float, *, is_speaking: bool) -> None:
        if self._floor.visitor_speaking != is_speaking:
            self._floor.visitor(is_speaking=is_speaking, now=now)
            self._out += [
                Publish(ev.VisitorSpeaking(is_speaking=is_speaking)),
                Inform(VisitorSpeaking(is_speaking=is_speaking)),
                self.shown(),
            ]

    def shown(self) -> Send:
        """What the kiosk shows of our listening."""
        return Send(Listening(is_open=self.is_listening, hears_speech=self._floor.visitor_speaking))

    # --- words ------------------------------------------------------------------------------------------------------

    def partial(self, event: ev.PartialTranscript, now: float) -> None:
        """Words so far: enough to know that somebody is talking over the mirror."""
        self._are_for_us(f"{event.stable} {event.tail}", now)

    def guess(self, event: ev.GuessTranscript, now: float) -> None:
        """The utterance may be over: begin a reply that nobody hears yet."""
        if not self._are_for_us(event.text, now):
            return
        if self.is_listening and not self._playout.presenter.is_sounding and self._making.line is None:
            said = self._beyond_joined(event.turn, event.text)
            self._ask(event.turn, said, now, is_guess=True)

    def final(self, event: ev.FinalTranscript, now: float) -> None:
        """The utterance is over. The director hears of it and may order an answer."""
        self._voice_activity(now, is_speaking=False)
        if not self._are_for_us(event.text, now) or not self.is_listening:
            self._playout.end_overlap(now)
            return
        said = self._joined(event)
        self.last, self.ended_at = event, event.ended_at
        self._told.add(event.turn)
        self._out.append(Inform(UtteranceHeard(utterance=event.turn, text=said, speech_s=event.speech_s)))
        reply = None
        if not self._playout.presenter.is_sounding:
            reply = self._ask(event.turn, said, now, is_guess=False)
        if reply:
            reply.answers(event, now)
        self._enter(event, said, reply, now)
        if signal := self._signals.pop(event.turn, None):
            self._tell(signal)

    def _are_for_us(self, text: str, now: float) -> bool:
        """Whether these are the visitor's words. If the mirror is speaking, they end its turn: a barge-in."""
        if not says_something(text):
            return False
        current = self._playout.presenter.current
        since = now - self._config.echo_window_s
        sounding = current.heard_text(current.heard_samples(now)) if current else ""
        if is_echo(text, f"{self._ledger.lately_played(since)} {sounding}"):
            return False
        if current and self._floor.ducked_at and current.may_be_cut and self.is_listening:
            self._playout.cut("barge_in", now)
        # Words of an utterance that began before the mirror took the floor do not take it back: the play could not wait.
        return current is None or current.may_be_cut

    def _ask(self, utterance: int, said: str, now: float, *, is_guess: bool) -> Speech | None:
        making = self._making
        return making.guesses.ask(utterance, said, making.brief(now), self._ledger.history(), now, is_guess=is_guess)

    def _enter(self, event: ev.FinalTranscript, said: str, reply: Speech | None, now: float) -> None:
        """The visitor's words go into the ledger when they are final, the mirror's when they have sounded."""
        heard = ev.TurnHeard(
            turn=reply.turn - 1 if reply else self._making.last_turn,
            at=now,
            utterance=event.turn,
            visitor_said=said,
            mirror_said="",
            joins=event.joins if said == event.text else 0,
        )
        self._ledger.note(heard)
        self._out.append(Publish(heard))

    # --- turn resume ------------------------------------------------------------------------------------------------

    def _beyond_joined(self, utterance: int, text: str) -> str:
        """A guess that continues the utterance before begins with its words: only what was not answered aloud is new."""
        if self.last is None or utterance != self.last.turn + 1 or self._making.guesses.is_unheard(self.last.turn):
            return text
        return without_prefix(text, self.last.text) or text

    def _joined(self, event: ev.FinalTranscript) -> str:
        """What is new in an utterance that continues the one before: all of it, if that was not answered aloud yet."""
        if not event.joins or self.last is None or self.last.turn != event.joins:
            return event.text
        if self._making.guesses.is_unheard(event.joins):
            return event.text
        return without_prefix(event.text, self.last.text) or event.text

    # --- what it meant ----------------------------------------------------------------------------------------------

    def signal(self, event: ev.SignalHeard, now: float) -> None:
        """What an utterance meant; told once its words are final, for the words that are final."""
        reply = self._making.guesses.reply
        if reply and (event.turn, event.rev) != (reply.turn, reply.rev):
            return
        if event.utterance in self._told:
            self._tell(event)
        else:
            self._signals[event.utterance] = event

    def _tell(self, event: ev.SignalHeard) -> None:
        told = SignalGiven(utterance=event.utterance, name=event.name, captured=event.captured, other=event.other)
        self._out.append(Inform(told))
