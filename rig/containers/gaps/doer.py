"""Does one harm to the containers while somebody is at the glass, and measures what it cost."""

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median

from rig.chaos.lasting_kiosk import LastingKiosk
from rig.containers.change import LOOK_EVERY_S, WARM_PATIENCE_S, restart, scale
from rig.containers.engine import Containers
from rig.containers.gaps.plan import KILL, RESTART, SCALE_UP, STAGES, Harm
from rig.containers.gaps.report import Sample
from rig.containers.gaps.watch import Watch, gap_s, longest_silence_s
from rig.containers.replica import Replica
from shared.errors import EngineFailed, EngineUnavailable

RECOVERY_S = 30.0
WARM = ("ready", "degraded")
LOOK_S = 0.02
SETTLE_S = 1.0
"""Watched for so long after all is well again."""


class Doer:
    """Harms to one visit."""

    def __init__(self, containers: Containers, redis_url: str, client: LastingKiosk) -> None:
        self._containers = containers
        self._redis_url = redis_url
        self._client = client

    async def do(self, harm: Harm) -> Sample | None:
        """Do it, and wait until all is well again. None: the visit ended meanwhile, so nothing was measured."""
        stage = harm.service if harm.service in STAGES else "tts"
        watch = Watch(self._redis_url, self._client.recording.session, stage)
        watching = asyncio.create_task(watch.run())
        try:
            await self._until(lambda: bool(watch.holder))
            begun_at, shown_at, dead = time.monotonic(), self._client.now(), watch.holder
            begun_at = await self._harm(harm, watch) or begun_at
            await self._until(lambda: bool(watch.holder) and self._client.is_connected)
            await asyncio.sleep(SETTLE_S)
            if self._client.is_over.is_set():
                return None
            now = time.monotonic()
            gaps = {
                "redis": longest_silence_s(watch.answered, begun_at, now),
                "session": self._away_since(shown_at),
            }
            held_s = gap_s(watch.held, begun_at, now, dead if harm.kind == KILL else "")
            return Sample(harm=harm, gap_s=gaps.get(harm.service, held_s), picture_s=self._stood_since(shown_at))
        finally:
            watch.is_over = True
            await asyncio.wait({watching})

    async def _harm(self, harm: Harm, watch: Watch) -> float | None:
        """Returns the instant of a kill, on the monotonic clock."""
        if harm.kind == KILL:
            dead = watch.holder
            victim = await self._victim(harm.service, dead)
            killed_at = await asyncio.to_thread(self._containers.kill, victim)
            if harm.service in STAGES:  # first the visit: to ask a container how it is takes from a start beside it
                await self._until(lambda: watch.holder not in ("", dead))
            await self._well_again(victim)
            return killed_at
        if harm.kind == RESTART:
            await asyncio.to_thread(restart, self._containers, harm.service, _quiet)
        else:
            await asyncio.to_thread(scale, self._containers, harm.service, 2 if harm.kind == SCALE_UP else 1, _quiet)
        return None

    async def _victim(self, service: str, holder: str) -> Replica:
        """The replica that has the visit."""
        replicas = await asyncio.to_thread(self._containers.replicas, service)
        if service not in STAGES:
            return replicas[0]
        for one in replicas:
            if one.worker == holder:
                return one
        raise EngineFailed(f"containers: no replica of {service} says that it is {holder}")

    async def _well_again(self, victim: Replica) -> None:
        """It was started again, whoever did it, and is warm."""
        for _ in range(round(WARM_PATIENCE_S / LOOK_EVERY_S)):
            await asyncio.sleep(LOOK_EVERY_S)
            found = await asyncio.to_thread(self._containers.replicas, victim.stage)
            now = next((one for one in found if one.name == victim.name), victim)
            is_another = (now.worker, now.restarts) != (victim.worker, victim.restarts)
            if is_another and now.is_well and now.state in WARM:
                return
        raise EngineUnavailable(f"containers: {victim.name} did not come back: {now.state}")

    async def _until(self, is_so: Callable[[], bool]) -> None:
        for _ in range(round(RECOVERY_S / LOOK_S)):
            if is_so() or self._client.is_over.is_set():
                return
            await asyncio.sleep(LOOK_S)

    def _away_since(self, begun_at: float) -> float:
        return sum(one.ends_at - one.begins_at for one in self._client.away if one.ends_at > begun_at)

    def _stood_since(self, begun_at: float) -> float:
        """How much longer than usual the longest picture stood. Host clock, seconds."""
        shown = [shot.shown_at for shot in self._client.recording.shots]
        steps = [(after, after - before) for before, after in pairwise(shown)]
        usual_s = median([step for _, step in steps] or [0.0])
        return max((step - usual_s for at, step in steps if at > begun_at), default=0.0)


def _quiet(_what: str, _share: float) -> None:
    """The bar is the bench's."""
