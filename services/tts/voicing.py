"""From words to chunks: one clause through the engine, trimmed, limited, faded, with the breath before it."""

from collections.abc import AsyncIterator

import msgspec

from services.tts.config import TtsConfig
from services.tts.desk import EngineDesk
from services.tts.framing import Frame, Framer
from services.tts.loudness import Edges, limited, silence
from services.tts.rendered import RenderedClause, RenderedLine
from services.tts.speakable import clauses, ends_sentence
from services.tts.synthesizer import Synthesizer, Voice


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """A clause and its place in a turn."""

    text: str
    voice: Voice
    language: str
    index: int = 0
    from_sample: int = 0
    """Where it begins, its pause included."""
    after: str = ""
    """The clause before it: sets the pause. Empty: there is none."""


class Voicing:
    """The way through the one engine, shared by all visits."""

    def __init__(self, config: TtsConfig, engine: Synthesizer) -> None:
        self.engine = engine
        self.desk = EngineDesk()
        self._config = config

    async def frames(self, words: Words, *, is_urgent: bool) -> AsyncIterator[list[Frame]]:
        """A clause as chunks, as they are made. Raises EngineFailed."""
        framer, edges = Framer(words.from_sample), Edges()
        if frames := framer.push(silence(self._pause_ms(words.after))):
            yield frames  # at once: the pause plays while the model works
        blocks = self.desk.pieces(
            lambda: self.engine.synthesize(words.text, words.voice, words.language), is_urgent=is_urgent
        )
        async for block in blocks:
            if frames := framer.push(edges.push(limited(block))):
                yield frames
        if frames := framer.push(edges.finish()) + framer.finish():
            yield frames

    async def render(self, text: str, voice: Voice, language: str) -> RenderedLine:
        """A whole line, when there is time. Raises EngineFailed."""
        done: list[RenderedClause] = []
        position, after = 0, ""
        for index, clause in enumerate(clauses(text)):
            words = Words(text=clause, voice=voice, language=language, index=index, from_sample=position, after=after)
            frames = [frame async for some in self.frames(words, is_urgent=False) for frame in some]
            done.append(RenderedClause(clause, tuple(frames)))
            position = frames[-1].end_sample if frames else position
            after = clause
        return RenderedLine(tuple(done))

    def _pause_ms(self, after: str) -> int:
        if not after:
            return 0
        return self._config.sentence_pause_ms if ends_sentence(after) else self._config.clause_pause_ms
