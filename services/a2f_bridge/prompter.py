"""Tells a performer what sounds, when it sounds. Pure: where the loudspeaker is, is an argument."""

import numpy as np

from services.a2f_bridge.face_animator import SAMPLES_PER_POSE
from services.a2f_bridge.performer import Performer, Sound
from services.a2f_bridge.speaking import SpeakingFace
from services.a2f_bridge.timeline import Place, Speech
from shared.audio import VOICE_HZ, to_float
from shared.events import SpeechChunk, SpeechEnded

AHEAD_SAMPLES = VOICE_HZ // 10
"""Sound given before its time, so that a late tick does not let the performer run dry."""
_TICK_SAMPLES = 2 * SAMPLES_PER_POSE
"""A stretch that began a tick ago is played from its beginning."""


class Voice:
    """What one speech sounds like, as far as it is known, from its first sample on."""

    def __init__(self) -> None:
        self._pcm = np.zeros(0, np.float32)
        self._samples = 0
        self.is_complete = False

    def hear(self, from_sample: int, pcm: Sound) -> None:
        """A stretch at its place; a gap before it is silence, what was heard already stays as it was."""
        end = from_sample + len(pcm)
        if end <= self._samples:
            return
        if end > len(self._pcm):
            self._pcm = np.concatenate((self._pcm, np.zeros(max(end, 2 * len(self._pcm)) - len(self._pcm), np.float32)))
        begin = max(from_sample, self._samples)
        self._pcm[begin:end] = pcm[begin - from_sample :]
        self._samples = end

    def between(self, begin: int, end: int) -> Sound:
        """What is known of [begin, end), the caller's own."""
        return self._pcm[begin : min(end, self._samples)].copy()

    def is_over(self, sample: int) -> bool:
        """Nothing comes from that sample on."""
        return self.is_complete and sample >= self._samples


class Prompter:
    """Follows the schedule tick by tick, and plays along."""

    def __init__(self, performer: Performer) -> None:
        self._performer = performer
        self._voices: dict[Speech, Voice] = {}
        self._stretch: tuple[Speech, float] | None = None
        """What was played last: its speech, and when the stretch began."""
        self._next = 0
        """Sample of it that follows."""
        self._is_open = False
        """The performer waits for more of it."""

    def hear(self, event: SpeechChunk | SpeechEnded) -> None:
        """What a speech sounds like, from tts; its speech must be known to the face already."""
        voice = self._voices.setdefault(Speech(event.turn, event.rev), Voice())
        if isinstance(event, SpeechChunk):
            voice.hear(event.from_sample, to_float(event.pcm))
        else:
            voice.is_complete = True

    def follow(self, face: SpeakingFace, now: float) -> None:
        """Play what sounds `lead_s` after `now`, host clock; what the face has forgotten is void."""
        known, at = face.known(), now + self._performer.lead_s
        for void in set(self._voices) - known:
            del self._voices[void]
        if self._is_open and self._stretch and self._stretch[0] not in known:
            self._is_open = False
            self._performer.stop()
        place = face.place(at)
        voice = self._voices.get(place.speech) if place and not place.is_waiting else None
        if place and voice:
            self._go_on(place, voice, at)
        else:
            self._pause()

    def _go_on(self, place: Place, voice: Voice, at: float) -> None:
        begin = self._begin(place, at)
        if begin != self._next or voice.is_over(begin):
            self._pause()
        self._stretch, self._next = (place.speech, place.stretch), begin
        pcm = voice.between(begin, int(place.sample) + AHEAD_SAMPLES)
        if len(pcm):
            self._performer.play(pcm)
            self._is_open, self._next = True, begin + len(pcm)

    def _begin(self, place: Place, at: float) -> int:
        """Sample to play from: on from the last one; where the loudspeaker is, if that came too late; or where a stretch begins."""
        if self._stretch == (place.speech, place.stretch):
            return max(self._next, int(place.sample))
        passed = round((at - place.stretch) * VOICE_HZ)
        return round(place.sample) - passed if passed <= _TICK_SAMPLES else int(place.sample)

    def _pause(self) -> None:
        if self._is_open:
            self._is_open = False
            self._performer.pause()
