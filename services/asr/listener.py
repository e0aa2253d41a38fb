"""Sound in, orders out: chunks regrouped to frames, each frame judged by the VAD and told to the ear. No asyncio."""

import msgspec

from services.asr import ear as ears
from services.asr.ear import AskTurn, Ear, EarSettings, Order, Utterance
from services.asr.senses import VoiceDetector
from services.asr.sound_clock import SoundClock, clock_of, position_of, samples_of
from services.asr.surroundings import Surroundings
from services.asr.utterance import Samples, SoundMemory, as_float, speech_span, turn_span
from services.asr.vad import FRAME, Phase
from shared.audio import MICROPHONE_CHUNK, MICROPHONE_HZ, rms_dbfs
from shared.events import MicrophoneChunk

MEMORY_S = 45.0
"""Sound held: two of the longest turns that join, and the pause between."""

ROOM_S = 0.5
"""Sound around an utterance from which its room's noise is measured."""

LONG_HOLE_S = 2.0
"""A hole in the sound longer than this is not filled with silence but stepped over."""


class Listener:
    """Listens to one microphone."""

    def __init__(self, settings: EarSettings, detector: VoiceDetector, surroundings: Surroundings) -> None:
        self._settings = settings
        self._detector = detector
        self._surroundings = surroundings
        self._memory = SoundMemory(MEMORY_S)
        self._clock = SoundClock()
        self._ear = Ear()
        self._frame = -1
        self._chunk = 0
        self._deaf_until = float("-inf")

    def go_on(self, next_number: int, deaf_until: float) -> None:
        """Take over from a listener before us: sound up to host time `deaf_until` has been dealt with."""
        self._ear = Ear(next_number=next_number)
        self._deaf_until = deaf_until

    def skip_number(self, number: int) -> bool:
        """Give `number` to no utterance, unless one has it already; whether it was skipped."""
        if self._ear.next_number != number:
            return False
        self._ear = msgspec.structs.replace(self._ear, next_number=number + 1)
        return True

    def forget(self) -> None:
        """Overwrite the sound."""
        self._memory.forget()

    @property
    def utterance(self) -> Utterance | None:
        """What is going on."""
        return self._ear.utterance

    @property
    def heard_at(self) -> float:
        """Host time of the newest sound."""
        return self._clock.heard_at

    def is_behind_a_hole(self, chunk: MicrophoneChunk) -> bool:
        """Whether so much sound is missing before `chunk` that what is going on must be finished, and its words taken, first."""
        return self._chunk > 0 and position_of(chunk) - self._memory.end > LONG_HOLE_S * MICROPHONE_HZ

    def take(self, chunk: MicrophoneChunk, now: float) -> list[Order]:
        """One chunk; one that was taken already is ignored. Raises BadInput if it is none."""
        samples = samples_of(chunk)
        if chunk.seq <= self._chunk:
            return []
        at = position_of(chunk)
        if self._chunk == 0 or self.is_behind_a_hole(chunk):
            self._step_over(at)
        orders: list[Order] = []
        self._chunk = chunk.seq
        self._memory.append(at, samples)
        self._clock = clock_of(chunk, now)
        while (self._frame + 2) * FRAME <= self._memory.end:
            self._frame += 1
            orders += self._hear(self._frame)
        return orders

    def opine(self, order: AskTurn, p_complete: float) -> list[Order]:
        """The turn model's answer to `order`."""
        scene = self._surroundings.scene(self._clock.at((self._frame + 1) * FRAME))
        self._ear, orders = ears.opine(self._settings, self._ear, order, p_complete, frame=self._frame, scene=scene)
        return orders

    def finish_now(self) -> list[Order]:
        """End what is going on: no more sound comes."""
        self._ear, orders = ears.finish_now(self._settings, self._ear, self._frame)
        return orders

    def is_current(self, order: Order) -> bool:
        """Whether the utterance still is where it was: in the same pause, or in speech since the same pause."""
        now = self._ear.utterance
        then = order.utterance
        in_pause = isinstance(order, ears.Pause)
        return (
            now is not None
            and (now.number, now.pause) == (then.number, then.pause)
            and (self._ear.activity.phase is Phase.PAUSE) == in_pause
        )

    def speech(self, utterance: Utterance, *, is_cut: bool = False) -> Samples:
        """The sound to decode, shape (n,), int16."""
        return self._memory.span(*speech_span(utterance, is_cut=is_cut))

    def turn(self, order: AskTurn) -> Samples:
        """The sound of the whole turn up to the question, shape (n,), int16."""
        return self._memory.span(*turn_span(order.utterance, order.frame))

    def around(self, utterance: Utterance) -> tuple[int, int]:
        """Positions of the utterance with the room before and after it, as far as it has been heard: to measure its noise."""
        room = int(ROOM_S * MICROPHONE_HZ)
        first = max(utterance.not_before * FRAME, utterance.first * FRAME - room, self._memory.begin)
        return first, min((utterance.last_speech + 1) * FRAME + room, self._memory.end)

    def between(self, first: int, last: int) -> Samples:
        """The sound between two positions, shape (n,), int16."""
        return self._memory.span(first, last)

    def started_at(self, utterance: Utterance) -> float:
        """Host time of its first speech sample."""
        return self._clock.at(utterance.first * FRAME)

    def ended_at(self, utterance: Utterance) -> float:
        """Host time of its last speech sample so far."""
        return self._clock.at((utterance.last_speech + 1) * FRAME)

    def done_with(self, utterance: Utterance) -> int:
        """Number of the last chunk that nobody needs to hear again once `utterance` is over."""
        return (utterance.last_speech + 1) * FRAME // MICROPHONE_CHUNK

    def done_in_silence(self, keep_s: float) -> int:
        """The same while nothing is going on: all but the last `keep_s` seconds. 0: nothing."""
        if self._ear.utterance is not None:
            return 0
        return max(0, self._chunk - int(keep_s * MICROPHONE_HZ) // MICROPHONE_CHUNK)

    def _hear(self, frame: int) -> list[Order]:
        sound = as_float(self._memory.span(frame * FRAME, (frame + 1) * FRAME))
        p = self._detector.probability(sound)
        if rms_dbfs(sound) < self._settings.vad.quietest_dbfs:
            p = 0.0
        at = self._clock.at((frame + 1) * FRAME)
        if at <= self._deaf_until:
            return []
        self._ear, orders = ears.step(self._settings, self._ear, frame, p, self._surroundings.scene(at))
        return orders

    def _step_over(self, at: int) -> None:
        """Sound is missing, or begins here: forget what was before, and go on at the first whole frame."""
        self._memory.start_at(at)
        self._frame = -(-at // FRAME) - 1
