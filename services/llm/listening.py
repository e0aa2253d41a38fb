"""Reads an utterance by words, and where they are unsure by a model, under a deadline: late or broken, and the words stand."""

import asyncio
import logging
from typing import Protocol

import msgspec

from services.llm.breaker import Breaker
from services.llm.signals import Reading, read_signals
from services.llm.understanding import Question, believed, meaning_of, question_of
from shared.errors import EngineFailed
from shared.events import ReplyRequest

LOG = logging.getLogger(__name__)


class Chooser(Protocol):
    """An engine that can answer a closed question."""

    async def choose(self, question: Question) -> str:
        """JSON that keeps to the question's schema. Raises EngineFailed."""
        ...


class Listening:
    """The readers of one process. Keeps nothing of a visitor."""

    def __init__(self, chooser: Chooser | None, deadline_s: float, *, bad_turns: int = 3, rest_s: float = 30.0) -> None:
        self._chooser = chooser
        self._deadline_s = deadline_s
        self._breaker = Breaker(bad_turns, rest_s)
        self._rests_until = 0.0

    @property
    def trouble(self) -> str:
        """Why words alone decide, while they should not."""
        return f"signals are read by words alone: {self._breaker.why}" if self._breaker.is_open else ""

    async def read(self, request: ReplyRequest, hurry: asyncio.Event) -> Reading:
        """What it meant. Once `hurry` is set, what is known by then."""
        by_words = read_signals(request.said, request.language, request.signals, request.expects)
        question = question_of(request, by_words) if self._chooser and not hurry.is_set() else None
        if question is None or asyncio.get_running_loop().time() < self._rests_until:
            return by_words
        asking = asyncio.create_task(self._ask(question))
        hurrying = asyncio.create_task(hurry.wait())
        try:
            await asyncio.wait({asking, hurrying}, timeout=self._deadline_s, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done() and not hurry.is_set():
                self._bad("too late")
            answer = asking.result() if asking.done() else ""
        finally:
            for task in (asking, hurrying):
                task.cancel()
            await asyncio.wait({asking, hurrying})
        return self._with(request, by_words, answer)

    async def _ask(self, question: Question) -> str:
        assert self._chooser is not None
        try:
            return await self._chooser.choose(question)
        except EngineFailed as error:
            self._bad(str(error))
            return ""

    def _with(self, request: ReplyRequest, by_words: Reading, answer: str) -> Reading:
        if not answer:
            return by_words
        try:
            reading = believed(request, by_words, meaning_of(answer))
        except msgspec.DecodeError:
            self._bad("an answer that keeps to no schema")
            return by_words
        self._breaker.good()
        return reading

    def _bad(self, why: str) -> None:
        LOG.warning("signal read by words", extra={"why": why})
        self._breaker.bad(why)
        if self._breaker.is_open:
            self._rests_until = asyncio.get_running_loop().time() + self._breaker.rest_s
