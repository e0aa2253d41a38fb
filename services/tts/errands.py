"""Lines to be rendered before they are wanted: in which order, and how long that can wait. Pure."""

import math

from services.tts.rendered import LineKey
from services.tts.synthesizer import HOST
from shared.events import LineAhead

WORK_S_A_LETTER = 0.04
"""What rendering costs at most: 0.6 s for a second of speech, twice what the embedded engine takes beside a visit."""

MARGIN_S = 2.0
"""Rendering ends this long before the line is due: another line may be at hand when its time comes."""


class Errands:
    """What was ordered and is not done. A line with a due time goes before all that have none; else in the order they came."""

    def __init__(self) -> None:
        self._lines: dict[LineKey, LineAhead] = {}

    def __contains__(self, key: LineKey) -> bool:
        return key in self._lines

    def add(self, line: LineAhead) -> None:
        """One more; the same line again only moves its due time."""
        self._lines[key_of(line)] = line

    def drop(self, key: LineKey) -> None:
        """It is done, or was said meanwhile. Twice does no harm."""
        self._lines.pop(key, None)

    def clear(self) -> None:
        """Drop everything."""
        self._lines.clear()

    def next(self, *, has_copy: bool) -> LineAhead | None:
        """What to render next. Lines of the copy wait until it is known which voice it has."""
        return min(self._possible(has_copy=has_copy), key=_due_at, default=None)

    def pressing_at(self, *, has_copy: bool) -> float:
        """Host clock, seconds, from when on there is no time to lose, so that each line is ready when it is due; inf: never."""
        presses, work_s = math.inf, MARGIN_S
        for line in sorted(self._possible(has_copy=has_copy), key=_due_at):
            work_s += WORK_S_A_LETTER * len(line.text)
            presses = min(presses, _due_at(line) - work_s)
        return presses

    def _possible(self, *, has_copy: bool) -> list[LineAhead]:
        return [line for line in self._lines.values() if has_copy or line.voice == HOST]


def key_of(line: LineAhead) -> LineKey:
    """Under the voice it was ordered in."""
    return LineKey(line.line, line.voice, line.language, line.text)


def _due_at(line: LineAhead) -> float:
    return line.due_at or math.inf
