"""Does one harm to a running mirror, and says when it was over."""

import asyncio
import signal
from collections.abc import Callable

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from rig.chaos import plan
from rig.chaos.lasting_kiosk import LastingKiosk
from rig.chaos.plan import Disturbance
from rig.chaos.poison import put_poison
from rig.chaos.redis_harm import harm_redis
from rig.chaos.visitor import state_of
from rig.service import Service
from rig.supervisor import Mirror
from shared.streams import StreamId, key

LOOK_S = 0.02
RECOVERY_S = 20.0
SETTLE_S = 1.0
"""A disturbance's last consequences: the next is not done before."""


class Mark(msgspec.Struct, kw_only=True):
    """What was done, and when. Host clock, seconds."""

    disturbance: Disturbance
    state: str
    """The state in which it was truly done."""
    at: float
    over_at: float = 0.0
    """Everything is up again: the same number of workers, all ready, the kiosk connected."""
    taken_over_s: float | None = None
    """Until somebody else, or the same one again, held the visit's lease."""
    poison: tuple[str, StreamId] | None = None
    was_owner: bool = False
    """It hit the worker that held the visit."""


class Disturber:
    """Disturbs one visit."""

    def __init__(self, mirror: Mirror, client: LastingKiosk) -> None:
        self.marks: list[Mark] = []
        """All that was done, also what the visit's end came over."""
        self._mirror = mirror
        self._client = client
        self._redis = redis.asyncio.Redis.from_url(mirror.redis.url)

    async def close(self) -> None:
        """Hang up."""
        await self._redis.aclose()

    async def disturb(self, wanted: Disturbance, *, until: float) -> bool:
        """Wait for its state, do it, wait until all is up again. False: its state did not come by `until`, host clock."""
        if not await self.state_comes(wanted.state, until):
            return False
        await self._until_redis_answers()
        if self._client.is_over.is_set():
            return False
        wanted = self._as_it_stands(wanted)
        mark = Mark(disturbance=wanted, state=state_of(self._client), at=self._client.now())
        self.marks.append(mark)
        await self._do(wanted, mark)
        await self._until_up()
        mark.over_at = self._client.now()
        await asyncio.sleep(SETTLE_S)
        return True

    def _as_it_stands(self, wanted: Disturbance) -> Disturbance:
        """With the replicas there truly are: what waited for its state was overtaken by others."""
        crew = self._mirror.crews.get(wanted.stage)
        replicas = len(crew.replicas) if crew else 1
        is_scale = wanted.kind in (plan.SCALE_UP, plan.SCALE_DOWN)
        kind = wanted.kind if not is_scale else plan.SCALE_UP if replicas == 1 else plan.SCALE_DOWN
        return wanted._replace(kind=kind, replicas=replicas)

    async def _until_redis_answers(self) -> None:
        """A line that broke when Redis did is noticed at its next use: let that be no disturbance's."""
        while not self._client.is_over.is_set():
            try:
                await self._redis.connection_pool.disconnect()
                await self._redis.ping()
            except RedisError:
                await asyncio.sleep(LOOK_S)
            else:
                return

    async def state_comes(self, state: str, until: float) -> bool:
        """Whether the visit comes to that state by `until`, host clock."""
        while not self._client.is_over.is_set() and self._client.now() < until:
            if state_of(self._client) == state:
                return True
            await asyncio.sleep(LOOK_S / 2)
        return False

    async def _do(self, wanted: Disturbance, mark: Mark) -> None:
        match wanted.stage, wanted.kind:
            case "redis", _:
                await harm_redis(wanted.kind, wanted.seconds, self._mirror.redis, self._redis)
            case "kiosk", _:
                self._client.cut(wanted.seconds)
            case _, (plan.POISON_BYTES | plan.POISON_EVENT):
                is_event = wanted.kind == plan.POISON_EVENT
                mark.poison = await put_poison(self._redis, self._session, wanted.stage, is_event=is_event)
            case _, plan.SCALE_UP:
                service = self._mirror.crews[wanted.stage].more()
                await asyncio.wait_for(service.ready.wait(), RECOVERY_S)
            case _:
                await self._hit(wanted, mark)

    @property
    def _session(self) -> str:
        return self._client.recording.session

    async def _hit(self, wanted: Disturbance, mark: Mark) -> None:
        """Something that is done to the process which has the visit."""
        worker = await self._owner(wanted.stage)
        crew = self._mirror.crews[wanted.stage]
        service = crew.of_worker(worker) or crew.replicas[0]
        mark.was_owner = bool(worker)
        mark.at = self._client.now()
        watch = asyncio.create_task(self._watch_lease(wanted.stage, worker, mark))
        pid = service.pid
        try:
            await self._signal(wanted, service)
            if wanted.kind in (plan.KILL, plan.KILL_TWICE, plan.TERM):
                await self._until(lambda: service.pid not in (0, pid))
            if wanted.kind == plan.KILL_TWICE:
                await self._hit_its_successor(wanted.stage, worker)
        finally:
            if wanted.stage == "session" or wanted.kind == plan.JUMP:
                watch.cancel()  # nobody else takes it; or its owner has no name that tells one process from the next
            await asyncio.wait({watch}, timeout=RECOVERY_S)
            watch.cancel()

    async def _hit_its_successor(self, stage: str, worker: str) -> None:
        """Whoever has the visit next dies as well: a sibling, or the same one in its second life."""
        crew, successor = self._mirror.crews[stage], None
        give_up_at = self._client.now() + RECOVERY_S
        while successor is None and self._client.now() < give_up_at and not self._client.is_over.is_set():
            owner = await self._owner(stage)
            successor = crew.of_worker(owner) if owner != worker else None
        if successor:
            pid = successor.pid
            successor.kill()
            await self._until(lambda: successor.pid not in (0, pid))

    async def _signal(self, wanted: Disturbance, service: Service) -> None:
        match wanted.kind:
            case plan.KILL | plan.KILL_TWICE:
                service.kill()
            case plan.JUMP:
                service.signal(signal.SIGUSR1)
            case plan.TERM:
                service.signal(signal.SIGTERM)
            case plan.SCALE_DOWN:
                await self._mirror.crews[wanted.stage].fewer(service)
            case plan.ZOMBIE:
                service.signal(signal.SIGSTOP)
                try:
                    await asyncio.sleep(wanted.seconds)
                finally:
                    service.signal(signal.SIGCONT)
            case _:
                raise ValueError(f"no such disturbance: {wanted.kind}")

    async def _owner(self, stage: str) -> str:
        """The worker that holds the visit, or empty."""
        give_up_at = self._client.now() + 2.0
        while self._client.now() < give_up_at:
            try:
                holder = await self._redis.get(key(self._session, f"{stage}.lease"))
            except RedisError:
                holder = None
            if isinstance(holder, bytes):
                return holder.decode()
            await asyncio.sleep(LOOK_S)
        return ""

    async def _watch_lease(self, stage: str, worker: str, mark: Mark) -> None:
        """Until the lease is another's, or the same one holds it after a time in which it could not."""
        while not self._client.is_over.is_set():
            await asyncio.sleep(LOOK_S)
            holder = await self._owner(stage)
            is_stopped_one = (
                mark.disturbance.kind == plan.ZOMBIE and self._client.now() > mark.at + mark.disturbance.seconds
            )
            if holder and (holder != worker or is_stopped_one):
                mark.taken_over_s = self._client.now() - mark.at
                return

    async def _until_up(self) -> None:
        """Every replica is ready under its present process, Redis answers, the kiosk is connected."""
        await self._until(
            lambda: self._is_up() and (self._client.is_connected or self._client.is_over.is_set()), is_in_visit=False
        )

    async def _until(self, is_so: Callable[[], bool], *, is_in_visit: bool = True) -> None:
        give_up_at = self._client.now() + RECOVERY_S
        while not is_so():
            if self._client.now() > give_up_at or (is_in_visit and self._client.is_over.is_set()):
                return
            await asyncio.sleep(LOOK_S)

    def _is_up(self) -> bool:
        ready = {beat.worker for beat in self._mirror.workers.values() if beat.state in ("ready", "degraded")}
        for crew in self._mirror.crews.values():
            for service in crew.replicas:
                if not service.pid or not any(crew.of_worker(worker) is service for worker in ready):
                    return False
        process = self._mirror.redis.process
        return process is not None and process.poll() is None
