"""A stage that does nothing at all, under the name that its module is started by."""

from collections.abc import Sequence
from typing import Any, ClassVar

from shared.stage import Health, Visit, VisitWorker, VisitWorkerBase


class IdleStage:
    """Ready at once, deaf for ever."""

    name: ClassVar[str] = "idle"
    reads: ClassVar[Sequence[str]] = ()

    async def warm_up(self) -> Health:
        return Health(engine="none")

    def open_visit(self, visit: Visit) -> VisitWorker:
        return VisitWorkerBase()

    def health(self) -> Health:
        return Health(engine="none")

    async def close(self) -> None:
        pass


def open_stage(settings: dict[str, Any]) -> IdleStage:
    return IdleStage()


if __name__ == "__main__":
    from shared.process import run_service

    run_service(IdleStage.name, open_stage)
