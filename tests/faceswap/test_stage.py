import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import numpy as np
import pytest

from services.faceswap.config import FaceswapConfig
from services.faceswap.engines.mesh_warp import MeshWarp, Options
from services.faceswap.stage import FaceswapStage, open_stage
from shared.clock import HostClock
from shared.errors import ConfigError
from shared.events import AnyEvent, FaceReady, FaceRefused, MirrorFrame, MirrorShown
from shared.stage import Visit, VisitWorker
from tests.support.faceswap_world import Outlet, Reel, another_face, burst, head, jpeg

pytestmark = pytest.mark.engine


@asynccontextmanager
async def stage() -> AsyncIterator[FaceswapStage]:
    opened = FaceswapStage(FaceswapConfig(fps=50.0), MeshWarp(Options()), Reel(head()))
    await opened.warm_up()
    yield opened
    await opened.close()


def visit(of: FaceswapStage, outlet: Outlet) -> VisitWorker:
    return of.open_visit(Visit(session="v", language="en", outlet=outlet, clock=HostClock()))


async def frames(outlet: Outlet, count: int) -> list[MirrorFrame]:
    """Wait until so many pictures are in the stream."""
    while True:
        there = [one for one in outlet.streams.get("mirror", []) if isinstance(one, MirrorFrame)]
        if len(there) >= count:
            return there
        outlet.published.clear()
        await outlet.published.wait()


@asynccontextmanager
async def running(worker: VisitWorker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await worker.close()


async def enrol(worker: VisitWorker, outlet: Outlet, photos: list[bytes], turn: int = 1) -> AnyEvent:
    """Send a burst; returns the answer."""
    sent = burst(photos, turn)
    outlet.streams.setdefault("camera", []).extend(sent)
    for event in sent:
        await worker.handle(event)
    return outlet.streams["face_ready"][-1]


async def test_a_good_burst_makes_the_face_ready_and_says_which_frame() -> None:
    async with stage() as opened:
        outlet = Outlet()
        worker = visit(opened, outlet)
        await worker.start()
        answer = await enrol(worker, outlet, [b"broken", jpeg(another_face()), b"broken"])
        assert isinstance(answer, FaceReady)
        assert (answer.turn, answer.seq, answer.frame, answer.engine) == (1, 1, 2, "mesh_warp")
        await worker.close()


async def test_a_bad_burst_is_refused_and_a_second_good_one_accepted() -> None:
    async with stage() as opened:
        outlet = Outlet()
        worker = visit(opened, outlet)
        await worker.start()
        refused = await enrol(worker, outlet, [jpeg(np.full((480, 640, 3), 99, np.uint8))] * 3)
        assert isinstance(refused, FaceRefused)
        assert (refused.turn, refused.reason) == (1, "no_face")
        assert isinstance(await enrol(worker, outlet, [jpeg(another_face())], turn=2), FaceReady)
        await worker.close()


async def test_pictures_come_only_while_they_are_wanted_and_are_numbered_without_a_gap() -> None:
    async with stage() as opened:
        outlet = Outlet()
        worker = visit(opened, outlet)
        await worker.start()
        await enrol(worker, outlet, [jpeg(another_face())])
        async with running(worker):
            assert "mirror" not in outlet.streams
            worker.overhear(MirrorShown(is_shown=True))
            shown = await frames(outlet, 5)
            worker.overhear(MirrorShown(is_shown=False))
        assert [one.seq for one in shown] == list(range(shown[0].seq, shown[0].seq + len(shown)))
        assert all(one.is_swapped and one.tracking == "locked" for one in shown)
        assert shown[0].pose_due_at == pytest.approx(shown[0].captured_at + 0.1)


async def test_after_a_crash_the_face_is_rebuilt_and_the_numbers_go_on() -> None:
    async with stage() as opened:
        photos = burst([jpeg(head()), jpeg(another_face())])
        before = [FaceReady(turn=1, seq=1, engine="mesh_warp", frame=2)]
        last = MirrorFrame(seq=2**41, jpeg=b"", width=1, height=1, captured_at=0.0)
        outlet = Outlet(*photos, *before, last)
        worker = visit(opened, outlet)
        worker.overhear(MirrorShown(is_shown=True))
        await worker.start()
        async with running(worker):
            shown = await frames(outlet, 3)
        assert [one.seq for one in shown[:3]] == [2**41, 2**41 + 1, 2**41 + 2]
        assert shown[2].is_swapped


async def test_a_visit_without_a_face_shows_only_the_veil() -> None:
    async with stage() as opened:
        outlet = Outlet()
        worker = visit(opened, outlet)
        await worker.start()
        worker.overhear(MirrorShown(is_shown=True, is_veiled=True))
        async with running(worker):
            shown = await frames(outlet, 3)
        assert not any(one.is_swapped for one in shown)


async def test_a_closed_visit_has_forgotten_its_face() -> None:
    async with stage() as opened:
        outlet = Outlet()
        worker = visit(opened, outlet)
        await worker.start()
        await enrol(worker, outlet, [jpeg(another_face())])
        await worker.close()
        assert vars(worker)["_source"] is None
        assert vars(opened.maker)["_last_swapped"] is None


def test_unknown_words_in_the_settings_are_named() -> None:
    with pytest.raises(ConfigError, match="did you mean 'mesh_warp'"):
        open_stage({"faceswap": {"engine": "mesh_wrap"}})
    with pytest.raises(ConfigError, match="did you mean 'stand_in'"):
        open_stage({"faceswap": {"source": "stand_inn"}})
    with pytest.raises(ConfigError, match="live_link_listenn"):
        open_stage({"faceswap": {"source_options": {"stand_in": {"live_link_listenn": "x"}}}})
