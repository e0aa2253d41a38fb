"""A room on a virtual clock: loudspeaker, captures, a model and one invented visitor, around the real director. Pure."""

import heapq
from random import Random

import msgspec

from services.session import director
from services.session.play import Play
from services.session.play_clock import speech_s
from services.session.play_events import (
    Answer,
    AnyOrder,
    AnyTold,
    CancelReply,
    Captured,
    CaptureRefused,
    EndVisit,
    EnterScene,
    LineDone,
    LineMeasured,
    PrepareLines,
    ReplyDone,
    SayLine,
    StartCapture,
    StopCapture,
    Tick,
    UtteranceHeard,
    VisitBegan,
    VisitorLeft,
    VisitorSpeaking,
)
from services.session.play_loudspeaker import REPLY_LATENCY_S, Loudspeaker, Sound
from services.session.play_person import ENOUGH_VOICE_S, Person
from services.session.play_visitors import Visitor

TICK_S = 0.1
JUDGING_S = 1.5
"""From the end of a sample to the copy's use of it."""
FACE_S = 2.0
"""From the start of a burst to its verdict."""


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a visit's log: enough to play it again."""

    now: float
    told: AnyTold


class Room:
    """One simulated visit. After `play_visit`, the lists hold all that happened."""

    def __init__(self, play: Play, language: str, visitor: Visitor, random: Random, *, pace: float = 1.07) -> None:
        """`pace`: how long the voice takes for a line, as a multiple of the play's guess; no voice takes just that."""
        self.play = play
        self._pace = pace
        self.visitor = visitor
        self.state = director.open_play(play, language)
        self.log: list[Happening] = []
        self.orders: list[tuple[float, AnyOrder]] = []
        self.sounds: list[tuple[float, float, str]] = []
        """(begin, end, what) of everything that sounded: a line's id, `reply` or `visitor`."""
        self.now = 0.0
        self._language = language
        self._person = Person(visitor, random)
        self._loudspeaker = Loudspeaker(self._length_s)
        self._coming: list[tuple[float, int, AnyTold]] = []
        self._count = 0
        self._is_speaking = False
        self._speaks_until = 0.0
        self._spoken_since = True
        """The visitor has reacted to what the mirror said last."""
        self._utterances = 0
        self._gathered_s: float | None = None

    def play_visit(self) -> None:
        """From the first step before the mirror to the end."""
        self._tell(VisitBegan(language=self._language))
        while not self.state.ended and self.now < self.play.duration_s + 5.0:
            self.now = round(self.now + TICK_S, 3)
            while self._coming and self._coming[0][0] <= self.now and not self.state.ended:
                told = heapq.heappop(self._coming)[2]
                if isinstance(told, VisitorSpeaking):
                    self._is_speaking = told.is_speaking
                self._tell(told)
            if not self.state.ended:
                self._play_on()
                self._let_visitor_act()
                self._tell(Tick())

    def _tell(self, told: AnyTold) -> None:
        self.log.append(Happening(now=self.now, told=told))
        self.state, orders = director.step(self.state, told, self.now)
        for order in orders:
            self.orders.append((self.now, order))
            self._carry_out(order)

    def _soon(self, after_s: float, told: AnyTold) -> None:
        self._count += 1
        heapq.heappush(self._coming, (self.now + after_s, self._count, told))

    def _carry_out(self, order: AnyOrder) -> None:
        match order:
            case SayLine():
                self._loudspeaker.queue.append(order)
            case Answer():
                self._begin_reply(order)
            case CancelReply() if self._loudspeaker.sound is not None and self._loudspeaker.sound.name == "reply":
                self._end_sound(was_cut=True)
            case PrepareLines():
                for ahead in order.lines:
                    self._soon(0.5, LineMeasured(line=ahead.line, seconds=self._length_s(ahead.text)))
            case StartCapture() | StopCapture():
                self._capture(order)
            case EndVisit() | EnterScene():
                self._spoken_since = self._spoken_since and isinstance(order, EndVisit)
            case _:
                pass

    def _capture(self, order: StartCapture | StopCapture) -> None:
        if isinstance(order, StopCapture):
            self._gathered_s = None if order.what == "voice" else self._gathered_s
        elif order.what == "face":
            passes = self._person.passes_face()
            self._soon(FACE_S, Captured(what="face") if passes else CaptureRefused(what="face", reason="too_dark"))
        else:
            self._gathered_s = 0.0

    def _length_s(self, words: str) -> float:
        return round(speech_s(words, self.play.speech_wpm) * self._pace, 2)

    # --- the loudspeaker --------------------------------------------------------------------------------------------

    def _play_on(self) -> None:
        if self._loudspeaker.is_over(self.now):
            self._end_sound(was_cut=False)
        self._loudspeaker.begin_next(self.now)

    def _begin_reply(self, order: Answer) -> None:
        if not self.visitor.has_model:
            self._soon(REPLY_LATENCY_S, ReplyDone(said="", failed=True))
            return
        words = self._person.reply_words(director.brief(self.state, self.now).prompt.max_words)
        self._loudspeaker.begin_reply(order, self.now, words * 60.0 / self.play.speech_wpm)

    def _end_sound(self, *, was_cut: bool) -> None:
        sound = self._loudspeaker.take()
        if sound is None:
            return
        if self.now > sound.begins:
            self.sounds.append((sound.begins, min(self.now, sound.ends), sound.name))
        self._spoken_since = False
        if isinstance(sound.order, SayLine):
            self._tell(LineDone(line=sound.name, was_cut=was_cut, said=sound.words_by(self.now) if was_cut else ""))
        else:
            self._tell(ReplyDone(said=f"reply {len(self.sounds)}", was_cut=was_cut))

    # --- the visitor ------------------------------------------------------------------------------------------------

    def _let_visitor_act(self) -> None:
        if self._is_speaking or self.now < self._speaks_until or self.state.here().kind == "coda":
            return
        if self._loudspeaker.sound is not None:
            self._maybe_cut(self._loudspeaker.sound)
        elif not self._spoken_since and not self._loudspeaker.queue:
            self._spoken_since = True
            if self._person.leaves():
                self._soon(1.0, VisitorLeft())
            elif self._person.speaks():
                self._speak(self._person.pause_s())

    def _maybe_cut(self, sound: Sound) -> None:
        share = TICK_S / max(0.5, sound.ends - sound.begins)
        if sound.may_be_cut and self.now > sound.begins and self._person.cuts(share):
            self._is_speaking = True
            self._tell(VisitorSpeaking(is_speaking=True))
            self._end_sound(was_cut=True)
            self._spoken_since = True
            self._speak(0.0)

    def _speak(self, pause_s: float) -> None:
        length_s = self._person.speech_s(self.state.here().expects)
        self._utterances += 1
        begins, ends = self.now + pause_s, self.now + pause_s + length_s
        self._speaks_until = ends
        self.sounds.append((begins, ends, "visitor"))
        self._soon(pause_s, VisitorSpeaking(is_speaking=True))
        self._soon(pause_s + length_s, VisitorSpeaking(is_speaking=False))
        heard = UtteranceHeard(utterance=self._utterances, text="words", speech_s=length_s * 0.85)
        self._soon(pause_s + length_s + 0.4, heard)
        self._soon(pause_s + length_s + 0.6, self._person.meaning(self.state.here(), self._utterances))
        if self._gathered_s is not None:
            self._gather(pause_s + length_s, self._gathered_s + length_s * 0.85)

    def _gather(self, after_s: float, gathered_s: float) -> None:
        self._gathered_s = gathered_s
        if gathered_s < ENOUGH_VOICE_S:
            self._soon(after_s + 0.5, CaptureRefused(what="voice", reason="too_little"))
        elif self._person.passes_voice():
            self._gathered_s = None
            self._soon(after_s + JUDGING_S, Captured(what="voice"))
        else:
            self._gathered_s = 0.0
            self._soon(after_s + 0.6, CaptureRefused(what="voice", reason="too_noisy"))
