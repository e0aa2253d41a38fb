"""An engine that does its work until it is broken."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.engines import Engines
from shared.errors import EngineFailed


class Breakable:
    """Everything the engine is; one method fails once the file lies there."""

    def __init__(self, engine: Any, method: str, flag: Path) -> None:
        self._engine, self._method, self._flag = engine, method, flag

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._engine, name)
        return self._breaking(found) if name == self._method else found

    def _breaking(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*args: Any, **kwargs: Any) -> Any:
            if self._flag.exists():
                raise EngineFailed(f"{self._flag.name}: out of memory on the GPU (simulated)")
            return work(*args, **kwargs)

        return instead


def break_one(engines: Engines[Any], name: str, method: str) -> None:
    """From now on the table opens a breakable `name`."""
    module = importlib.import_module(engines.table[name])
    whole = module.open_engine
    flag = Path(os.environ["MIRROR_BREAKS"]) / engines.stage
    module.open_engine = lambda options, others: Breakable(whole(options, others), method, flag)  # type: ignore[attr-defined]
