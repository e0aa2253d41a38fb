"""Speaks: clauses and lines become SpeechChunks at their place in the turn."""

import msgspec

from services.tts.framing import UNIT, Frame
from services.tts.rendered import RenderedLine
from services.tts.synthesizer import Voice
from services.tts.turn_speech import TurnSpeech, recalled
from services.tts.voicing import Voicing, Words
from shared.events import Event, SpeechChunk, SpeechEnded
from shared.stage import Visit
from shared.streams import StreamId

SEQ_PER_REV = 10_000_000
SEQ_ENDED = 9_999_999

BATCH = 16
"""Chunks in one commit, 1.6 s of speech: the first sound of a long rendered line does not wait for its last."""


class Saying(msgspec.Struct, frozen=True, kw_only=True):
    """What is being said, and why."""

    cause: Event
    """The clause or line; lends its envelope."""
    voice: Voice
    language: str
    engine: str
    """Name for the events, with whatever had to stand in."""


class Speaker:
    """The mouth of one visit: one turn after another."""

    def __init__(self, voicing: Voicing, visit: Visit) -> None:
        self._voicing = voicing
        self._visit = visit
        self._speech: TurnSpeech | None = None

    async def rebuild(self) -> None:
        """After a restart: how far the newest turn had come. What is published already is not said again."""
        tail = await self._visit.outlet.tail("voice")
        self._speech = recalled(await self._visit.outlet.recall("voice", StreamId(tail.turn, 0)))

    def speech_of(self, cause: Event) -> TurnSpeech:
        """The speech an event belongs to, begun if it is new."""
        if self._speech is None or not self._speech.is_of(cause.turn, cause.rev):
            self._speech = TurnSpeech(cause.turn, cause.rev)
        return self._speech

    async def speak(self, saying: Saying, text: str, index: int) -> None:
        """Synthesise one clause and publish it as it is made. Raises EngineFailed."""
        speech = self.speech_of(saying.cause)
        began = self._visit.clock.now()
        start = speech.start_of(index)
        if start is None:
            await self._pause(saying, speech, index)
            start = speech.end_before(index)
        words = Words(text=text, voice=saying.voice, language=saying.language)
        is_first = True
        async for frames in self._voicing.frames(words, start, is_urgent=True):
            chunks = [_chunk(saying, index, frame) for frame in frames]
            if is_first:
                spent = self._visit.clock.now() - began
                chunks[0] = msgspec.structs.replace(chunks[0], text=text, engine_s=spent)
                is_first = False
            await self._publish(speech, chunks)

    async def _pause(self, saying: Saying, speech: TurnSpeech, index: int) -> None:
        """The breath before a clause, let out at once: it plays while the model works. Counts to the clause before."""
        if (before := speech.before(index)) is not None:
            frames = self._voicing.pause(before[1], speech.end_before(index))
            await self._publish(speech, [_chunk(saying, before[0], frame) for frame in frames])

    async def replay(self, saying: Saying, line: RenderedLine) -> None:
        """Publish a line that lies ready. No model on the path."""
        speech = self.speech_of(saying.cause)
        chunks: list[SpeechChunk] = []
        for index, clause in enumerate(line.clauses):
            own = [_chunk(saying, index, frame, is_rendered=True) for frame in clause.frames + clause.pause]
            if own:
                own[0] = msgspec.structs.replace(own[0], text=clause.text, clause_samples=clause.samples)
            chunks.extend(own)
        for start in range(0, len(chunks), BATCH):
            await self._publish(speech, chunks[start : start + BATCH])

    async def end(self, cause: Event, reason: str) -> None:
        """Say that a turn's speech is complete."""
        ended = SpeechEnded(
            epoch=cause.epoch,
            turn=cause.turn,
            rev=cause.rev,
            seq=cause.rev * SEQ_PER_REV + SEQ_ENDED,
            trace=cause.trace,
            samples=self.speech_of(cause).position,
            reason=reason,
        )
        await self._visit.outlet.publish(ended)

    async def _publish(self, speech: TurnSpeech, chunks: list[SpeechChunk]) -> None:
        await self._visit.outlet.publish(*chunks)
        for chunk in chunks:
            speech.note(chunk)


def _chunk(saying: Saying, index: int, frame: Frame, *, is_rendered: bool = False) -> SpeechChunk:
    cause = saying.cause
    return SpeechChunk(
        epoch=cause.epoch,
        turn=cause.turn,
        rev=cause.rev,
        seq=cause.rev * SEQ_PER_REV + frame.from_sample // UNIT + 1,
        trace=cause.trace,
        from_sample=frame.from_sample,
        pcm=frame.pcm,
        clause=index,
        is_rendered=is_rendered,
        engine=saying.engine,
    )
