"""A room on a virtual clock: loudspeaker, capture, model and one invented visitor, around the real director. Pure."""

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
    SignalGiven,
    StartCapture,
    StopCapture,
    Tick,
    UtteranceHeard,
    VisitBegan,
    VisitorLeft,
    VisitorSpeaking,
)
from services.session.play_visitors import Visitor

TICK_S = 0.1
SOUND_LATENCY_S = 0.3
REPLY_LATENCY_S = 1.0
JUDGING_S = 1.5
"""From the end of a sample to the copy's use of it."""
FACE_S = 2.0
"""From the start of a burst to its verdict."""


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a visit's log: enough to play it again."""

    now: float
    told: AnyTold


class Sound(msgspec.Struct, frozen=True, kw_only=True):
    """Something at the loudspeaker."""

    order: SayLine | Answer
    begins: float
    ends: float


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
        self._random = random
        self._language = language
        self._coming: list[tuple[float, int, AnyTold]] = []
        self._count = 0
        self._queue: list[SayLine] = []
        self._sound: Sound | None = None
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
                self._loudspeaker()
                self._visitor()
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
                self._queue.append(order)
            case Answer():
                self._begin_reply(order)
            case CancelReply() if self._sound is not None and isinstance(self._sound.order, Answer):
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
            passes = self._random.random() < self.visitor.face_passes
            self._soon(FACE_S, Captured(what="face") if passes else CaptureRefused(what="face", reason="too_dark"))
        else:
            self._gathered_s = 0.0

    def _length_s(self, words: str) -> float:
        return round(speech_s(words, self.play.speech_wpm) * self._pace, 2)

    # --- the loudspeaker --------------------------------------------------------------------------------------------

    def _loudspeaker(self) -> None:
        if self._sound is not None and self.now >= self._sound.ends:
            self._end_sound(was_cut=False)
        if self._sound is None and self._queue:
            order = self._queue[0]
            begins = max(order.starts_at, self.now + SOUND_LATENCY_S) if order.starts_at else self.now + SOUND_LATENCY_S
            if order.starts_at - self.now < 1.0:
                self._queue.pop(0)
                self._sound = Sound(order=order, begins=begins, ends=begins + self._length_s(order.text))

    def _begin_reply(self, order: Answer) -> None:
        if not self.visitor.has_model:
            self._soon(REPLY_LATENCY_S, ReplyDone(said="", failed=True))
            return
        most = director.brief(self.state, self.now).prompt.max_words
        words = self._random.randint(min(5, most), most)
        begins = self.now + REPLY_LATENCY_S
        self._sound = Sound(order=order, begins=begins, ends=begins + words * 60.0 / self.play.speech_wpm)

    def _end_sound(self, *, was_cut: bool) -> None:
        sound, self._sound = self._sound, None
        if sound is None:
            return
        is_line = isinstance(sound.order, SayLine)
        name = sound.order.line if isinstance(sound.order, SayLine) else "reply"
        if self.now > sound.begins:
            self.sounds.append((sound.begins, min(self.now, sound.ends), name))
        self._spoken_since = False
        said = f"reply {len(self.sounds)}"
        self._tell(LineDone(line=name, was_cut=was_cut) if is_line else ReplyDone(said=said, was_cut=was_cut))

    # --- the visitor ------------------------------------------------------------------------------------------------

    def _visitor(self) -> None:
        if self._is_speaking or self.now < self._speaks_until or self.state.here().kind == "coda":
            return
        if self._sound is not None:
            self._maybe_cut(self._sound)
        elif not self._spoken_since and not self._queue:
            self._spoken_since = True
            if self._random.random() < self.visitor.leaves:
                self._soon(1.0, VisitorLeft())
            elif self._random.random() < self.visitor.speaks:
                self._speak(self._random.expovariate(1.0 / self.visitor.pause_s))

    def _maybe_cut(self, sound: Sound) -> None:
        may_be_cut = not isinstance(sound.order, SayLine) or sound.order.may_be_cut
        chance_now = self.visitor.cuts * TICK_S / max(0.5, sound.ends - sound.begins)
        if may_be_cut and self.now > sound.begins and self._random.random() < chance_now:
            self._is_speaking = True
            self._tell(VisitorSpeaking(is_speaking=True))
            self._end_sound(was_cut=True)
            self._spoken_since = True
            self._speak(0.0)

    def _speak(self, pause_s: float) -> None:
        mean_s = self.visitor.speech_s / (6.0 if self.state.here().expects in ("yes_no", "none") else 1.0)
        length_s = min(60.0, max(0.4, self._random.expovariate(1.0 / mean_s)))
        self._utterances += 1
        begins, ends = self.now + pause_s, self.now + pause_s + length_s
        self._speaks_until = ends
        self.sounds.append((begins, ends, "visitor"))
        self._soon(pause_s, VisitorSpeaking(is_speaking=True))
        self._soon(pause_s + length_s, VisitorSpeaking(is_speaking=False))
        heard = UtteranceHeard(utterance=self._utterances, text="words", speech_s=length_s * 0.85)
        self._soon(pause_s + length_s + 0.4, heard)
        self._soon(pause_s + length_s + 0.6, self._meaning())
        if self._gathered_s is not None:
            self._gather(pause_s + length_s, length_s * 0.85)

    def _gather(self, after_s: float, more_s: float) -> None:
        self._gathered_s = (self._gathered_s or 0.0) + more_s
        if self._gathered_s < 5.0:
            self._soon(after_s + 0.5, CaptureRefused(what="voice", reason="too_little"))
        elif self._random.random() < self.visitor.voice_passes:
            self._gathered_s = None
            self._soon(after_s + JUDGING_S, Captured(what="voice"))
        else:
            self._gathered_s = 0.0
            self._soon(after_s + 0.6, CaptureRefused(what="voice", reason="too_noisy"))

    def _meaning(self) -> SignalGiven:
        scene, visitor, chance = self.state.here(), self.visitor, self._random.random()
        name = other = ""
        if scene.kind == "gate":
            if self._random.random() >= visitor.is_unclear:
                yes = next((key for key, signal in scene.signals.items() if "consent" in signal.gives), "")
                no = next((key for key, signal in scene.signals.items() if "consent" not in signal.gives), "")
                name = yes if chance < visitor.agrees else no
        elif chance < visitor.refuses:
            other = "refusal"
        elif chance < visitor.refuses + visitor.dictates:
            other = "dictation"
        elif scene.signals and self._random.random() < visitor.gives:
            name = next(iter(scene.signals))
        return SignalGiven(utterance=self._utterances, name=name, other=other)
