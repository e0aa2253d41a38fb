"""Restarting and scaling, one replica at a time, so that a stage with a sibling is never without a warm worker."""

import time
from collections.abc import Callable
from typing import Protocol

from rig.containers.replica import Replica
from shared.errors import BadInput, EngineUnavailable

WARM_PATIENCE_S = 180.0
LOOK_EVERY_S = 0.2

Progress = Callable[[str, float], None]


ENDED = ("exited", "restarting", "dead")
"""How the states begin of a container that does not run."""


class Logs(Protocol):
    """Who can be asked for a container's last words."""

    def last_line(self, name: str) -> str:
        """What it logged last."""
        ...


class Containers(Logs, Protocol):
    """What is needed of Docker; see `engine.py`."""

    def replicas(self, stage: str = "") -> list[Replica]:
        """All of them, or a stage's, in order."""
        ...

    def look(self, name: str) -> Replica:
        """How one is now."""
        ...

    def restart(self, replica: Replica) -> None:
        """Stop it and start it again."""
        ...

    def add(self, stage: str) -> str:
        """One more; its name."""
        ...

    def remove(self, replica: Replica) -> None:
        """Stop it for good."""
        ...


def restart(
    containers: Containers, stage: str, progress: Progress, wait: Callable[[float], None] = time.sleep
) -> list[Replica]:
    """Restart every replica of a stage, the next one only when the one before is warm again.

    One that is alone and may surge is not stopped before its successor is warm.

    Raises:
        BadInput: The stage has no container.
        EngineUnavailable: One did not become warm; those after it, and who was to be succeeded, were left alone.
    """
    replicas = some(containers, stage)
    if len(replicas) == 1 and replicas[0].may_surge:
        progress(f"{stage}: its successor", 0.0)
        _succeed(containers, replicas[0], wait)
        return containers.replicas(stage)
    for done, replica in enumerate(replicas):
        progress(replica.name, done / len(replicas))
        containers.restart(replica)
        wait_until_well(containers, replica.name, wait)
    return containers.replicas(stage)


def _succeed(containers: Containers, old: Replica, wait: Callable[[float], None]) -> None:
    name = containers.add(old.stage)
    try:
        wait_until_well(containers, name, wait)
    except EngineUnavailable as error:
        containers.remove(containers.look(name))
        raise EngineUnavailable(f"{error}; {old.name} was left as it is") from error
    containers.remove(old)


def scale(
    containers: Containers, stage: str, count: int, progress: Progress, wait: Callable[[float], None] = time.sleep
) -> list[Replica]:
    """Add replicas and wait until they are warm, or take the latest away.

    Raises:
        BadInput: The stage has no container, or has one by its nature; or the count makes no sense.
        EngineUnavailable: A new one did not become warm; it stays, so that its log can be read.
    """
    if count < 1:
        raise BadInput(f"stage scale {stage}: at least 1; `docker compose stop {stage}` takes the last one")
    if stage in ("session", "redis"):
        raise BadInput(f"stage scale: there is one {stage}; several kiosks share it, give each a name of its own")
    replicas = some(containers, stage)
    steps = max(1, abs(count - len(replicas)))
    for done in range(len(replicas), count):
        progress(f"{stage} {done + 1}", (done - len(replicas)) / steps)
        wait_until_well(containers, containers.add(stage), wait)
    for done, replica in enumerate(reversed(replicas[count:])):
        progress(replica.name, done / steps)
        containers.remove(replica)
    return containers.replicas(stage)


def some(containers: Containers, stage: str) -> list[Replica]:
    """Replicas of a stage, at least one. Raises BadInput if there is none, with the stages that there are."""
    if found := containers.replicas(stage):
        return found
    known = sorted({one.stage for one in containers.replicas()})
    there = f"there are {', '.join(known)}" if known else "nothing runs: docker compose up --wait"
    raise BadInput(f"stage: no container of {stage!r}; {there}")


def wait_until_well(containers: Containers, name: str, wait: Callable[[float], None]) -> None:
    """Return when the container is warm. Raises EngineUnavailable if it ends, or takes too long."""
    for _ in range(round(WARM_PATIENCE_S / LOOK_EVERY_S)):
        replica = containers.look(name)
        if replica.is_well:
            return
        if replica.state.startswith(ENDED):
            break
        wait(LOOK_EVERY_S)
    raise EngineUnavailable(f"stage: {name} is not warm ({replica.state}): {containers.last_line(name)}")
