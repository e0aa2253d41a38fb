"""From words to chunks: one clause through the engine, trimmed, limited and faded; and the breath between two."""

from collections.abc import AsyncIterator

import msgspec

from services.tts.config import TtsConfig
from services.tts.desk import EngineDesk, Gate, open_gate
from services.tts.framing import Frame, Framer
from services.tts.loudness import Edges, limited, silence
from services.tts.rendered import RenderedClause, RenderedLine
from services.tts.speakable import clauses, ends_sentence
from services.tts.synthesizer import Synthesizer, Voice


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
