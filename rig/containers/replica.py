"""One container of the mirror, out of what Docker says of it. Pure."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

SERVICE = "com.docker.compose.service"
PROJECT = "com.docker.compose.project"
NUMBER = "com.docker.compose.container-number"
SURGE = "mirror.surge"
"""The label of a stage whose only replica is restarted by starting its successor first."""


class Replica(msgspec.Struct, frozen=True, kw_only=True):
    """How one container is. What only its heartbeat can tell is empty until there is one."""

    stage: str
    number: int
    """Of this stage, from 1."""
    name: str
    state: str
    """Of its last heartbeat (warming, ready, degraded, stopping), or Docker's: starting, unhealthy, restarting, exited."""
    is_well: bool
    worker: str = ""
    """Its name on the bus, as long as this process lives."""
    engine: str = ""
    device: str = ""
    version: str = ""
    warm_s: float | None = None
    lag_s: float | None = None
    sessions: int = 0
    restarts: int = 0
    """By Docker and by `containers/again`, after it ended by itself."""
    memory_mb: float | None = None
    """Without the page cache, which Docker would give back."""
    last_error: str = ""
    """Its own while it runs; Docker's if it could not be started; of one that ended, its log knows more."""
    detail: str = ""
    may_surge: bool = False
    """Its successor may run beside it: nobody finds it by its name or port, and the memory is there for two."""


def read_replica(
    inspected: Mapping[str, Any], memory_bytes: int | None = None, checked: Mapping[str, Any] | None = None
) -> Replica:
    """A container as `docker inspect` tells of it.

    Args:
        inspected: One element of its list.
        memory_bytes: What the container uses, if it was asked.
        checked: `Output` and `ExitCode` of its health check, if it was asked now; else Docker's last one, which may be an hour old.
    """
    labels, state = inspected["Config"]["Labels"], inspected["State"]
    health = state.get("Health") or {}
    beat, complaint = _last_words(checked or (health.get("Log") or [{}])[-1])
    is_running = state.get("Status") == "running"
    return Replica(
        stage=labels[SERVICE],
        number=int(labels[NUMBER]),
        name=str(inspected["Name"]).lstrip("/"),
        state=_state(state, health, beat) if is_running else _end(state),
        is_well=is_running and health.get("Status", "healthy") == "healthy",
        worker=str(beat.get("worker", "")),
        engine=str(beat.get("engine", "")),
        device=str(beat.get("device", "")),
        version=str(beat.get("version", "")),
        warm_s=beat.get("warm_s"),
        lag_s=beat.get("lag_s") if is_running else None,
        sessions=len(beat.get("sessions", ())) if is_running else 0,
        restarts=int(inspected.get("RestartCount", 0)) + int(beat.get("restarts", 0)),
        memory_mb=None if memory_bytes is None else round(memory_bytes / 1e6, 1),
        last_error=str(beat.get("last_error", "")) or complaint if is_running else str(state.get("Error", "")),
        detail=str(beat.get("detail", "")),
        may_surge=labels.get(SURGE) == "true",
    )


def _last_words(last: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The heartbeat that a health check printed, and what it complained of."""
    lines = str(last.get("Output", "")).splitlines()
    beat: dict[str, Any] = {}
    for line in lines:
        if line.startswith("{"):
            try:
                beat = json.loads(line)
            except ValueError:
                continue
    complaints = [line for line in lines if line and not line.startswith("{")]
    return beat, complaints[-1] if complaints and last.get("ExitCode") else ""


def _state(state: Mapping[str, Any], health: Mapping[str, Any], beat: Mapping[str, Any]) -> str:
    if state.get("Paused"):
        return "paused"
    status = str(health.get("Status", ""))
    if status == "unhealthy":
        return status
    return str(beat.get("state", "") or ("ready" if status in ("", "none", "healthy") else status))


def _end(state: Mapping[str, Any]) -> str:
    status = str(state.get("Status", "unknown"))
    return f"{status} ({state.get('ExitCode')})" if status in ("exited", "restarting") else status


def memory_of(stats: Mapping[str, Any]) -> int | None:
    """Bytes in use, from Docker's statistics; the page cache stands under another name in each version of cgroups."""
    memory = stats.get("memory_stats") or {}
    if "usage" not in memory:
        return None
    parts = memory.get("stats") or {}
    cache = parts.get("inactive_file", parts.get("total_inactive_file", 0))
    return int(memory["usage"]) - int(cache)


def twin_of(inspected: Mapping[str, Any], number: int) -> tuple[str, dict[str, Any]]:
    """Name and description of one more container like this one, as Docker's API wants it.

    Not by `docker compose up --scale`: that would read files and variables anew, which may not be those the mirror runs on.
    """
    config = dict(inspected["Config"])
    config.pop("Hostname", None)  # else both would answer to one name
    labels = {**config["Labels"], NUMBER: str(number)}
    stage = labels[SERVICE]
    networks = {
        network: {"Aliases": [stage]} for network in (inspected.get("NetworkSettings") or {}).get("Networks") or {}
    }
    description = {
        **config,
        "Image": inspected["Image"],
        "Labels": labels,
        "HostConfig": inspected["HostConfig"],
        "NetworkingConfig": {"EndpointsConfig": networks},
    }
    return f"{labels[PROJECT]}-{stage}-{number}", description


def free_number(taken: set[int]) -> int:
    """The lowest number that no replica has."""
    return next(number for number in range(1, len(taken) + 2) if number not in taken)
