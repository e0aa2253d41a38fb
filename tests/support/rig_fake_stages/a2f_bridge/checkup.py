"""A check that raises one of ours."""

from collections.abc import Callable, Iterator
from typing import Any

from shared.checkup import Finding
from shared.errors import EngineUnavailable


def run_checkup(settings: dict[str, Any], progress: Callable[[float, str], None]) -> Iterator[Finding]:
    del settings, progress
    raise EngineUnavailable("a2f_bridge: no server at 127.0.0.1:52000; start it")
    yield
