"""From words to chunks: one clause through the engine, trimmed, limited and faded; and the breath between two."""

import asyncio
from collections.abc import AsyncIterator

import msgspec

from services.tts.config import TtsConfig
from services.tts.desk import EngineDesk, Gate, open_gate
from services.tts.framing import Frame, Framer
from services.tts.loudness import Edges, limited, silence
from services.tts.rendered import RenderedClause, RenderedLine
from services.tts.speakable import clauses, ends_sentence
from services.tts.synthesizer import Synthesizer, Voice, VoiceSample


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """A clause and who speaks it."""

    text: str
    voice: Voice
    language: str


class Voicing:
    """The way through the one engine, shared by all visits."""

    def __init__(self, config: TtsConfig, engine: Synthesizer) -> None:
        self.engine = engine
        self.desk = EngineDesk()
        self._config = config
        self._preparing = asyncio.Lock()

    async def prepare(self) -> None:
        """What the engine's first voice needs, once; who comes meanwhile waits for it. Raises EngineFailed."""
        async with self._preparing:
            await self.desk.last(self.engine.prepare, is_urgent=False)

    async def make_voice(self, sample: VoiceSample) -> tuple[Voice, bytes]:
        """The visitor's voice, and what a successor restores it from. Raises EngineFailed."""
        await self.prepare()
        voice = await self.desk.last(lambda: self.engine.make_voice(sample), is_urgent=False)
        return voice, await self.desk.do(lambda: self.engine.keep(voice), is_urgent=False)

    async def restore(self, kept: bytes) -> Voice:
        """The voice of a visit that another process began. Raises EngineFailed."""
        return await self.desk.do(lambda: self.engine.restore(kept), is_urgent=True)

    async def frames(
        self, words: Words, from_sample: int, *, is_urgent: bool, gate: Gate = open_gate
    ) -> AsyncIterator[list[Frame]]:
        """A clause as chunks, as they are made, the first beginning at `from_sample` of the turn. Raises EngineFailed."""
        framer, edges = Framer(from_sample), Edges()
        blocks = self.desk.pieces(
            lambda: self.engine.synthesize(words.text, words.voice, words.language), is_urgent=is_urgent, gate=gate
        )
        async for block in blocks:
            if frames := framer.push(edges.push(limited(block))):
                yield frames
        if frames := framer.push(edges.finish()) + framer.finish():
            yield frames

    def pause(self, after: str, from_sample: int) -> list[Frame]:
        """The silence between a clause with these words and the next."""
        framer = Framer(from_sample)
        length_ms = self._config.sentence_pause_ms if ends_sentence(after) else self._config.clause_pause_ms
        return framer.push(silence(length_ms)) + framer.finish()

    async def render(self, text: str, voice: Voice, language: str, gate: Gate) -> RenderedLine:
        """A whole line, each piece of it when the gate opens. Raises EngineFailed, and what the gate raises."""
        done: list[RenderedClause] = []
        parts = clauses(text)
        position = 0
        for number, part in enumerate(parts, 1):
            words = Words(text=part, voice=voice, language=language)
            made = self.frames(words, position, is_urgent=False, gate=gate)
            frames = [frame async for some in made for frame in some]
            position = frames[-1].end_sample if frames else position
            pause = self.pause(part, position) if number < len(parts) else []
            position = pause[-1].end_sample if pause else position
            done.append(RenderedClause(part, tuple(frames), tuple(pause)))
        return RenderedLine(tuple(done), position)
