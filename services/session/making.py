"""What the mirror is about to say: a reply, a line of the play, a filler before the reply; all of one epoch. Pure."""

from collections import deque
from collections.abc import Callable

from services.session.config import TurnConfig
from services.session.effects import Effect, Inform, Publish
from services.session.guess import Guesses, discard
from services.session.play_events import Brief, LineDone, ReplyDone, SayLine
from services.session.speech import Speech
from shared import events as ev

TURN_STEP = 2
"""Turns are numbered in steps of two: the number before a reply's is kept free for a filler that must come first."""


class Making:
    """At most one reply, one line and one filler are on their way. Collects effects in `out`."""

    def __init__(
        self,
        config: TurnConfig,
        language: str,
        out: list[Effect],
        brief: Callable[[float], Brief],
        *,
        last_turn: int,
        epoch: int,
    ) -> None:
        self._config = config
        self._language = language
        self._out = out
        self.brief = brief
        """What a reply begun now should know."""
        self.last_turn = last_turn
        self.epoch = epoch
        self.guesses = Guesses(config.max_guesses, language, out, self._new_turn)
        self.lines: deque[SayLine] = deque()
        """Lines of the play that were ordered and not yet asked for."""
        self.line: Speech | None = None
        self._filler: Speech | None = None

    def _new_turn(self) -> int:
        self.last_turn += TURN_STEP
        return self.last_turn

    def in_order(self) -> tuple[Speech | None, Speech | None, Speech | None]:
        """What is on its way, in the order in which it is let out."""
        return self._filler, self.guesses.reply, self.line

    def find(self, event: ev.Event) -> Speech | None:
        """The speech on its way that an event belongs to."""
        for speech in self.in_order():
            if speech and (speech.turn, speech.rev) == (event.turn, event.rev):
                return speech
        return None

    # --- what llm and tts say ---------------------------------------------------------------------------------------

    def clause(self, event: ev.ReplyClause, now: float) -> None:
        """The first words of a reply."""
        speech = self.find(event)
        if speech and not speech.times.clause_at:
            speech.times.clause_at, speech.times.llm_s = now, event.engine_s

    def reply_ended(self, event: ev.ReplyEnded, now: float) -> None:
        """A reply without a word is a failure the play covers for."""
        reply = self.find(event)
        if reply and event.clauses == 0 and self.guesses.asked_for_words and reply.is_committed:
            self.fail(reply)

    def stage_failed(self, event: ev.StageFailed, now: float) -> None:
        """A stage gave up on an event of a turn: the play covers for it at once instead of at the deadline."""
        for speech in (self.guesses.reply, self.line):
            if speech and event.stage in ("llm", "tts") and speech.turn == event.failed_turn and not speech.chunks:
                self.fail(speech)

    def fail(self, speech: Speech) -> None:
        """A turn that will never sound."""
        if speech is self.line:
            self._out.append(
                discard(speech)
            )  # a voice that is away has much to catch up with when it is back: not with this
            self.line = None
            self._out.append(Inform(LineDone(line=speech.line, failed=True)))
        elif speech is self._filler:
            self._filler = None
        elif speech is self.guesses.reply and speech.is_committed:
            self.guesses.drop()
            self._out.append(Inform(ReplyDone(said="", failed=True)))

    def keep_deadlines(self, now: float, *, is_sounding: bool) -> None:
        """What gives no sound in time is given up; before that, a filler covers for a reply."""
        reply = self.guesses.reply
        if reply and reply.is_committed and not reply.chunks:
            late_s = now - max(reply.times.final_at, reply.times.asked_at)
            if late_s > self._config.thinking_deadline_s:
                self.fail(reply)
            elif not is_sounding and now - reply.times.visitor_ended_at > self._config.filler_after_s:
                self._fill(reply, now)
        if self.line and not self.line.chunks and now - self.line.times.asked_at > self._config.thinking_deadline_s:
            self.fail(self.line)

    # --- asking for it ----------------------------------------------------------------------------------------------

    def _fill(self, reply: Speech, now: float) -> None:
        """A sound, not yet an answer; at most one a reply."""
        filler = None if self._filler or reply.times.clause_at else self.brief(now).filler
        if filler is None:
            return
        line, text, voice = filler
        self._filler = Speech(turn=reply.turn - 1, kind="filler", line=line, is_committed=True)
        self._filler.times.asked_at = now
        self._want(self._filler, text, voice)

    def next_line(self, now: float, visitor_ended_at: float) -> None:
        """Ask for the next line of the play, unless one, or a reply, is on its way. `visitor_ended_at`: 0 if it answers nothing."""
        reply = self.guesses.reply
        if not self.lines or self.line or (reply and reply.is_committed):
            return
        self.guesses.drop()
        order = self.lines.popleft()
        self.line = Speech(
            turn=self._new_turn(),
            kind="line",
            line=order.line,
            may_be_cut=order.may_be_cut,
            starts_at=order.starts_at,
            is_committed=True,
        )
        self.line.times.asked_at = now
        self.line.times.visitor_ended_at = visitor_ended_at
        self._want(self.line, order.text, order.voice)

    def _want(self, speech: Speech, text: str, voice: str) -> None:
        wanted = ev.LineWanted(
            turn=speech.turn, seq=1, line=speech.line, text=text, language=self._language, voice=voice
        )
        self._out.append(Publish(wanted))

    # --- no longer on its way ---------------------------------------------------------------------------------------

    def let_go(self, speech: Speech) -> None:
        """It is out at the loudspeaker."""
        if speech is self.guesses.reply:
            self.guesses.forget()
            if self._filler:  # overtaken by what it was to bridge
                self._out.append(discard(self._filler))
            self._filler = None
        elif speech is self.line:
            self.line = None
        else:
            self._filler = None

    def advance_epoch(self, reason: str) -> None:
        """All of it is void: nobody waits for it any more."""
        self.epoch += 1
        self.guesses.forget()
        self._filler = None
        if self.line:
            self._out.append(Inform(LineDone(line=self.line.line, was_cut=True)))
            self.line = None
        self._out.append(Publish(ev.EpochAdvanced(epoch=self.epoch, reason=reason)))
