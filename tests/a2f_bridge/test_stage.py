"""The shell in virtual time: what goes to Unreal, and when."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest

from services.a2f_bridge.blendshapes import JAW_OPEN
from services.a2f_bridge.stage import open_stage
from services.a2f_bridge.visit import BridgeWorker
from shared.clock import LoopClock
from shared.errors import BadInput, EngineFailed
from shared.events import (
    Attention,
    EpochAdvanced,
    FaceFlushed,
    PoseTrack,
    SpeechChunk,
    SpeechDue,
    SpeechHeld,
    TurnDiscarded,
    encode,
)
from tests.support.a2f_bridge_room import KeepingSender, RememberingOutlet, chunks, open_room, silence, tone
from tests.support.virtual_time import run_virtual

LEAD_S = 0.09
Scene = Callable[[BridgeWorker, RememberingOutlet, KeepingSender], Awaitable[Any]]


def play(scene: Scene, **room: Any) -> tuple[RememberingOutlet, KeepingSender]:
    """Let a scene happen in a room whose face is alive."""

    async def main() -> tuple[RememberingOutlet, KeepingSender]:
        worker, outlet, sender = open_room(**room)
        await worker.start()
        alive = asyncio.create_task(worker.run())
        await scene(worker, outlet, sender)
        alive.cancel()
        await asyncio.wait({alive})
        await worker.close()
        return outlet, sender

    return run_virtual(main())


def now() -> float:
    return LoopClock().now()


async def say(worker: BridgeWorker, pcm: np.ndarray, **which: int) -> None:
    for event in chunks(pcm, **which):
        await worker.handle(event)


def due(at: float, turn: int = 1, rev: int = 0, from_sample: int = 0, epoch: int = 0) -> SpeechDue:
    return SpeechDue(speech_turn=turn, speech_rev=rev, from_sample=from_sample, due_at=at, epoch=epoch)


def jaw_at(sender: KeepingSender, begin: float, end: float) -> np.ndarray:
    """JawOpen of the poses due at the glass within a stretch of time."""
    when = sender.due()
    return sender.value("JawOpen")[(when >= begin) & (when <= end)]


def test_sixty_packets_a_second_leave_on_a_fixed_grid() -> None:
    _, sender = play(lambda *_: asyncio.sleep(2.0))
    assert len(sender.packets) == pytest.approx(120, abs=2)
    assert np.diff(sender.sent_at) == pytest.approx(1 / 60, abs=1e-6)


def test_each_packet_says_when_it_is_due_at_the_glass() -> None:
    _, sender = play(lambda *_: asyncio.sleep(0.5), av_offset_ms=120)
    assert sender.due() - np.array(sender.sent_at) == pytest.approx(0.12, abs=1e-4)


def test_ticks_that_were_missed_are_skipped_and_never_sent_in_a_burst() -> None:
    async def scene(_worker: BridgeWorker, _outlet: RememberingOutlet, _sender: KeepingSender) -> None:
        await asyncio.sleep(0.5)
        loop: Any = asyncio.get_running_loop()
        loop._jump(0.3)  # the machine was busy elsewhere
        await asyncio.sleep(0.5)

    _, sender = play(scene)
    assert np.diff(sender.sent_at).max() > 0.29
    assert np.diff(sender.due()).min() > 0.99 / 60
    assert len(sender.packets) == pytest.approx(60, abs=2)


def test_lips_lead_their_sound_by_the_length_of_the_video_path() -> None:
    async def scene(worker: BridgeWorker, _outlet: RememberingOutlet, sender: KeepingSender) -> None:
        await say(worker, np.concatenate((silence(0.2), tone(0.4), silence(0.4))))
        worker.overhear(due(now() + 1.0))
        sender.sounds_at = now() + 1.0  # type: ignore[attr-defined]
        await asyncio.sleep(2.5)

    _, sender = play(scene)
    sounds_at: float = sender.sounds_at  # type: ignore[attr-defined]
    opened = sender.value("JawOpen") > 0.05
    first = int(np.argmax(opened))
    assert sender.due()[first] == pytest.approx(sounds_at + 0.2, abs=0.02)
    assert sender.sent_at[first] == pytest.approx(sounds_at + 0.2 - LEAD_S, abs=0.02)


def test_poses_are_published_with_ids_that_follow_from_their_place() -> None:
    async def scene(worker: BridgeWorker, _outlet: RememberingOutlet, _sender: KeepingSender) -> None:
        await say(worker, tone(0.5), turn=3, rev=2)

    outlet, _ = play(scene)
    tracks = [event for event in outlet.published if isinstance(event, PoseTrack)]
    assert [track.seq for track in tracks] == [2_000_000 + track.first_index + 1 for track in tracks]
    assert {(track.turn, track.rev, track.engine) for track in tracks} == {(3, 2, "scripted")}
    poses = np.concatenate([np.frombuffer(track.weights, "<f4").reshape(-1, 52) for track in tracks])
    assert len(poses) == 30
    assert poses[5, JAW_OPEN] > 0.05


def test_the_same_speech_publishes_the_same_events() -> None:
    async def scene(worker: BridgeWorker, _outlet: RememberingOutlet, _sender: KeepingSender) -> None:
        await say(worker, tone(0.5))

    one, two = (play(scene, engine="embedded")[0] for _ in range(2))
    assert [encode(event) for event in one.published] == [encode(event) for event in two.published]


def test_a_guess_moves_no_lips_before_it_is_due() -> None:
    async def scene(worker: BridgeWorker, _outlet: RememberingOutlet, _sender: KeepingSender) -> None:
        await say(worker, tone(0.5))
        await asyncio.sleep(1.0)

    outlet, sender = play(scene)
    assert any(isinstance(event, PoseTrack) for event in outlet.published)
    assert sender.value("JawOpen").max() < 0.05


def test_a_new_epoch_shuts_the_mouth_and_says_so_within_250_ms() -> None:
    async def scene(worker: BridgeWorker, outlet: RememberingOutlet, sender: KeepingSender) -> None:
        await say(worker, tone(2.0))
        worker.overhear(due(now() + 0.1))
        await asyncio.sleep(1.0)
        outlet.published.clear()
        worker.overhear(EpochAdvanced(epoch=1, reason="barge_in"))
        sender.cut_at = now()  # type: ignore[attr-defined]
        await asyncio.sleep(0.15)
        assert [type(event) for event in outlet.published] == [FaceFlushed]
        await asyncio.sleep(1.0)

    outlet, sender = play(scene)
    flushed = outlet.published[0]
    assert isinstance(flushed, FaceFlushed)
    assert (flushed.turn, flushed.seq, flushed.flushed_epoch) == (1, 999_999_999, 1)
    cut_at: float = sender.cut_at  # type: ignore[attr-defined]
    assert jaw_at(sender, cut_at + LEAD_S - 0.05, cut_at + LEAD_S).max() > 0.08
    assert jaw_at(sender, cut_at + LEAD_S + 0.12, cut_at + 2.0).max() < 0.05


def test_an_epoch_without_any_speech_is_flushed_at_once() -> None:
    async def scene(worker: BridgeWorker, _outlet: RememberingOutlet, _sender: KeepingSender) -> None:
        worker.overhear(EpochAdvanced(epoch=1, reason="scene"))
        await asyncio.sleep(0.05)

    outlet, _ = play(scene)
    assert [type(event) for event in outlet.published] == [FaceFlushed]


def test_speech_of_an_older_epoch_is_not_animated_any_more() -> None:
    async def scene(worker: BridgeWorker, outlet: RememberingOutlet, _sender: KeepingSender) -> None:
        worker.overhear(EpochAdvanced(epoch=2, reason="barge_in"))
        await asyncio.sleep(0.3)
        outlet.published.clear()
        await say(worker, tone(0.5), epoch=1)

    outlet, _ = play(scene)
    assert outlet.published == []


def test_poses_of_a_new_epoch_come_after_the_word_that_the_old_one_is_gone() -> None:
    async def scene(worker: BridgeWorker, outlet: RememberingOutlet, _sender: KeepingSender) -> None:
        await say(worker, tone(2.0), turn=1)
        worker.overhear(due(now() + 0.1))
        await asyncio.sleep(0.5)
        outlet.published.clear()
        worker.overhear(EpochAdvanced(epoch=1, reason="barge_in"))
        await say(worker, tone(0.3), turn=2, epoch=1)

    outlet, _ = play(scene)
    ids = [(event.turn, event.seq) for event in outlet.published]
    assert isinstance(outlet.published[0], FaceFlushed)
    assert ids == sorted(ids)


def test_a_held_mouth_shuts_and_goes_on_when_the_speech_does() -> None:
    async def scene(worker: BridgeWorker, _outlet: RememberingOutlet, sender: KeepingSender) -> None:
        await say(worker, tone(3.0))
        began = now() + 0.1
        worker.overhear(due(began))
        await asyncio.sleep(1.0)
        worker.overhear(SpeechHeld(speech_turn=1, at_sample=24_000))
        await asyncio.sleep(1.0)
        worker.overhear(due(began + 2.2, from_sample=24_000))
        await asyncio.sleep(1.0)
        sender.began = began  # type: ignore[attr-defined]

    _, sender = play(scene)
    began: float = sender.began  # type: ignore[attr-defined]
    assert jaw_at(sender, began + 1.7, began + 2.1).max() < 0.05
    assert jaw_at(sender, began + 2.4, began + 2.9).min() > 0.08


def test_a_discarded_guess_never_shows() -> None:
    async def scene(worker: BridgeWorker, _outlet: RememberingOutlet, _sender: KeepingSender) -> None:
        await say(worker, tone(0.5), rev=0)
        worker.overhear(TurnDiscarded(discarded_turn=1, discarded_rev=0))
        worker.overhear(due(now() + 0.1, rev=1))
        await asyncio.sleep(1.0)

    _, sender = play(scene)
    assert sender.value("JawOpen").max() < 0.05


def test_a_sign_of_life_leaves_at_the_next_tick() -> None:
    async def scene(worker: BridgeWorker, _outlet: RememberingOutlet, sender: KeepingSender) -> None:
        worker.overhear(Attention(mood="listening"))
        await asyncio.sleep(6.0)
        worker.overhear(Attention(mood="thinking"))
        sender.told_at = now()  # type: ignore[attr-defined]
        await asyncio.sleep(0.5)

    _, sender = play(scene)
    told_at: float = sender.told_at  # type: ignore[attr-defined]
    sent, brow = np.array(sender.sent_at), sender.value("BrowInnerUp")
    before = brow[sent <= told_at][-1]
    assert brow[(sent > told_at) & (sent <= told_at + 0.06)][-1] > before + 0.02
    assert brow[(sent > told_at) & (sent <= told_at + 0.15)][-1] > before + 0.08


def test_half_a_sample_is_refused_and_the_rest_of_the_turn_goes_on() -> None:
    async def scene(worker: BridgeWorker, _outlet: RememberingOutlet, _sender: KeepingSender) -> None:
        first, *rest = chunks(tone(0.5))
        with pytest.raises(BadInput, match="whole int16"):
            await worker.handle(SpeechChunk(turn=1, from_sample=0, pcm=b"\0\0\0"))
        for event in (first, *rest):
            await worker.handle(event)

    outlet, _ = play(scene)
    assert sum(len(event.weights) for event in outlet.published if isinstance(event, PoseTrack)) == 30 * 52 * 4


def test_a_broken_engine_is_told_and_the_next_try_goes_on() -> None:
    async def scene(worker: BridgeWorker, _outlet: RememberingOutlet, _sender: KeepingSender) -> None:
        events = chunks(tone(0.5))
        await worker.handle(events[0])
        with pytest.raises(EngineFailed):
            await worker.handle(events[1])
        for event in events[1:]:
            try:
                await worker.handle(event)
            except EngineFailed:
                await worker.handle(event)

    outlet, _ = play(scene, options={"scripted": {"fail_after_poses": 8}})
    assert sum(len(event.weights) for event in outlet.published if isinstance(event, PoseTrack)) == 30 * 52 * 4


def test_health_tells_that_nobody_can_be_reached() -> None:
    async def main() -> None:
        stage = open_stage({"a2f_bridge": {"live_link": "no-such-host.invalid:11111"}})
        health = await stage.warm_up()
        assert health.is_degraded
        assert "no-such-host.invalid:11111" in health.last_error
        await stage.close()

    run_virtual(main())
