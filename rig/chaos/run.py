"""The whole run: visit after visit, disturbed as planned, each checked from its streams."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from rig.chaos.check import check
from rig.chaos.face_ear import FaceEar, listening_face
from rig.chaos.gaps import seen
from rig.chaos.keep import Kept, keep
from rig.chaos.plan import Disturbance, plan, replicas_at_start
from rig.chaos.report import Chaos, Visited, report
from rig.chaos.world import DisturbedVisit, options, play
from rig.signals import stopping_cleanly
from rig.supervisor import Mirror, running_mirror
from shared.errors import EngineFailed
from shared.loop import run

Progress = Callable[[str, float], None]

UNFENCED = ("rig.chaos.unfenced",)
"""Starts the services on a bus without its fence."""


FRUITLESS = 3
"""So many visits in a row in which nothing could be done end the run: some state never comes."""


class Run(NamedTuple):
    """What a run is told."""

    seed: int
    progress: Progress
    has_fence: bool = True
    records: Path | None = None
    """Where visits with a fault are kept."""
    keeps_all: bool = False
    """Also those without one."""


def bench_chaos(count: int, of: Run) -> Chaos:
    """So many disturbances, over as many visits as it takes.

    Raises:
        MirrorError: The mirror could not be started, no visit begins any more, or nothing can be kept where it should be.
    """
    return run(stopping_cleanly(_bench(count, of)))


async def _bench(count: int, of: Run) -> Chaos:
    of.progress("waking the mirror", 0.0)
    disturbances = plan(count, Random(of.seed))
    launcher = () if of.has_fence else UNFENCED
    async with (
        listening_face() as (face, live_link),
        running_mirror(options(replicas_at_start(disturbances), live_link, launcher)) as mirror,
    ):
        visits = await _visits(mirror, face, disturbances, of)
    return report(visits, of.seed, has_fence=of.has_fence)


async def _visits(mirror: Mirror, face: FaceEar, left: list[Disturbance], of: Run) -> list[Visited]:
    done: list[Visited] = []
    given, the_play = len(left), play()
    while left:
        face.came_at.clear()
        visit = DisturbedVisit(mirror, the_play, Random(f"{of.seed} visit {len(done)}"))
        record, left = await visit.run(left)
        what = seen(record, [shot.shown_at for shot in visit.shots], face.came_at)
        number = len(done) + 1
        kept = Kept(seed=of.seed, number=number, record=record, marks=visit.marks, seen=what, faults=check(record))
        if of.records and (kept.faults or of.keeps_all):
            keep(of.records, kept, Path(mirror.logs))
        done.append(Visited(session=record.session, faults=kept.faults, marks=visit.marks, seen=what))
        if len(done) >= FRUITLESS and not any(one.marks for one in done[-FRUITLESS:]):
            raise EngineFailed(f"chaos: in {FRUITLESS} visits nothing could be done; left is {left[0]}")
        of.progress(f"{given - len(left)} of {given} in {number} visits: {_told(done)}", 1.0 - len(left) / given)
    return done


def _told(done: list[Visited]) -> str:
    counts = Counter(fault.kind for one in done for fault in one.faults)
    return ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "no fault"
