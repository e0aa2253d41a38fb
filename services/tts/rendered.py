"""Lines of the play that lie ready to be said. Pure: a bounded store, oldest use dropped first."""

from collections import OrderedDict

import msgspec

from services.tts.framing import Frame


class LineKey(msgspec.Struct, frozen=True):
    """What makes two renderings the same sound."""

    line: str
    voice: str
    language: str
    text: str


class RenderedClause(msgspec.Struct, frozen=True):
    """One clause of a line, cut into chunks; positions count from the start of the line."""

    text: str
    frames: tuple[Frame, ...]
    pause: tuple[Frame, ...] = ()
    """The silence after it, if another clause follows."""

    @property
    def samples(self) -> int:
        """Length of the words at 24 kHz."""
        return self.frames[-1].end_sample - self.frames[0].from_sample if self.frames else 0


class RenderedLine(msgspec.Struct, frozen=True):
    """A whole line, ready."""

    clauses: tuple[RenderedClause, ...]
    samples: int
    """Length at 24 kHz, pauses included."""


class RenderedLines:
    """At most `max_samples` of speech; what was used the longest ago goes first."""

    def __init__(self, max_samples: int) -> None:
        self._max_samples = max_samples
        self._lines: OrderedDict[LineKey, RenderedLine] = OrderedDict()
        self.samples = 0
        """Held now, at 24 kHz."""

    def __len__(self) -> int:
        return len(self._lines)

    def find(self, key: LineKey) -> RenderedLine | None:
        """The line if it lies ready."""
        if key in self._lines:
            self._lines.move_to_end(key)
        return self._lines.get(key)

    def keep(self, key: LineKey, line: RenderedLine) -> None:
        """Add a line. One that is longer than everything that may be held is not kept."""
        self._drop(key)
        if line.samples > self._max_samples:
            return
        self._lines[key] = line
        self.samples += line.samples
        while self.samples > self._max_samples:
            self._drop(next(iter(self._lines)))

    def forget(self, voice: str) -> None:
        """Drop every line in this voice."""
        for key in [key for key in self._lines if key.voice == voice]:
            self._drop(key)

    def clear(self) -> None:
        """Drop everything."""
        self._lines.clear()
        self.samples = 0

    def _drop(self, key: LineKey) -> None:
        if (line := self._lines.pop(key, None)) is not None:
            self.samples -= line.samples
