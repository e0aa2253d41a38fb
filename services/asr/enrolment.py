"""Gathers the visitor's voice sample from their utterances, after they agreed. The shell around `voice_sample`."""

import asyncio
from typing import NamedTuple

import numpy as np

from services.asr import voice_sample
from services.asr.inference import Inference
from services.asr.sound_clock import chunk_before, sound_of
from services.asr.surroundings import Surroundings
from services.asr.utterance import Samples, as_float
from services.asr.vad import FRAME
from services.asr.voice_sample import Take, Taken
from shared.errors import MirrorError
from shared.events import (
    CaptureVoice,
    Event,
    FinalTranscript,
    MicrophoneChunk,
    VoiceSampleRefused,
    VoiceSampleTaken,
)
from shared.stage import Outlet
from shared.streams import StreamId

NOTHING: Samples = np.zeros(0, np.int16)


class Said(NamedTuple):
    """One utterance on its way to being judged."""

    number: int
    text: str
    sound: Samples
    """Empty: the order came in the middle of it, and consent does not reach back. It gets a verdict all the same."""
    was_judged: bool = False
    """By a worker before us: it counts, and nothing is said of it again."""


class Enrolment:
    """Gathers while it is told to; judges after each utterance; lets go of everything once it has what it wants."""

    def __init__(self, outlet: Outlet, inference: Inference, surroundings: Surroundings) -> None:
        self._outlet = outlet
        self._inference = inference
        self._surroundings = surroundings
        self._order: CaptureVoice | None = None
        self._is_done = False
        self._takes: list[Take] = []
        # One visitor says one utterance at a time: this never holds more than a few.
        self._said: asyncio.Queue[Said] = asyncio.Queue()

    def obey(self) -> None:
        """Take up the newest CaptureVoice; each one begins anew."""
        newest = self._surroundings.capture
        if newest is not None and newest is not self._order:
            self.forget()
            self._order, self._is_done = newest, False

    def forget(self) -> None:
        """Let go of every sound."""
        self._takes.clear()
        while not self._said.empty():
            self._said.get_nowait()

    def offer(self, final: FinalTranscript, own_text: str, sound: Samples) -> None:
        """An utterance that was understood. `own_text` is what is said in `sound` alone, without what it joins."""
        order = self._order
        if order is None or not order.is_on or self._is_done or final.ended_at < order.at:
            return
        self._said.put_nowait(Said(final.turn, own_text, sound if self._wants(final) else NOTHING))

    def _wants(self, final: FinalTranscript) -> bool:
        order = self._order
        # Only what was begun after the order: consent does not reach back.
        return order is not None and order.is_on and not self._is_done and final.started_at >= order.at

    async def run(self) -> None:
        """Judge what is offered, one after another."""
        while True:
            await self._judge(await self._said.get())

    async def _judge(self, said: Said) -> None:
        order = self._order
        if order is None or not order.is_on or self._is_done:
            return
        if said.sound.size:
            take = await self._inference.aside(lambda: self._take(said))
            if self._order is not order:
                return  # called off or begun anew meanwhile
            self._takes.append(take)
        if said.was_judged:
            return
        wanted = voice_sample.Wanted(min_speech_s=order.min_speech_s, max_speech_s=order.max_speech_s)
        takes = tuple(self._takes)
        verdict = await self._inference.aside(lambda: voice_sample.judge(takes, wanted))
        if self._order is not order:
            return
        await self._outlet.publish(await self._event(said.number, verdict))

    def _take(self, said: Said) -> Take:
        """Run a fresh detector over the utterance: a worker that starts again measures the same."""
        detector = self._inference.open_detector()
        sound = as_float(said.sound)
        frames = sound[: sound.size // FRAME * FRAME].reshape(-1, FRAME)
        return Take(
            pcm=said.sound, probabilities=np.array([detector.probability(frame) for frame in frames]), text=said.text
        )

    async def _event(self, number: int, verdict: "Taken | voice_sample.Refused") -> Event:
        if isinstance(verdict, voice_sample.Refused):
            return VoiceSampleRefused(turn=number, seq=1, reason=verdict.reason, speech_s=verdict.speech_s)
        self._is_done = True
        self._takes.clear()
        return VoiceSampleTaken(
            turn=number, seq=1, pcm=verdict.pcm.astype("<i2").tobytes(), text=await self._text_of(verdict),
            speech_s=verdict.speech_s, snr_db=verdict.snr_db,
        )  # fmt: skip

    async def _text_of(self, taken: Taken) -> str:
        """What is said in the sample: known if it is made of whole utterances, else heard again."""
        if taken.text:
            return taken.text
        try:
            decoded = await self._inference.decode(taken.pcm, self._surroundings.language(float("inf")), 0)
        except MirrorError:
            return ""
        return decoded.transcription.text

    # --- after a restart --------------------------------------------------------------------------------------------

    async def resume(self) -> None:
        """Gather again what a worker before us had gathered: the very same samples, from the session's own streams."""
        order = self._order
        if order is None or not order.is_on:
            return
        judged = [event for event in await self._outlet.recall("voice_sample") if event.at >= order.at]
        self._is_done = any(isinstance(event, VoiceSampleTaken) for event in judged)
        finals = [event for event in await self._outlet.recall("hearing") if isinstance(event, FinalTranscript)]
        wanted = [final for final in finals if self._wants(final)]
        if not wanted:
            return
        first = StreamId(0, chunk_before(min(final.sound_from for final in wanted)))
        sound = await self._outlet.recall("microphone", first)
        chunks = [event for event in sound if isinstance(event, MicrophoneChunk)]
        last_judged = max((event.turn for event in judged), default=0)
        texts = {final.turn: final.text for final in finals}
        for final in wanted:
            own_text = final.text.removeprefix(texts.get(final.joins, "")).strip()
            heard = sound_of(chunks, final.sound_from, final.sound_to)
            self._said.put_nowait(Said(final.turn, own_text, heard, was_judged=final.turn <= last_judged))
