"""The detector in a thread of its own: it is asked about a frame and answers some frames later, and nobody waits for it."""

import threading
from collections.abc import Callable
from typing import NamedTuple

from services.faceswap.alignment import Square
from services.faceswap.arrays import Floats
from services.faceswap.face_swapper import Image
from services.faceswap.newest import NewestOnly
from shared.errors import EngineFailed

Find = Callable[[Image, Square], Floats | None]
"""Five points of the face in a cut, in pixels of the frame it was cut out of; None: no face. Raises EngineFailed."""


class Answer(NamedTuple):
    """What the detector says."""

    ticket: int
    five: Floats | None
    failure: EngineFailed | None = None


class _Question(NamedTuple):
    ticket: int
    cut: Image
    square: Square


class DetectorThread:
    """Newest question in, newest answer out; what came between is dropped."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._questions: NewestOnly[_Question] = NewestOnly()
        self._answers: NewestOnly[Answer] = NewestOnly()
        self._is_asked = threading.Event()
        self._is_closed = False
        self._ticket = 0
        self._thread = threading.Thread(target=self._work, name="face-detector", daemon=True)
        self._thread.start()

    def ask(self, cut: Image, square: Square) -> None:
        """Ask about a frame; an older question that was not looked at yet is dropped.

        Args:
            cut: The detector's own copy: nobody changes it any more.
            square: Where it was cut out of the frame.
        """
        self._ticket += 1
        self._questions.put(_Question(self._ticket, cut, square))
        self._is_asked.set()

    def answer(self) -> Answer | None:
        """The answer to the last question, once.

        Raises:
            EngineFailed: The detector failed on it.
        """
        answer = self._answers.take()
        if answer is None or answer.ticket != self._ticket:
            return None
        if answer.failure is not None:
            raise answer.failure
        return answer

    def forget(self) -> None:
        """No answer to anything asked so far is wanted."""
        self._ticket += 1
        self._questions.take()

    def close(self) -> None:
        """End the thread; a detection that is under way is waited for."""
        self._is_closed = True
        self._is_asked.set()
        self._thread.join(timeout=5)

    def _work(self) -> None:
        while True:
            self._is_asked.wait()
            self._is_asked.clear()
            if self._is_closed:
                return
            question = self._questions.take()
            if question is not None:
                self._answers.put(self._answered(question))

    def _answered(self, question: _Question) -> Answer:
        try:
            return Answer(question.ticket, self._find(question.cut, question.square))
        except EngineFailed as failure:
            return Answer(question.ticket, None, failure)
