"""The whole run: visit after visit, in each as many harms as there is time for."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from rig.chaos.lasting_kiosk import LastingKiosk
from rig.chaos.record import Fault
from rig.containers.change import scale
from rig.containers.engine import Containers
from rig.containers.gaps.doer import Doer
from rig.containers.gaps.keep import keep, make_folder
from rig.containers.gaps.plan import STAGES, Harm
from rig.containers.gaps.report import ContainerGaps, Sample, counted, gaps
from rig.containers.house import House
from rig.containers.visit import faults_of, is_slow, record_of, visited
from rig.service import ROOT
from rig.signals import stopping_cleanly
from rig.visitor import Visitor
from services.session.play import Play
from services.session.play_check import load_play
from shared.loop import run

LAST_S = 20.0
"""No harm is begun so close to a visit's end: it takes about ten seconds."""

Progress = Callable[[str, float], None]


class Bench:
    """One run on one project's containers, which are up and warm."""

    def __init__(
        self, containers: Containers, wanted: list[Harm], progress: Progress, records: Path | None = None
    ) -> None:
        self.left = wanted
        self.samples: list[Sample] = []
        self.faults: list[Fault] = []
        self.visits = self.events = 0
        self._containers = containers
        self._house: House = containers.house()
        self._progress = progress
        self._records = records
        self._count = len(self.left)

    async def run(self, visitor: Visitor) -> None:
        """Everything that is planned, over as many visits as it takes. Raises MirrorError."""
        if self._records:
            make_folder(self._records)
        play: Play = load_play(ROOT / self._house.script)
        for stage in STAGES:
            await asyncio.to_thread(scale, self._containers, stage, 1, self._progress)
        while self.left:
            client, tap = await visited(visitor, play, self._house, self._harm)
            self.visits += 1
            self.events += len(tap.entries)
            faults = faults_of(client, tap, play)
            self.faults += faults
            if faults and self._records:
                path = self._records / f"visit-{self.visits}.mcap"
                await keep(path, record_of(client, tap, play), faults, visitor, ROOT / self._house.script)

    async def _harm(self, client: LastingKiosk) -> None:
        doer = Doer(self._containers, self._house.redis_url, client)
        while self.left and not client.is_over.is_set() and client.now() < client.recording.ends_at - LAST_S:
            harm = self.left[0]
            self._progress(str(harm), 1.0 - len(self.left) / self._count)
            if sample := await doer.do(harm):
                self.samples.append(sample)
                self.left.pop(0)


def bench_containers(
    containers: Containers, visitor: Visitor, wanted: list[Harm], progress: Progress, records: Path | None = None
) -> ContainerGaps:
    """Do all that is wanted, in its order; visits with a fault are kept in `records`.

    Raises:
        MirrorError: The mirror is not up, a container does not come back, or no visit begins.
    """
    load = round(os.getloadavg()[0], 2)
    bench = Bench(containers, wanted, progress, records)
    warm_s = {one.stage: one.warm_s or 0.0 for one in containers.replicas() if one.stage in STAGES}
    run(stopping_cleanly(bench.run(visitor)))
    hard = [fault for fault in bench.faults if not is_slow(fault)]
    return ContainerGaps(
        gaps_s=gaps(bench.samples, warm_s),
        warm_s=warm_s,
        visits=bench.visits,
        events=bench.events,
        **counted(hard, len(bench.faults) - len(hard)),
        faults=[f"{fault.kind}: {fault.rule}: {fault.what}" for fault in bench.faults],
        load=load,
    )
