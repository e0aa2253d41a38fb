"""`mirror stage ls|logs|restart|scale`: what the terminal sees of them."""

import os
import queue
import re
import sys
import threading
from collections.abc import Callable, Iterator

import msgspec

from rig.console import print_json, progress_bar, table_of
from rig.containers.change import ENDED, Logs, Progress, restart, scale, some
from rig.containers.engine import Containers
from rig.containers.replica import Replica

UNSEEN = ("ram", "models")
"""They serve no visit."""
COLUMNS = [
    "stage", "number", "state", "engine", "device", "version", "warm s", "lag s", "visits", "restarts", "MB", "last_error",
]  # fmt: skip


LOG_HEAD = re.compile(r"^\S+ \S+ ERROR \S+ ")
"""Time, level and place of a service's log line."""


def project() -> str:
    """COMPOSE_PROJECT_NAME, else the name in docker-compose.yml."""
    return os.environ.get("COMPOSE_PROJECT_NAME") or "mirror"


def list_stages(*, as_json: bool) -> int:
    """Print every replica; 1 if one is not well."""
    containers = Containers(project())
    found = [one for one in containers.replicas(with_memory=True) if one.stage not in UNSEEN]
    replicas = [with_last_words(containers, one) for one in found]
    _tell(replicas, as_json=as_json)
    return 0 if replicas and all(one.is_well for one in replicas) else 1


def with_last_words(containers: Logs, replica: Replica) -> Replica:
    """A container that ended with a fault says it in the last line of its log; so does one that is being tried again just now."""
    has_ended = replica.state.startswith(ENDED) and replica.state != "exited (0)"
    is_tried_again = replica.state == "starting" and replica.restarts > 0
    if replica.last_error or not (has_ended or is_tried_again):
        return replica
    said = containers.last_line(replica.name)
    words = LOG_HEAD.sub("", said)
    return msgspec.structs.replace(replica, last_error=words) if has_ended or words != said else replica


def restart_stage(stage: str, *, as_json: bool) -> int:
    """Restart, replica by replica."""
    return _change(lambda containers, progress: restart(containers, stage, progress), f"restarting {stage}", as_json)


def scale_stage(stage: str, count: int, *, as_json: bool) -> int:
    """More or fewer replicas."""
    return _change(lambda containers, progress: scale(containers, stage, count, progress), f"scaling {stage}", as_json)


def _change(work: Callable[[Containers, Progress], list[Replica]], title: str, as_json: bool) -> int:
    with progress_bar(title) as progress:
        replicas = work(Containers(project()), progress)
    _tell(replicas, as_json=as_json)
    return 0


def _tell(replicas: list[Replica], *, as_json: bool) -> None:
    if as_json:
        print_json({"project": project(), "replicas": replicas})
        return
    table_of([_row(one) for one in replicas], COLUMNS)


def _row(one: Replica) -> dict[str, object]:
    return {
        **msgspec.to_builtins(one),
        "warm s": "" if one.warm_s is None else f"{one.warm_s:.1f}",
        "lag s": "" if one.lag_s is None else f"{one.lag_s:.2f}",
        "MB": "" if one.memory_mb is None else f"{one.memory_mb:.0f}",
        "visits": one.sessions,
    }


def show_logs(stage: str, tail: int, *, follow: bool) -> int:
    """Lines of every replica of a stage, each behind its container's name."""
    containers = Containers(project())
    replicas = some(containers, stage)
    if follow:
        for line in _as_they_come(containers, replicas, tail):
            _write(line)
        return 0
    lines = [
        (stamp, f"{one.name} {text}")
        for one in replicas
        for stamp, _, text in (line.partition(" ") for line in containers.log(one.name, tail, follow=False))
    ]
    for _, line in sorted(lines)[-tail:]:
        _write(line)
    return 0


def _as_they_come(containers: Containers, replicas: list[Replica], tail: int) -> Iterator[str]:
    lines: queue.Queue[str | None] = queue.Queue(1000)

    def read(one: Replica) -> None:
        for line in containers.log(one.name, tail, follow=True):
            lines.put(f"{one.name} {line.partition(' ')[2]}")
        lines.put(None)

    for one in replicas:
        threading.Thread(target=read, args=(one,), daemon=True).start()
    ended = 0
    while ended < len(replicas):
        line = lines.get()
        if line is None:
            ended += 1
        else:
            yield line


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
