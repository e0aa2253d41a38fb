"""For tests: a timetable of pieces. Deterministic, needs nothing, shows when it was stopped."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import msgspec

from services.llm.chat_model import About, ChatModel, Delta, Ended, Ending, Piece, Prompt
from shared.errors import EngineFailed


class Beat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One piece of a reply and the wait before it."""

    text: str = ""
    wait_s: float = 0.0


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Replies are given one after another, the last again and again."""

    replies: tuple[tuple[Beat, ...], ...] = (
        (Beat(text="I heard you, "), Beat(text="and I am still here. "), Beat(text="Say it once more.")),
    )
    ending: Ending = "stop"
    breaks: bool = False
    """Raise EngineFailed instead of ending."""
    is_deterministic: bool = True
    name: str = "scripted"


class Scripted:
    """Plays its timetable."""

    fallbacks = 0
    trouble = ""

    def __init__(self, options: Options) -> None:
        self.about = About(name=options.name, is_deterministic=options.is_deterministic)
        self.begun = 0
        """Streams begun."""
        self.freed = 0
        """Streams that let go of what they held, by finishing or by being cancelled."""
        self._options = options

    async def warm_up(self) -> None:
        """Nothing to load."""

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """The next reply of the timetable, whatever was asked."""
        replies = self._options.replies
        beats = replies[min(self.begun, len(replies) - 1)]
        self.begun += 1
        try:
            for beat in beats:
                await asyncio.sleep(beat.wait_s)
                if beat.text:
                    yield Delta(text=beat.text)
            if self._options.breaks:
                raise EngineFailed(f"{self.about.name}: broke off, as its timetable says")
            yield Ended(ending=self._options.ending, engine=self.about.name)
        finally:
            self.freed += 1

    async def close(self) -> None:
        """Nothing to let go of."""


def open_engine(options: Options, others: Callable[[str], ChatModel]) -> Scripted:
    """The engine, ready."""
    return Scripted(options)
