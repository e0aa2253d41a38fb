"""The replicas of one service: each kept running by itself, one more or one fewer while the mirror runs."""

import asyncio
from collections.abc import Callable

from rig.service import Service
from shared.events import Heartbeat


class Crew:
    """Twins that share a service's visits; `session` has one alone, for a kiosk has one door."""

    def __init__(self, stage: str, make: Callable[[str], Service], group: asyncio.TaskGroup, kiosk: str = "") -> None:
        self.stage = stage
        self.name = f"{stage}@{kiosk}" if kiosk else stage
        """The stage, and the kiosk to which it is bound."""
        self.replicas: list[Service] = []
        self._make = make
        self._group = group
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._born = 0

    def more(self) -> Service:
        """Start one more; it is ready when its `ready` is set."""
        self._born += 1
        service = self._make(self.name if self._born == 1 else f"{self.name}-{self._born}")
        self.replicas.append(service)
        self._keepers[service.name] = self._group.create_task(service.keep())
        return service

    async def fewer(self, service: Service) -> None:
        """Stop a replica cleanly, for good."""
        self.replicas.remove(service)
        keeper = self._keepers.pop(service.name)
        keeper.cancel()
        await asyncio.wait({keeper})

    def of_worker(self, worker: str) -> Service | None:
        """The replica that calls itself `worker` on the bus: its process id is in the name."""
        return next((one for one in self.replicas if f"{worker}-".startswith(f"{self.stage}-{one.pid}-")), None)

    def note(self, beat: Heartbeat) -> bool:
        """A worker was heard; whether it is one of ours."""
        service = self.of_worker(beat.worker)
        if service and beat.state in ("ready", "degraded"):
            service.ready.set()
        return service is not None

    def stop_keeping(self) -> None:
        """Stop all of them."""
        for keeper in self._keepers.values():
            keeper.cancel()
