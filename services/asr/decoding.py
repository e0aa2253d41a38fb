"""The words of one visit: each utterance is decoded once as of each of its pauses, and joined to the one it continues."""

import asyncio
import logging

from services.asr import hearing
from services.asr.ear import Finish, Order, Partial
from services.asr.inference import Decoded, Inference
from services.asr.listener import Listener
from services.asr.surroundings import Surroundings
from shared.errors import MirrorError
from shared.events import FinalTranscript

LOG = logging.getLogger(__name__)


class Decoding:
    """What a visitor said, as far as it is known."""

    def __init__(self, session: str, inference: Inference, listener: Listener, surroundings: Surroundings) -> None:
        self._session = session
        self._inference = inference
        self._listener = listener
        self._surroundings = surroundings
        self._decodes: dict[tuple[int, int], asyncio.Task[Decoded | None]] = {}
        self._said: FinalTranscript | None = None

    def go_on(self, said: FinalTranscript | None) -> None:
        """Take over from a worker before us, which understood that last."""
        self._said = said

    def forget(self) -> None:
        """Drop the words."""
        self._decodes.clear()
        self._said = None

    def of(self, order: Order, group: asyncio.TaskGroup) -> asyncio.Task[Decoded | None]:
        """That of the utterance as of its last speech: the one begun at the pause, if there is one."""
        utterance = order.utterance
        name = (utterance.number, utterance.last_speech)
        if name not in self._decodes:
            self._decodes = {other: task for other, task in self._decodes.items() if not task.done()}
            is_cut = isinstance(order, Finish) and order.is_cut
            self._decodes[name] = group.create_task(self.transcribe(order, is_cut=is_cut))
        return self._decodes[name]

    async def transcribe(self, order: Order, *, is_cut: bool = False) -> Decoded | None:
        """The words of the utterance so far; None if the engine cannot. Its health says why."""
        sound = self._listener.speech(order.utterance, is_cut=is_cut)
        decode = self._inference.decode_partial if isinstance(order, Partial) else self._inference.decode
        try:
            return await decode(sound, self.language(order), order.utterance.number)
        except MirrorError:
            LOG.warning("an utterance could not be transcribed", extra={"session": self._session})
            return None

    def language(self, order: Order) -> str:
        """What was spoken when it was."""
        return self._surroundings.language(self._listener.ended_at(order.utterance))

    def joined(self, order: Order, decoded: Decoded) -> tuple[str, int]:
        """The words, behind those of the utterance they continue, and that one's number; 0 if they continue none."""
        said, joins = self._said, order.utterance.joins
        text = hearing.tidy(decoded.transcription.text)
        if said is None or not joins or said.turn != joins:
            return text, 0
        return f"{said.text} {text}", joins

    def final(self, order: Finish, decoded: Decoded, took_s: float) -> FinalTranscript:
        """What was said; kept for an utterance that continues it. `took_s`: from the end of the turn to now."""
        utterance = order.utterance
        text, joins = self.joined(order, decoded)
        sound_from, sound_to = self._listener.around(utterance)
        self._said = FinalTranscript(
            turn=utterance.number,
            seq=hearing.END_SEQ,
            text=text,
            language=self.language(order),
            confidence=decoded.transcription.confidence,
            started_at=self._listener.started_at(utterance),
            ended_at=self._listener.ended_at(utterance),
            speech_s=utterance.speech_s,
            engine=decoded.transcription.engine,
            engine_s=took_s,
            waited_s=order.waited_s,
            joins=joins,
            sound_from=sound_from,
            sound_to=sound_to,
        )
        return self._said
