"""The whole run: visit after visit, disturbed as planned, each checked from its streams."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from rig.chaos.check import check
from rig.chaos.face_ear import FaceEar, listening_face
from rig.chaos.gaps import seen
from rig.chaos.plan import Disturbance, plan, replicas_at_start
from rig.chaos.report import Chaos, Visited, report
from rig.chaos.world import DisturbedVisit, options, play
from rig.signals import stopping_cleanly
from rig.supervisor import Mirror, running_mirror
from shared.loop import run

Progress = Callable[[str, float], None]

UNFENCED = ("rig.chaos.unfenced",)
"""Starts the services on a bus without its fence."""


class Run(NamedTuple):
    """What a run is told."""

    seed: int
    progress: Progress


def bench_chaos(count: int, seed: int, progress: Progress, *, has_fence: bool = True) -> Chaos:
    """So many disturbances, over as many visits as it takes.

    Raises:
        MirrorError: The mirror could not be started, or no visit begins any more.
    """
    return run(stopping_cleanly(_bench(count, seed, progress, has_fence=has_fence)))


async def _bench(count: int, seed: int, progress: Progress, *, has_fence: bool) -> Chaos:
    progress("waking the mirror", 0.0)
    disturbances = plan(count, Random(seed))
    launcher = () if has_fence else UNFENCED
    async with (
        listening_face() as (face, live_link),
        running_mirror(options(replicas_at_start(disturbances), live_link, launcher)) as mirror,
    ):
        visits = await _visits(mirror, face, disturbances, Run(seed, progress))
    return report(visits, seed, has_fence=has_fence)


async def _visits(mirror: Mirror, face: FaceEar, left: list[Disturbance], of: Run) -> list[Visited]:
    done: list[Visited] = []
    given, the_play = len(left), play()
    while left:
        face.came_at.clear()
        visit = DisturbedVisit(mirror, the_play, Random(f"{of.seed} visit {len(done)}"))
        record, left = await visit.run(left)
        what = seen(record, visit.shots, face.came_at)
        done.append(Visited(session=record.session, faults=check(record), marks=visit.marks, seen=what))
        of.progress(f"{given - len(left)} of {given} in {len(done)} visits: {_told(done)}", 1.0 - len(left) / given)
    return done


def _told(done: list[Visited]) -> str:
    counts = Counter(fault.kind for one in done for fault in one.faults)
    return ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "no fault"
