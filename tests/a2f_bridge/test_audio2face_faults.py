"""Whatever Audio2Face-3D does wrong, the same words go on in our own lip-sync, and the peer comes back when it is well."""

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("grpc", reason="grpcio is not installed")

from services.a2f_bridge.blendshapes import JAW_OPEN, Poses
from services.a2f_bridge.engines.audio2face import Audio2Face, Options
from services.a2f_bridge.engines.embedded import EmbeddedAnimator
from services.a2f_bridge.engines.fallback import FallbackAnimator
from services.a2f_bridge.face_animator import Utterance, poses_in
from shared.errors import EngineFailed, EngineUnavailable
from tests.peers.audio2face import Audio2FacePeer, audio2face_peer
from tests.support.a2f_bridge_peers import PATIENT
from tests.support.a2f_bridge_room import tone

SPEECH = tone(1.2)
IMPATIENT: dict[str, Any] = {"watchdog_ms": 60, "look_again_s": 0.02, "look_at_last_s": 0.1}
FASTEST = 4.3 / 60
"""As fast as a real jaw moves, in one pose."""

FAULTS: dict[str, dict[str, Any]] = {
    "an error in band": {"error_after": 8},
    "an error before the first frame": {"error_after": 0},
    "frames that stop coming": {"lose": range(8, 10**6)},
    "no header": {"skip_header": True},
    "frames of another length than the names": {"row_length": 51},
    "names without a mouth": {"names": ("HeadYaw", "HeadPitch")},
    "a header without names": {"names": ()},
    "a call that is cancelled over there": {"cancel_after": 8},
    "time codes of another clock": {"first_time_code": 1.7e9},
    "a hole in the middle": {"lose": range(6, 20)},
}
SAYS = {
    "an error in band": "reports an error: the model ran into an error",
    "an error before the first frame": "reports an error|broke off",  # gRPC may drop it: the call has ended while we still write
    "frames that stop coming": "said nothing",
    "no header": "before it named their columns",
    "frames of another length than the names": "51 values under 52 names",
    "names without a mouth": "no JawOpen",
    "a header without names": "no JawOpen",
    "a call that is cancelled over there": "CANCELLED: the proxy was restarted",
    "time codes of another clock": "after one at 0.000 s",
    "a hole in the middle": "said nothing|after one at 0.167 s",
}


def patience(fault: str) -> dict[str, Any]:
    """Where the fault is that nothing comes, the watchdog has to find it."""
    return IMPATIENT if "lose" in FAULTS[fault] else PATIENT


@pytest.fixture
def peer() -> Iterator[Audio2FacePeer]:
    with audio2face_peer() as running:
        yield running


@pytest.fixture
async def open_pair() -> AsyncIterator[Any]:
    """Opens Audio2Face-3D at an address, with our own lip-sync behind it."""
    opened: list[FallbackAnimator] = []

    def open_it(address: str, **options: Any) -> FallbackAnimator:
        first = Audio2Face(Options(address=address, **{**PATIENT, **options}))
        opened.append(FallbackAnimator(first, EmbeddedAnimator()))
        return opened[-1]

    yield open_it
    for animator in opened:
        await animator.close()


async def animate(utterance: Utterance, pcm: np.ndarray = SPEECH) -> Poses:
    pieces = [await utterance.push(pcm[begin : begin + 2400]) for begin in range(0, len(pcm), 2400)]
    return np.concatenate([*pieces, await utterance.finish()])


async def back_again(animator: FallbackAnimator) -> None:
    """Until the peer has been found well."""
    async with asyncio.timeout(20):
        while animator.health().is_degraded:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_is_named_and_ends_the_clip(peer: Audio2FacePeer, fault: str) -> None:
    for name, value in FAULTS[fault].items():
        setattr(peer.manners, name, value)
    animator = Audio2Face(Options(address=peer.address, **patience(fault)))
    with pytest.raises(EngineFailed, match=f"audio2face at {peer.address} .*({SAYS[fault]})"):
        await animate(animator.open_utterance())
    assert animator.health().is_degraded
    await animator.close()


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_same_words_go_on_in_our_own_lip_sync(peer: Audio2FacePeer, open_pair: Any, fault: str) -> None:
    for name, value in FAULTS[fault].items():
        setattr(peer.manners, name, value)
    animator = open_pair(peer.address, **patience(fault))
    utterance = animator.open_utterance()
    poses = await animate(utterance)
    assert len(poses) == poses_in(len(SPEECH))
    assert (utterance.engine, animator.fallbacks) == ("embedded", 1)
    assert poses[30:60, JAW_OPEN].min() > 0.1
    assert np.abs(np.diff(poses[:, JAW_OPEN]))[10:].max() < 1.6 * FASTEST


async def test_frames_that_are_missing_at_the_end_are_counted_and_covered(peer: Audio2FacePeer, open_pair: Any) -> None:
    peer.manners.lose = range(2, 10**6)
    animator = open_pair(peer.address)
    assert len(await animate(animator.open_utterance(), SPEECH[:4800])) == 12
    assert "frames for 3 poses where 12 were owed" in animator.health().last_error


async def test_a_peer_that_hangs_silently_is_given_up_by_the_watchdog(peer: Audio2FacePeer, open_pair: Any) -> None:
    peer.manners.hang_after = 8
    animator = open_pair(peer.address, **IMPATIENT)
    poses = await animate(animator.open_utterance())
    assert len(poses) == poses_in(len(SPEECH))
    assert "said nothing for 60 ms while it owed poses" in animator.health().last_error


async def test_silence_is_no_fault_while_nothing_is_owed(peer: Audio2FacePeer, open_pair: Any) -> None:
    animator = open_pair(peer.address, watchdog_ms=500)
    utterance = animator.open_utterance()
    await utterance.push(SPEECH[:2400])
    await asyncio.sleep(0.6)  # tts is thinking: longer than the watchdog
    assert len(await utterance.push(SPEECH[2400:])) > 0
    assert utterance.engine == "audio2face"


async def test_a_peer_slower_than_speech_is_given_up(peer: Audio2FacePeer) -> None:
    peer.manners.slow_s = 0.2
    animator = Audio2Face(Options(address=peer.address, **PATIENT))
    with pytest.raises(EngineFailed, match="slower than real time"):
        await animator.open_utterance().push(SPEECH[:12_000])
    await animator.close()


async def test_a_peer_killed_in_mid_clause_is_covered_without_a_missing_pose(
    peer: Audio2FacePeer, open_pair: Any
) -> None:
    animator = open_pair(peer.address)
    utterance = animator.open_utterance()
    begun = [await utterance.push(SPEECH[begin : begin + 2400]) for begin in range(0, 14_400, 2400)]
    assert utterance.engine == "audio2face"
    await asyncio.to_thread(peer.kill)
    rest = await utterance.push(SPEECH[14_400:])
    poses = np.concatenate([*begun, rest, await utterance.finish()])
    assert len(poses) == poses_in(len(SPEECH))
    assert utterance.engine == "embedded"
    assert np.abs(np.diff(poses[:, JAW_OPEN]))[10:].max() < 1.6 * FASTEST


async def test_a_process_that_dies_and_is_started_again_is_taken_up_again(open_pair: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    first = start_process(port)
    try:
        animator = open_pair(f"127.0.0.1:{port}", failures=1, look_again_s=0.05, look_at_last_s=0.1)
        assert not (await animator.warm_up()).is_degraded
        utterance = animator.open_utterance()
        await utterance.push(SPEECH[:14_400])
        os.kill(first.pid, signal.SIGKILL)
        await asyncio.to_thread(first.wait)
        await utterance.push(SPEECH[14_400:])
        await utterance.finish()
        assert utterance.engine == "embedded"
    finally:
        stop_process(first)
    assert animator.open_utterance().engine == "embedded"
    second = start_process(port)
    try:
        await back_again(animator)
        utterance = animator.open_utterance()
        assert len(await animate(utterance)) == poses_in(len(SPEECH))
        assert utterance.engine == "audio2face"
        assert animator.health().engine == "fallback: audio2face"
    finally:
        stop_process(second)


def start_process(port: int) -> "subprocess.Popen[bytes]":
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.peers.audio2face", "--port", str(port)], stdout=subprocess.PIPE, cwd=root
    )
    assert process.stdout
    process.stdout.readline()  # it says its address once it listens
    return process


def stop_process(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    assert process.stdout
    process.stdout.close()


async def test_a_peer_that_is_absent_costs_nobody_a_wait_and_is_looked_for(open_pair: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    animator = open_pair(f"127.0.0.1:{port}", **{**IMPATIENT, **PATIENT})
    health = await animator.warm_up()
    assert (health.is_degraded, health.engine) == (True, "fallback: embedded")
    assert animator.open_utterance().engine == "embedded"
    with audio2face_peer(port):
        await back_again(animator)
        utterance = animator.open_utterance()
        await animate(utterance)
        assert utterance.engine == "audio2face"


async def test_after_three_broken_clauses_the_peer_is_left_alone_until_it_is_well(
    peer: Audio2FacePeer, open_pair: Any
) -> None:
    peer.manners.error_after = 8
    animator = open_pair(peer.address, look_again_s=0.02, look_at_last_s=0.1)
    for _ in range(3):
        await animate(animator.open_utterance())
    clips = len(peer.clips)
    assert animator.open_utterance().engine == "embedded"
    assert len(peer.clips) == clips
    peer.manners.error_after = -1
    await back_again(animator)
    assert animator.open_utterance().engine == "audio2face"


async def test_a_refusal_that_came_while_we_were_talking_is_still_told(peer: Audio2FacePeer) -> None:
    """The peer says why in band and hangs up; writing on would only tell that the call is over."""
    animator = Audio2Face(Options(address=peer.address, emotion={"envy": 1.0}, look_ahead_ms=2000, **PATIENT))
    utterance = animator.open_utterance()

    async def talk_on() -> None:
        for _ in range(200):
            await utterance.push(SPEECH[:240])
            await asyncio.sleep(0.001)

    with pytest.raises(EngineFailed, match="emotion envy"):
        await talk_on()
    await animator.close()


async def test_a_cancelled_clause_ends_its_call_and_is_no_failure(peer: Audio2FacePeer) -> None:
    peer.manners.hang_after = 4
    animator = Audio2Face(Options(address=peer.address, **PATIENT))
    utterance = animator.open_utterance()
    pushing = asyncio.create_task(utterance.push(SPEECH))
    await asyncio.wait({pushing}, timeout=0.2)
    assert not pushing.done()
    await utterance.cancel()
    await asyncio.wait({pushing})
    assert not pushing.cancelled()
    assert len(pushing.result()) == 0
    assert not animator.health().is_degraded
    await animator.close()


async def test_a_broken_clause_is_logged_with_its_reason_and_no_sound(
    peer: Audio2FacePeer, open_pair: Any, caplog: pytest.LogCaptureFixture
) -> None:
    peer.manners.error_after = 8
    with caplog.at_level(logging.WARNING):
        await animate(open_pair(peer.address).open_utterance())
    (record,) = [record for record in caplog.records if "stepped in" in record.message]
    assert "the model ran into an error" in record.reason  # type: ignore[attr-defined]  # a field of the log call


async def test_alone_without_a_fallback_a_dead_peer_is_unavailable_until_it_is_back(peer: Audio2FacePeer) -> None:
    animator = Audio2Face(Options(address=peer.address, failures=1, look_again_s=3600, **PATIENT))
    peer.manners.error_after = 0
    with pytest.raises(EngineFailed):
        await animate(animator.open_utterance())
    with pytest.raises(EngineUnavailable, match="looked for again"):
        animator.open_utterance()
    await animator.close()
