"""Letting turns out to the loudspeaker, one at a time, and ending them: by their length, by a barge-in, by the play. Pure."""

from services.session.config import TurnConfig
from services.session.effects import Effect, Inform
from services.session.floor import Floor, Verdict
from services.session.ledger import Ledger
from services.session.making import Making
from services.session.play_events import LineDone, ReplyDone
from services.session.presenter import Presenter
from services.session.speech import Speech
from shared import events as ev
from shared.kiosk_wire import Played

APPOINTMENT_LEAD_S = 1.0
"""A line with an appointed time is handed to the kiosk this long before it."""

LAST_WORD_S = 2.0
"""A visit whose time is up ends at most so much later, if its last line is still sounding: something had delayed it."""


class Playout:
    """Who has the floor, and what sounds. Times are host clock seconds. Collects effects in `out`."""

    def __init__(self, config: TurnConfig, out: list[Effect], making: Making, ledger: Ledger) -> None:
        self._config = config
        self._out = out
        self._making = making
        self._ledger = ledger
        self.floor = Floor(config)
        self.presenter = Presenter(config, out)
        self._finish_by = 0.0
        """Host clock, seconds; 0: the visit goes on."""

    # --- sound comes ------------------------------------------------------------------------------------------------

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
        if event.samples:
            self._sound(speech, now)
        elif speech is not self.presenter.current:  # what there is of that one is out: it ends by its schedule
            self._making.fail(speech)

    def _find(self, event: ev.Event) -> Speech | None:
        current = self.presenter.current
        if current and (current.turn, current.rev) == (event.turn, event.rev):
            return current
        return self._making.find(event)

    def _sound(self, speech: Speech, now: float) -> None:
        if speech is self.presenter.current:
            self.presenter.more(speech, now)
        else:
            self.release(now)

    # --- turns go out -----------------------------------------------------------------------------------------------

    def release(self, now: float) -> None:
        """Let the next turn out, if there is one with sound, somebody to hear it, and the floor is free."""
        if self.presenter.is_sounding or self.presenter.is_away:
            return
        for speech in self._making.in_order():
            if speech is None or not speech.chunks or not self._may_sound(speech, now):
                continue
            self.presenter.release(speech, now)
            self._making.let_go(speech)
            self.presenter.more(speech, now)
            return

    def _may_sound(self, speech: Speech, now: float) -> bool:
        if speech.kind == "reply":
            return speech.is_committed and not self.floor.visitor_speaking
        if speech.kind == "filler":
            return not self.floor.visitor_speaking and self._making.guesses.reply is not None
        if speech.starts_at:
            return now >= speech.starts_at - APPOINTMENT_LEAD_S
        if now < self.presenter.ended_at + self._config.between_lines_s:
            return False
        return not self.floor.visitor_speaking or now - speech.times.asked_at >= self._config.floor_wait_s

    # --- turns end --------------------------------------------------------------------------------------------------

    def played(self, message: Played, now: float) -> None:
        """The kiosk's truth about the loudspeaker."""
        if self.presenter.played(message):
            self._finish(now, was_cut=False)

    def kiosk_went(self) -> None:
        """Nobody hears what is sent now: no turn is let out, and none is over, until it is back."""
        self.presenter.is_away = True

    def kiosk_came(self, turn: int, sample: int, now: float) -> None:
        """It is there (again), and has sounded `turn` up to `sample`."""
        if self.presenter.take_up(turn, sample, now):
            self._finish(now, was_cut=False)
        self.release(now)

    def go_on_with(self, speech: Speech) -> None:
        """A service before us had let this turn out; the kiosk, once it is back, says how far it has come."""
        self.presenter.current = speech
        self.kiosk_went()

    def cut(self, reason: str, now: float) -> None:
        """End the mirror's turn here, and everything that was on its way."""
        self._finish(now, was_cut=True)
        self._making.advance_epoch(reason)

    def let_finish(self, now: float) -> bool:
        """The visit is over: whether a line is out, or has its sound and waits; it may come to its end."""
        current, line = self.presenter.current, self._making.line
        is_line = current.kind == "line" if current else line is not None and bool(line.chunks)
        if is_line:
            self._finish_by = now + LAST_WORD_S
        return is_line

    @property
    def is_finishing(self) -> bool:
        """A line was allowed to come to its end, and has not."""
        return bool(self._finish_by) and (self.presenter.is_sounding or self._making.line is not None)

    def _finish(self, now: float, *, was_cut: bool) -> None:
        self.floor.clear()
        speech = self.presenter.current
        if speech is None:
            return
        heard = self.presenter.finish(now, was_cut=was_cut)
        self._ledger.note(ev.TurnHeard(turn=speech.turn, at=now, visitor_said="", mirror_said=heard, was_cut=was_cut))
        if speech.kind == "line":
            self._out.append(Inform(LineDone(line=speech.line, was_cut=was_cut, said=heard if was_cut else "")))
        elif speech.kind == "reply":
            self._out.append(Inform(ReplyDone(said=heard, was_cut=was_cut)))

    # --- overlap ----------------------------------------------------------------------------------------------------

    def overlap(self, now: float) -> None:
        """A sound from the visitor over the mirror: duck, and see whether words come."""
        self.floor.overlap(now)
        self.presenter.duck()

    def end_overlap(self, now: float) -> None:
        """It was nothing: go on where we were."""
        if self.floor.ducked_at:
            self.floor.clear()
            self.presenter.resume(now)

    def tick(self, now: float) -> None:
        """Time passed: overlaps are decided, and a turn ends that is long over by its schedule, or whose rest does not come."""
        match self.floor.decide(now):
            case Verdict.PAUSE:
                self.presenter.hold(now)
            case Verdict.RESUME:
                self.end_overlap(now)
            case Verdict.NOTHING:
                pass
        if self.presenter.is_overdue(now):
            self._finish(now, was_cut=False)
        if self.presenter.is_broken_off(now):
            self.cut("broken_off", now)
        if self._finish_by and now >= self._finish_by:
            self.cut("end", now)
