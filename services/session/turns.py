"""The turn machine: what the visitor says, what the mirror is about to say, and who has the floor.

Pure: no clock, no I/O. Every method takes `now` (host clock, seconds) and leaves what must be done in `effects`, in order.
"""

from collections import deque
from collections.abc import Callable

from services.session.config import TurnConfig
from services.session.echo import is_echo
from services.session.effects import Effect, Inform, Publish, Send
from services.session.floor import Floor, Verdict
from services.session.guess import Guesses
from services.session.ledger import Ledger
from services.session.play_events import (
    Brief,
    EnterScene,
    LineDone,
    ReplyDone,
    SayLine,
    SignalGiven,
    UtteranceHeard,
    VisitorSpeaking,
)
from services.session.presenter import Presenter
from services.session.speech import Speech
from services.session.words import says_something, without_prefix
from shared import events as ev
from shared.kiosk_wire import Listening, Played

TURN_STEP = 2
"""Turns are numbered in steps of two: the number before a reply's is kept free for a filler that must come first."""

CANNOT_WAIT_S = 1.0
"""A line with an appointed time is handed to the kiosk this long before it."""


class Turns:
    """One visit's turn-taking."""

    def __init__(
        self, config: TurnConfig, language: str, brief: Callable[[float], Brief], *, last_turn: int = 0, epoch: int = 0
    ) -> None:
        self._config = config
        self._language = language
        self._brief = brief
        self.effects: list[Effect] = []
        self.epoch = epoch
        self._last_turn = last_turn
        self.floor = Floor(config)
        self.ledger = Ledger()
        self.presenter = Presenter(config, self.effects)
        self.guesses = Guesses(config.max_guesses, language, self.effects, self._new_turn)
        self._lines: deque[SayLine] = deque()
        self._line: Speech | None = None
        """A line that has been asked for and is not yet out."""
        self._filler: Speech | None = None
        self._is_listening = False
        self._ended_at = 0.0
        """When the visitor last stopped speaking."""
        self._final: ev.FinalTranscript | None = None
        self._signals: dict[int, ev.SignalHeard] = {}
        """Per utterance: the newest signal, until its final transcript is there."""
        self._finals_told: set[int] = set()
        self._unanswered = 0
        """Utterance whose answer was ordered while the mirror was speaking; 0: none."""

    def drain(self) -> list[Effect]:
        """Take what must be done."""
        effects = self.effects[:]
        self.effects.clear()
        return effects

    def _new_turn(self) -> int:
        self._last_turn += TURN_STEP
        return self._last_turn

    # --- what asr says ----------------------------------------------------------------------------------------------

    def speech_started(self, event: ev.SpeechStarted, now: float) -> None:
        """A sound from the visitor: listen; if the mirror is speaking, duck."""
        self._voice_activity(now, is_speaking=True)
        current = self.presenter.current
        if current and self._is_listening and current.may_be_cut:
            self.floor.overlap(now)
            self.presenter.duck()

    def speech_paused(self, event: ev.SpeechPaused, now: float) -> None:
        """Perhaps the end: draw breath, so that the visitor sees they were heard."""
        self._ended_at = event.ended_at
        self._voice_activity(now, is_speaking=False)
        if not self.presenter.is_sounding and self._is_listening:
            self.effects.append(Publish(ev.Attention(mood="thinking")))

    def speech_resumed(self, event: ev.SpeechResumed, now: float) -> None:
        """The same utterance goes on. The guess stays until its words change."""
        self._voice_activity(now, is_speaking=True)

    def _voice_activity(self, now: float, *, is_speaking: bool) -> None:
        if self.floor.visitor_speaking != is_speaking:
            self.floor.visitor(is_speaking=is_speaking, now=now)
            self.effects += [
                Publish(ev.VisitorSpeaking(is_speaking=is_speaking)),
                Inform(VisitorSpeaking(is_speaking=is_speaking)),
                Send(Listening(is_open=self._is_listening, hears_speech=is_speaking)),
            ]

    def dropped(self, event: ev.UtteranceDropped, now: float) -> None:
        """It was a cough, or noise: the mirror goes on."""
        self._voice_activity(now, is_speaking=False)
        self._end_overlap(now)
        if self.guesses.reply and self.guesses.reply.utterance == event.turn:
            self.guesses.drop()

    def partial(self, event: ev.PartialTranscript, now: float) -> None:
        """Words so far: enough to know that somebody is talking over the mirror."""
        self._words_over_the_mirror(f"{event.stable} {event.tail}", now)

    def guess(self, event: ev.GuessTranscript, now: float) -> None:
        """The utterance may be over: begin a reply that nobody hears yet."""
        if not self._words_over_the_mirror(event.text, now):
            return
        if self._is_listening and not self.presenter.is_sounding and self._line is None:
            said = self._beyond_joined(event.turn, event.text)
            self._ask(event.turn, said, now, is_guess=True)

    def final(self, event: ev.FinalTranscript, now: float) -> None:
        """The utterance is over. The director hears of it and may order an answer."""
        self._voice_activity(now, is_speaking=False)
        if not self._words_over_the_mirror(event.text, now) or not self._is_listening:
            self._end_overlap(now)
            return
        said = self._joined(event)
        self._final, self._ended_at = event, event.ended_at
        self._finals_told.add(event.turn)
        self.effects.append(Inform(UtteranceHeard(utterance=event.turn, text=said, speech_s=event.speech_s)))
        reply = None if self.presenter.is_sounding else self._ask(event.turn, said, now, is_guess=False)
        if reply:
            self._note_hearing(reply, event, now)
        self._enter(event, said, reply, now)
        if signal := self._signals.pop(event.turn, None):
            self._tell(signal)

    def _note_hearing(self, reply: Speech, event: ev.FinalTranscript, now: float) -> None:
        reply.times.visitor_ended_at = event.ended_at
        reply.times.final_at = now
        reply.times.waited_s = event.waited_s
        reply.times.asr_s = event.engine_s

    def _beyond_joined(self, utterance: int, text: str) -> str:
        """A guess that continues the utterance before begins with its words: only what was not answered aloud is new."""
        previous = self._final
        if previous is None or utterance != previous.turn + 1 or self._is_unheard():
            return text
        return without_prefix(text, previous.text) or text

    def _is_unheard(self) -> bool:
        """Whether nothing of the answer to the last utterance has left for the loudspeaker yet."""
        return self.guesses.reply is not None and not self.guesses.reply.is_released

    def _joined(self, event: ev.FinalTranscript) -> str:
        """What is new in an utterance that continues the one before: all of it, if that was not answered aloud yet."""
        previous = self._final
        if not event.joins or previous is None or previous.turn != event.joins:
            return event.text
        return event.text if self._is_unheard() else without_prefix(event.text, previous.text) or event.text

    def _words_over_the_mirror(self, text: str, now: float) -> bool:
        """Whether these are the visitor's words. If the mirror is speaking, they end its turn."""
        if not says_something(text):
            return False
        current = self.presenter.current
        since = now - self._config.echo_window_s
        sounding = current.heard_text(current.heard_samples(now)) if current else ""
        if is_echo(text, f"{self.ledger.lately_played(since)} {sounding}"):
            return False
        if current and self.floor.ducked_at and current.may_be_cut and self._is_listening:
            self._cut("barge_in", now)
        # Words of an utterance that began before the mirror took the floor do not take it back: the play could not wait.
        return current is None or current.may_be_cut

    def _ask(self, utterance: int, said: str, now: float, *, is_guess: bool) -> Speech | None:
        return self.guesses.ask(utterance, said, self._brief(now), self.ledger.history(), now, is_guess=is_guess)

    def _enter(self, event: ev.FinalTranscript, said: str, reply: Speech | None, now: float) -> None:
        """The visitor's words go into the ledger when they are final, the mirror's when they have sounded."""
        heard = ev.TurnHeard(
            turn=reply.turn - 1 if reply else self._last_turn,
            at=now,
            utterance=event.turn,
            visitor_said=said,
            mirror_said="",
            joins=event.joins if said == event.text else 0,
        )
        self.ledger.note(heard)
        self.effects.append(Publish(heard))

    # --- overlap ----------------------------------------------------------------------------------------------------

    def _end_overlap(self, now: float) -> None:
        if self.floor.ducked_at:
            self.floor.clear()
            self.presenter.resume(now)

    def _cut(self, reason: str, now: float) -> None:
        """End the mirror's turn here, and everything that was on its way."""
        speech = self.presenter.current
        self.floor.clear()
        if speech:
            self._finish(speech, now, was_cut=True)
        self.advance_epoch(reason)

    def advance_epoch(self, reason: str) -> None:
        """All older work is void."""
        self.epoch += 1
        self.guesses.forget()
        self._filler = None
        if self._line:
            self.effects.append(Inform(LineDone(line=self._line.line, was_cut=True)))
            self._line = None
        self.effects.append(Publish(ev.EpochAdvanced(epoch=self.epoch, reason=reason)))

    # --- what llm and tts say ---------------------------------------------------------------------------------------

    def signal(self, event: ev.SignalHeard, now: float) -> None:
        """What an utterance meant; told once its words are final, for the words that are final."""
        reply = self.guesses.reply
        if reply and (event.turn, event.rev) != (reply.turn, reply.rev):
            return
        if event.utterance in self._finals_told:
            self._tell(event)
        else:
            self._signals[event.utterance] = event

    def _tell(self, event: ev.SignalHeard) -> None:
        told = SignalGiven(utterance=event.utterance, name=event.name, captured=event.captured, other=event.other)
        self.effects.append(Inform(told))

    def clause(self, event: ev.ReplyClause, now: float) -> None:
        """The first words of a reply."""
        speech = self._find(event)
        if speech and not speech.times.clause_at:
            speech.times.clause_at, speech.times.llm_s = now, event.engine_s

    def reply_ended(self, event: ev.ReplyEnded, now: float) -> None:
        """A reply without a word is a failure the play covers for."""
        reply = self._find(event)
        if reply and event.clauses == 0 and self.guesses.asked_for_words and reply.is_committed:
            self._fail(reply)

    def chunk(self, event: ev.SpeechChunk, now: float) -> None:
        """Sound of a turn."""
        speech = self._find(event)
        if speech is None or not speech.take(event):
            return
        if not speech.times.chunk_at:
            speech.times.chunk_at, speech.times.tts_s = now, event.engine_s
            speech.is_rendered = event.is_rendered
        self._sound(speech, now)

    def speech_ended(self, event: ev.SpeechEnded, now: float) -> None:
        """All sound of a turn has been made."""
        speech = self._find(event)
        if speech is None:
            return
        speech.total = event.samples
        if event.samples == 0:
            self._fail(speech)
        else:
            self._sound(speech, now)

    def _sound(self, speech: Speech, now: float) -> None:
        if speech is self.presenter.current:
            self.presenter.more(speech, now)
        else:
            self._release(now)

    def _find(self, event: ev.Event) -> Speech | None:
        for speech in (self.presenter.current, self.guesses.reply, self._line, self._filler):
            if speech and (speech.turn, speech.rev) == (event.turn, event.rev):
                return speech
        return None

    def _fail(self, speech: Speech) -> None:
        """A turn that will never sound."""
        if speech is self.presenter.current:
            return  # what there is of it is out already; it ends by its schedule
        if speech is self._line:
            self._line = None
            self.effects.append(Inform(LineDone(line=speech.line, failed=True)))
        elif speech is self._filler:
            self._filler = None
        elif speech is self.guesses.reply and speech.is_committed:
            self.guesses.drop()
            self.effects.append(Inform(ReplyDone(said="", failed=True)))

    # --- letting turns out ------------------------------------------------------------------------------------------

    def _release(self, now: float) -> None:
        """Let the next turn out, if there is one with sound and the floor is free."""
        if self.presenter.is_sounding:
            return
        for speech in (self._filler, self.guesses.reply, self._line):
            if speech is None or not speech.chunks or not self._may_sound(speech, now):
                continue
            self.presenter.release(speech, now)
            self._let_go(speech)
            self.presenter.more(speech, now)
            return

    def _may_sound(self, speech: Speech, now: float) -> bool:
        if speech.kind == "reply":
            return speech.is_committed and not self.floor.visitor_speaking
        if speech.kind == "filler":
            return not self.floor.visitor_speaking and self.guesses.reply is not None
        if speech.starts_at:
            return now >= speech.starts_at - CANNOT_WAIT_S
        if now < self.presenter.ended_at + self._config.between_lines_s:
            return False
        return not self.floor.visitor_speaking or now - speech.times.asked_at >= self._config.floor_wait_s

    def _let_go(self, speech: Speech) -> None:
        if speech is self.guesses.reply:
            self.guesses.forget()
            self._filler = None
        elif speech is self._line:
            self._line = None
        else:
            self._filler = None

    def played(self, message: Played, now: float) -> None:
        """The kiosk's truth about the loudspeaker."""
        if self.presenter.played(message):
            self._finish(self.presenter.current, now, was_cut=False)

    def _finish(self, speech: Speech | None, now: float, *, was_cut: bool) -> None:
        if speech is None:
            return
        heard = self.presenter.finish(now, was_cut=was_cut)
        self.floor.clear()
        self.ledger.note(ev.TurnHeard(turn=speech.turn, at=now, visitor_said="", mirror_said=heard, was_cut=was_cut))
        if speech.kind == "line":
            self.effects.append(Inform(LineDone(line=speech.line, was_cut=was_cut)))
        elif speech.kind == "reply":
            self.effects.append(Inform(ReplyDone(said=heard, was_cut=was_cut)))

    # --- what the director orders -----------------------------------------------------------------------------------

    def say(self, order: SayLine, now: float) -> None:
        """A line of the play, after those ordered before it."""
        self._lines.append(order)
        self._next_line(now)

    def _next_line(self, now: float) -> None:
        if not self._lines or self._line or (self.presenter.current and self.presenter.current.kind != "reply"):
            return
        if self.guesses.reply and self.guesses.reply.is_committed:
            return
        self.guesses.drop()
        order = self._lines.popleft()
        self._line = Speech(
            turn=self._new_turn(),
            kind="line",
            line=order.line,
            may_be_cut=order.may_be_cut,
            starts_at=order.starts_at,
            is_committed=True,
        )
        self._line.times.asked_at = now
        self._line.times.visitor_ended_at = self._ended_at if not self.presenter.is_sounding else 0.0
        self._want(self._line, order.line, order.text, order.voice)

    def _want(self, speech: Speech, line: str, text: str, voice: str) -> None:
        self.effects.append(
            Publish(ev.LineWanted(turn=speech.turn, seq=1, line=line, text=text, language=self._language, voice=voice))
        )

    def answer(self, utterance: int, now: float) -> None:
        """Let the reply to an utterance out as soon as it sounds."""
        final, brief = self._final, self._brief(now)
        if final is None or final.turn != utterance or not brief.wants_reply:
            self.effects.append(Inform(ReplyDone(said="", failed=True)))
            return
        if self.presenter.is_sounding:
            self._unanswered = utterance
            return
        said = self.guesses.reply.visitor_said if self.guesses.reply else final.text
        reply = self.guesses.ask(utterance, said, brief, self.ledger.history(), now, is_guess=False)
        if reply:
            if not reply.times.final_at:
                self._note_hearing(reply, final, now)
            self.guesses.commit()
            self._release(now)

    def cancel_reply(self, now: float) -> None:
        """Drop a reply that is being made or spoken."""
        if self.presenter.current and self.presenter.current.kind == "reply":
            self._cut("scene", now)
        else:
            self.guesses.drop()
        self._unanswered = 0

    def enter(self, order: EnterScene, now: float) -> None:
        """A scene begins: what was meant for the one before is void."""
        self._is_listening = order.is_listening
        if not self.presenter.is_sounding:
            self.guesses.drop()
        self.effects += [
            Publish(ev.SceneEntered(scene=order.scene, language=self._language, expects=order.expects)),
            Publish(ev.Attention(mood=order.mood)),
            Send(Listening(is_open=order.is_listening, hears_speech=self.floor.visitor_speaking)),
        ]

    def listen(self, *, is_on: bool) -> None:
        """Whether what the visitor says is for the play."""
        self._is_listening = is_on

    def stage_failed(self, event: ev.StageFailed, now: float) -> None:
        """A stage gave up on an event of a turn: the play covers for it at once instead of at the deadline."""
        for speech in (self.guesses.reply, self._line):
            if speech and event.stage in ("llm", "tts") and speech.turn == event.failed_turn and not speech.chunks:
                self._fail(speech)

    def stop(self, now: float) -> None:
        """The visit is over: silence."""
        self._lines.clear()
        self._is_listening = False
        self._cut("end", now)

    # --- the clock --------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Time passed: overlaps are decided, deadlines kept, the next turn let out."""
        match self.floor.decide(now):
            case Verdict.PAUSE:
                self.presenter.hold(now)
            case Verdict.RESUME:
                self._end_overlap(now)
            case Verdict.NOTHING:
                pass
        if self.presenter.is_overdue(now):
            self._finish(self.presenter.current, now, was_cut=False)
        if self._unanswered and not self.presenter.is_sounding:
            utterance, self._unanswered = self._unanswered, 0
            self.answer(utterance, now)
        self._keep_deadlines(now)
        self._next_line(now)
        self._release(now)

    def _keep_deadlines(self, now: float) -> None:
        reply = self.guesses.reply
        if reply and reply.is_committed and not reply.chunks:
            late_s = now - max(reply.times.final_at, reply.times.asked_at)
            if late_s > self._config.thinking_deadline_s:
                self._fail(reply)
            elif now - reply.times.visitor_ended_at > self._config.filler_after_s:
                self._fill(reply, now)
        if self._line and not self._line.chunks and now - self._line.times.asked_at > self._config.thinking_deadline_s:
            self._fail(self._line)

    def _fill(self, reply: Speech, now: float) -> None:
        """A sound, not yet an answer; at most one a reply."""
        if self._filler or reply.times.clause_at or self.presenter.is_sounding:
            return
        chosen = self._brief(now).filler
        if chosen is None:
            return
        line, text, voice = chosen
        self._filler = Speech(turn=reply.turn - 1, kind="filler", line=line, is_committed=True)
        self._filler.times.asked_at = now
        self._want(self._filler, line, text, voice)
