"""A stage as a process of its own, for tests of what a stage survives: keeps a running sum per visit and says it.

`python -m tests.support.echo_stage` with REDIS_URL set. Its answers are right only if no event was lost, doubled or reordered.
"""

import asyncio
import os
from collections.abc import Sequence
from typing import Any, ClassVar

from shared.clock import HostClock
from shared.events import AnyEvent, ReplyClause, ReplyRequest
from shared.process import connect, stop_on_signals
from shared.runner import StageRunner
from shared.stage import Health, Visit, VisitWorkerBase


class SumWorker(VisitWorkerBase):
    """Says, for each request, the sum of all numbers so far."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.total = 0

    async def start(self) -> None:
        # State is rebuilt from the visit's own streams: the last answer holds the sum.
        for event in await self.visit.outlet.recall("reply"):
            if isinstance(event, ReplyClause):
                self.total, self.upto = int(event.text), event.turn

    upto = 0

    async def handle(self, event: AnyEvent) -> None:
        assert isinstance(event, ReplyRequest)
        if event.turn <= self.upto:
            return
        self.total, self.upto = self.total + int(event.said), event.turn
        await asyncio.sleep(0.002)
        await self.visit.outlet.publish(ReplyClause(turn=event.turn, seq=1, index=0, text=str(self.total)))


class SumStage:
    """See the module."""

    name: ClassVar[str] = "llm"
    reads: ClassVar[Sequence[str]] = ("requests",)

    async def warm_up(self) -> Health:
        return self.health()

    def health(self) -> Health:
        return Health(engine="sum")

    def open_visit(self, visit: Visit) -> SumWorker:
        return SumWorker(visit)

    async def close(self) -> None:
        pass


async def main() -> None:
    stop: Any = stop_on_signals()
    bus = await connect(os.environ["REDIS_URL"])
    try:
        await StageRunner(SumStage(), bus, HostClock()).run(stop)
    finally:
        await bus.close()


if __name__ == "__main__":
    asyncio.run(main())
