"""The event loop of every process that stands in the way of an answer: uvloop, half the time per hop of asyncio's own."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Like `asyncio.run`. Where uvloop has no build (Windows without WSL2) it is `asyncio.run`: slower, never different."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def settle_memory() -> None:
    """Call once, when everything is loaded: a full garbage collection of what models leave behind takes 20 ms a time."""
    gc.collect()
    gc.freeze()
