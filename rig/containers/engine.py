"""The edge to Docker: the containers of one compose project. Only the host talks to the engine, no container does."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import docker
from docker.errors import DockerException

from rig.containers.house import House, read_house
from rig.containers.replica import NUMBER, PROJECT, SERVICE, Replica, free_number, memory_of, read_replica, twin_of
from shared.errors import EngineFailed, EngineUnavailable

HEALTH = ["sh", "shared/health.sh"]
STOP_S = 10
"""Between SIGTERM and SIGKILL: a stage hands its visits over within milliseconds."""


@contextmanager
def _our_errors(what: str) -> Iterator[None]:
    try:
        yield
    except DockerException as error:
        raise EngineFailed(f"docker: {what}: {getattr(error, 'explanation', None) or error}") from error


class Containers:
    """The containers of one compose project."""

    def __init__(self, project: str) -> None:
        """Raises EngineUnavailable if no engine answers."""
        self.project = project
        try:
            self._docker = docker.from_env(timeout=60)
        except DockerException as error:
            raise EngineUnavailable(
                f"docker: no engine answers ({error}); start Docker, or use `mirror demo`, which needs none"
            ) from error

    def replicas(self, stage: str = "", *, with_memory: bool = False) -> list[Replica]:
        """All of them, or a stage's, in order."""
        with _our_errors("containers cannot be listed"):
            found = [one.attrs for one in self._found(stage)]
            with ThreadPoolExecutor(8) as pool:
                memory = list(pool.map(self._memory, found)) if with_memory else [None] * len(found)
                checked = list(pool.map(self._check, found))
        read = [read_replica(*one) for one in zip(found, memory, checked, strict=True)]
        return sorted(read, key=lambda one: (one.stage, one.number))

    def _found(self, stage: str) -> list[Any]:
        labels = [f"{PROJECT}={self.project}", "com.docker.compose.oneoff=False"]
        labels += [f"{SERVICE}={stage}"] if stage else []
        return list(self._docker.containers.list(all=True, filters={"label": labels}, ignore_removed=True))

    def _memory(self, inspected: dict[str, Any]) -> int | None:
        if not inspected["State"].get("Running"):
            return None
        return memory_of(self._docker.api.stats(inspected["Id"], stream=False, one_shot=True))

    def _check(self, inspected: dict[str, Any]) -> dict[str, Any] | None:
        """The health check as it stands now; None where there is no service to ask."""
        is_service = any(line.startswith("SERVICE=") for line in inspected["Config"]["Env"])
        if inspected["State"].get("Status") != "running" or not is_service:
            return None
        try:
            made = self._docker.api.exec_create(inspected["Id"], HEALTH)
            output = self._docker.api.exec_start(made["Id"])
            code = self._docker.api.exec_inspect(made["Id"])["ExitCode"]
        except DockerException:  # it ended meanwhile: one that cannot start is between two tries most of the time
            return None
        return {"Output": output.decode(errors="replace"), "ExitCode": code} if code in (0, 1) else None

    def restart(self, replica: Replica) -> None:
        """SIGTERM, and start again."""
        with _our_errors(f"{replica.name} does not restart"):
            self._docker.containers.get(replica.name).restart(timeout=STOP_S)

    def look(self, name: str) -> Replica:
        """How one container is now."""
        with _our_errors(f"no container {name}"):
            return read_replica(self._docker.containers.get(name).attrs)

    def add(self, stage: str) -> str:
        """One more of a stage, like its first; returns the new container's name."""
        with _our_errors(f"no further {stage} can be started"):
            running = self._found(stage)
            number = free_number({int(one.labels[NUMBER]) for one in running})
            name, description = twin_of(min(running, key=lambda one: int(one.labels[NUMBER])).attrs, number)
            made = self._docker.api.create_container_from_config(description, name)
            try:
                self._docker.api.start(made["Id"])
            except DockerException:
                self._docker.api.remove_container(made["Id"])
                raise
        return name

    def remove(self, replica: Replica) -> None:
        """SIGTERM, so that it hands over what it holds; then it is gone."""
        with _our_errors(f"{replica.name} cannot be removed"):
            container = self._docker.containers.get(replica.name)
            container.stop(timeout=STOP_S)
            container.remove()

    def kill(self, replica: Replica) -> float:
        """A crash: `kill -9` of the service; of all that runs in a container without one. Docker's own kill is a wish that it stays down.

        Returns:
            When it happened, on the monotonic clock, seconds.
        """
        victim = replica.worker.split("-")[-2] if replica.worker else "-1"
        with _our_errors(f"{replica.name} cannot be killed"):
            container = self._docker.containers.get(replica.name)
            made = self._docker.api.exec_create(container.id, ["sh", "-c", f"kill -9 {victim}"])
            # Not attached: the line to what kills its own container is never closed.
            self._docker.api.exec_start(made["Id"], detach=True)
        return time.monotonic()

    def house(self) -> House:
        """Where the mirror is found from here. Raises EngineUnavailable if it is not up."""
        with _our_errors("the mirror cannot be found"):
            found = {name: self._found(name) for name in ("session", "redis")}
        if missing := [name for name, containers in found.items() if not containers]:
            raise EngineUnavailable(
                f"docker: {self.project} has no {' and no '.join(missing)}; docker compose up --wait"
            )
        return read_house(found["session"][0].attrs, found["redis"][0].attrs)

    def last_line(self, name: str) -> str:
        """The last line that a container logged."""
        with _our_errors(f"no log of {name}"):
            lines = self._docker.containers.get(name).logs(tail=1).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def log(self, name: str, tail: int, *, follow: bool) -> Iterator[str]:
        """Lines with the time at their head; for ever if `follow`."""
        with _our_errors(f"no log of {name}"):
            container = self._docker.containers.get(name)
            for line in container.logs(stream=True, follow=follow, tail=tail, timestamps=True):
                yield line.decode(errors="replace").rstrip()
