"""Work in steps, done without a pause."""

from collections.abc import Generator
from typing import TypeVar, cast

T = TypeVar("T")


def drained(steps: Generator[None, None, T]) -> T:
    """What a generator returns, all its steps taken at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast("T", end.value)
