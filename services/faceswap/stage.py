"""The stage: camera bursts become a face print, the virtual human becomes the mirror's picture."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar, TypeVar

import cv2

from services.faceswap.config import FaceswapConfig
from services.faceswap.engines import ENGINES
from services.faceswap.enrolment import Enrolled, enrol
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import FaceSwapper, SourceFace
from services.faceswap.mirror_maker import Look, MirrorMaker, Picture
from services.faceswap.photo import read_photo
from services.faceswap.sources import SOURCES
from services.faceswap.video_source import VideoSource
from shared.config import section
from shared.engines import EngineChoice
from shared.events import AnyEvent, CameraFrame, FaceReady, FaceRefused, MirrorFrame, MirrorShown
from shared.lost_context import is_lost
from shared.stage import Health, Stage, Visit, VisitWorker, VisitWorkerBase
from shared.streams import StreamId

T = TypeVar("T")


def open_stage(settings: dict[str, Any]) -> Stage:
    """The stage as the settings want it; nothing is loaded yet."""
    config = section(settings, "faceswap", FaceswapConfig)
    choice = EngineChoice(engine=config.source, options=config.source_options)
    return FaceswapStage(config, ENGINES.open(config), SOURCES.open(choice))


class FaceswapStage:
    """Owns the engine, the video source and the one thread in which both work."""

    name: ClassVar[str] = "faceswap"
    reads: ClassVar[Sequence[str]] = ("camera",)

    def __init__(self, config: FaceswapConfig, swapper: FaceSwapper, video: VideoSource) -> None:
        self.config = config
        self.swapper = swapper
        self.video = video
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="faceswap")
        self._warm_s = 0.0
        self._mesh: FaceMesh | None = None
        self._maker: MirrorMaker | None = None

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do blocking work in the stage's thread; the loop goes on renewing leases."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def warm_up(self) -> Health:
        """Open the source, load the models, make one whole picture."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self.in_thread(self._warm)
        self._warm_s = loop.time() - began
        return self.health()

    def _warm(self) -> None:
        # One thread: the whole mirror lives on two cores, and more made the median worse under load.
        cv2.setNumThreads(1)
        self._mesh = FaceMesh()
        self.swapper.warm_up()
        self.video.open(self.config.width, self.config.height)
        self._maker = MirrorMaker(self.video, self.swapper, self._mesh, self.config.jpeg_quality)
        self._maker.make(Look(), 0.0)

    @property
    def maker(self) -> MirrorMaker:
        """Makes the pictures; there once the stage is warm."""
        assert self._maker is not None, "warm_up comes before the first visit"
        return self._maker

    def learn(self, photos: Sequence[bytes]) -> Enrolled:
        """A burst becomes a face, or a reason. Blocking."""
        assert self._mesh is not None, "warm_up comes before the first visit"
        enrolled = enrol(photos, self._mesh, self.swapper, self.config.gates)
        self.maker.forget()
        return enrolled

    def health(self) -> Health:
        """How engine and source are now."""
        unmade = self._maker.trouble if self._maker else ""
        engine_trouble = getattr(self.swapper, "last_error", "") or unmade
        trouble = self.video.trouble or engine_trouble
        return Health(
            engine=self.swapper.name,
            device=self.swapper.device,
            warm_s=self._warm_s,
            is_degraded=bool(trouble),
            fallbacks=getattr(self.swapper, "switches", 0),
            last_error=trouble,
            is_lost=is_lost(engine_trouble),
            detail="" if self.video.name == "stand_in" else f"video {self.video.status().line}",
        )

    def open_visit(self, visit: Visit) -> VisitWorker:
        """The mirror of one visit."""
        return MirrorVisit(self, visit)

    async def close(self) -> None:
        """Let go of source, engine and thread."""
        await self.in_thread(self.video.close)
        await self.in_thread(self.swapper.close)
        self._thread.shutdown()


class MirrorVisit(VisitWorkerBase):
    """One visit: learns the face when a burst is complete, and publishes pictures while they are wanted."""

    def __init__(self, stage: FaceswapStage, visit: Visit) -> None:
        self._stage = stage
        self._visit = visit
        self._source: SourceFace | None = None
        self._shown = MirrorShown(is_shown=False)
        self._is_wanted = asyncio.Event()

    async def start(self) -> None:
        """After a restart: the face again, from the photo that was chosen before. The runner has told all of control already."""
        await self._stage.in_thread(self._stage.maker.forget)
        ready = [one for one in await self._visit.outlet.recall("face_ready") if isinstance(one, FaceReady)]
        if ready:
            photos = await self._photos(ready[-1].turn)
            chosen = photos.get(ready[-1].frame)
            if chosen is not None:
                self._source = await self._stage.in_thread(lambda: self._stage.swapper.prepare(read_photo(chosen)))

    def overhear(self, event: AnyEvent) -> None:
        """Whether the picture is wanted, and how."""
        if isinstance(event, MirrorShown):
            self._shown = event
            if event.is_shown:
                self._is_wanted.set()
            else:
                self._is_wanted.clear()

    async def handle(self, event: AnyEvent) -> None:
        """The last frame of a burst completes it: judge the whole burst, as it stands in the stream."""
        if not isinstance(event, CameraFrame) or not event.is_last:
            return
        clock = self._visit.clock
        began = clock.now()
        photos = await self._photos(event.turn)
        enrolled = await self._stage.in_thread(lambda: self._stage.learn(list(photos.values())))
        if enrolled.source is None:
            await self._visit.outlet.publish(
                FaceRefused(turn=event.turn, seq=1, epoch=event.epoch, reason=enrolled.reason)
            )
            return
        self._source = enrolled.source
        await self._visit.outlet.publish(
            FaceReady(
                turn=event.turn,
                seq=1,
                epoch=event.epoch,
                engine=self._stage.swapper.name,
                frame=list(photos)[enrolled.frame],
                took_s=clock.now() - began,
            )
        )

    async def run(self) -> None:
        """Pictures at the wished rate while they are wanted; one late picture is made up for, a row of them is not."""
        clock, period = self._visit.clock, 1.0 / self._stage.config.fps
        # Pictures do not outlive Redis, but a reader's place among them does: numbers must not begin anew after both restarted.
        seq = max((await self._visit.outlet.tail("mirror")).seq, round(1000 * self._visit.clock.now()))
        due = clock.now()
        while True:
            await self._is_wanted.wait()
            due = max(due + period, clock.now() - period)
            await clock.sleep_until(due)
            look = Look(source=self._source, is_veiled=self._shown.is_veiled)
            picture = await self._stage.in_thread(partial(self._make, look))
            if picture is not None and self._is_wanted.is_set():
                seq += 1
                await self._visit.outlet.publish(_frame(picture, seq))

    def _make(self, look: Look) -> Picture | None:
        """At the instant at which the thread is free for it: a pose of before would be late. Blocking."""
        return self._stage.maker.make(look, self._visit.clock.now())

    async def close(self) -> None:
        """Forget the face."""
        self._source = None
        self._is_wanted.clear()
        await self._stage.in_thread(self._stage.maker.forget)

    async def _photos(self, burst: int) -> dict[int, bytes]:
        """The frames of a burst by their number, in order."""
        frames = await self._visit.outlet.recall("camera", after=StreamId(burst, 0))
        return {one.seq: one.jpeg for one in frames if isinstance(one, CameraFrame) and one.turn == burst}


def _frame(picture: Picture, seq: int) -> MirrorFrame:
    return MirrorFrame(
        seq=seq,
        jpeg=picture.jpeg,
        width=picture.width,
        height=picture.height,
        captured_at=picture.captured_at,
        pose_due_at=picture.pose_due_at,
        tracking=picture.tracking,
        is_swapped=picture.is_swapped,
        engine_s=picture.engine_s,
    )
