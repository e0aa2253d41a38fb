"""Omniverse Audio2Face over real gRPC and HTTP: it is played what sounds, when it sounds."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("grpc", reason="grpcio is not installed")

from services.a2f_bridge.engines.embedded import EmbeddedAnimator
from services.a2f_bridge.engines.fallback import FallbackAnimator
from services.a2f_bridge.engines.omniverse import Omniverse, Options
from services.a2f_bridge.engines.omniverse_remote import Remote
from services.a2f_bridge.stage import BridgeStage, open_stage
from services.a2f_bridge.trial import run_trial
from shared.clock import HostClock
from shared.errors import EngineFailed, EngineUnavailable
from shared.events import SpeechDue
from shared.stage import Visit
from tests.a2f_bridge.test_trial import ignore, wav
from tests.peers.omniverse import LIVE_LINK, PLAYER, OmniversePeer, omniverse_peer
from tests.support.a2f_bridge_room import RememberingOutlet, chunks, tone

SPEECH = tone(0.6)
Opener = Callable[..., Omniverse]


@pytest.fixture
def peer() -> Iterator[OmniversePeer]:
    with omniverse_peer() as running:
        yield running


@pytest.fixture
async def open_engine() -> AsyncIterator[Opener]:
    opened: list[Omniverse] = []

    def open_it(peer: OmniversePeer, **options: Any) -> Omniverse:
        given = {"address": peer.address, "watchdog_ms": 10_000, "warm_up_s": 5.0, "settle_s": 0.0, **options}
        opened.append(Omniverse(Options(**given), EmbeddedAnimator()))
        return opened[-1]

    yield open_it
    for animator in opened:
        await animator.close()


async def until(is_so: Any) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.01)


async def play(animator: Omniverse, pcm: np.ndarray = SPEECH) -> None:
    for begin in range(0, len(pcm), 400):
        animator.performer.play(pcm[begin : begin + 400])
    animator.performer.pause()
    async with asyncio.timeout(20):
        while animator.performer._stretches:
            await asyncio.sleep(0.01)


# --- the streaming player ---------------------------------------------------------------------------------------------


async def test_sound_goes_out_as_float32_after_a_start_marker(peer: OmniversePeer, open_engine: Opener) -> None:
    animator = open_engine(peer)
    await animator.warm_up()
    await play(animator)
    (stretch,) = peer.stretches
    assert (stretch.rate, stretch.refused, stretch.is_complete) == (24_000, "", True)
    assert (stretch.pcm == SPEECH).all()


async def test_every_stretch_is_a_call_of_its_own(peer: OmniversePeer, open_engine: Opener) -> None:
    animator = open_engine(peer)
    await animator.warm_up()
    for _ in range(3):
        await play(animator, SPEECH[:2400])
    assert [len(stretch.pcm) for stretch in peer.stretches] == [2400] * 3


async def test_what_is_stopped_is_cut_and_no_answer_is_waited_for(peer: OmniversePeer, open_engine: Opener) -> None:
    animator = open_engine(peer)
    await animator.warm_up()
    peer.hang = True  # one that were asked for its answer would be found out by the watchdog
    animator.performer.play(SPEECH[:2400])
    await until(lambda: peer.stretches)
    animator.performer.stop()
    await until(lambda: not animator.performer._stretches)
    assert not animator.health().is_degraded


async def test_a_refusal_in_band_is_a_failure_though_the_call_went_well(
    peer: OmniversePeer, open_engine: Opener
) -> None:
    animator = open_engine(peer)
    await animator.warm_up()
    peer.has_scene = False
    await play(animator)
    assert "refuses the sound: there is no streaming player" in animator.health().last_error


async def test_a_player_that_hangs_is_given_up_and_nobody_waited(peer: OmniversePeer, open_engine: Opener) -> None:
    animator = open_engine(peer, watchdog_ms=60)
    await animator.warm_up()
    peer.hang = True
    await play(animator)
    assert "said nothing for 60 ms" in animator.health().last_error


async def test_without_a_connection_sound_is_dropped_silently(peer: OmniversePeer, open_engine: Opener) -> None:
    await play(open_engine(peer))
    assert peer.stretches == []


# --- the engine -------------------------------------------------------------------------------------------------------


async def test_warm_means_that_the_player_took_a_sound(peer: OmniversePeer, open_engine: Opener) -> None:
    health = await open_engine(peer).warm_up()
    assert (health.engine, health.device) == ("omniverse", f"grpc {peer.address}")
    assert [len(sound.pcm) for sound in peer.pushed] == [2400]


async def test_a_player_that_is_not_in_the_scene_is_told_with_a_remedy(
    peer: OmniversePeer, open_engine: Opener
) -> None:
    with pytest.raises(
        EngineUnavailable, match=r"no streaming player /World/other.*\[a2f_bridge\.options\.omniverse\]"
    ):
        await open_engine(peer, player="/World/other").warm_up()


async def test_its_poses_are_our_own_lip_sync(peer: OmniversePeer, open_engine: Opener) -> None:
    animator, own = open_engine(peer), EmbeddedAnimator()
    await animator.warm_up()
    ours, its = own.open_utterance(), animator.open_utterance()
    assert (await its.push(SPEECH) == await ours.push(SPEECH)).all()


async def test_killed_in_mid_clause_the_fallback_says_so_and_goes_on(peer: OmniversePeer, open_engine: Opener) -> None:
    first = open_engine(peer, failures=1, look_again_s=0.02, look_at_last_s=0.1)
    animator = FallbackAnimator(first, EmbeddedAnimator())
    assert animator.performer is first.performer
    await animator.warm_up()
    utterance = animator.open_utterance()
    await utterance.push(SPEECH[:4800])
    first.performer.play(SPEECH[:2400])
    await until(lambda: peer.stretches)
    await asyncio.to_thread(peer.kill)
    await until(lambda: first.broken_stretches)
    await utterance.push(SPEECH[4800:])
    await utterance.finish()
    assert (utterance.engine, animator.health().is_degraded, animator.fallbacks) == ("embedded", True, 1)
    assert animator.open_utterance().engine == "embedded"
    with omniverse_peer(peer.port) as again:
        await until(lambda: not animator.health().is_degraded)
        await play(first)
        assert again.stretches[0].is_complete
        assert animator.open_utterance().engine == "omniverse"


async def test_alone_a_clause_fails_when_its_player_has_failed(peer: OmniversePeer, open_engine: Opener) -> None:
    animator = open_engine(peer)
    await animator.warm_up()
    utterance = animator.open_utterance()
    peer.has_scene = False
    await play(animator)
    with pytest.raises(EngineFailed, match="refuses the sound"):
        await utterance.push(SPEECH)


# --- its remote control -----------------------------------------------------------------------------------------------


async def test_a_headless_application_is_set_up_in_order_and_unreal_stays_mute(open_engine: Opener) -> None:
    with omniverse_peer(has_scene=False) as peer:
        peer.boot_polls = 1
        await open_engine(peer, rest_url=peer.url, scene="/scenes/mark.usd").warm_up()
    assert [path for path, _ in peer.asked] == [
        "/status",
        "/status",
        "/A2F/USD/Load",
        "/A2F/Exporter/ActivateStreamLivelink",
        "/A2F/Exporter/SetStreamLivelinkSettings",
    ]
    assert [body for _, body in peer.asked[2:]] == [
        {"file_name": "/scenes/mark.usd"},
        {"node_path": LIVE_LINK, "value": True},
        {"node_path": LIVE_LINK, "values": {"enable_audio_stream": False}},
    ]


async def test_a_scene_that_cannot_be_loaded_is_told(open_engine: Opener) -> None:
    with omniverse_peer(has_scene=False) as peer, pytest.raises(EngineUnavailable, match=r"USD/Load.*Failed to load"):
        await open_engine(peer, rest_url=peer.url, scene="/scenes/mark.txt").warm_up()


async def test_after_the_application_was_started_anew_it_is_set_up_anew(
    peer: OmniversePeer, open_engine: Opener
) -> None:
    animator = open_engine(
        peer, rest_url=peer.url, scene="mark.usd", failures=1, look_again_s=0.02, look_at_last_s=0.05
    )
    await animator.warm_up()
    peer.has_scene = False  # started anew: nothing is open
    await play(animator)
    await until(lambda: not animator.health().is_degraded)
    assert [path for path, _ in peer.asked].count("/A2F/USD/Load") == 2


def test_an_application_that_never_comes_up_is_given_up(peer: OmniversePeer) -> None:
    peer.boot_polls = 10**6
    with pytest.raises(EngineUnavailable, match="rest_url"):
        Remote(peer.url, patience_s=0.0).set_up("", LIVE_LINK, 0.0)


# --- a visit, and a file ----------------------------------------------------------------------------------------------


async def test_in_a_visit_it_is_played_the_speech_when_it_sounds(peer: OmniversePeer) -> None:
    options = {"omniverse": {"address": peer.address, "watchdog_ms": 10_000}}
    stage = open_stage({"a2f_bridge": {"engine": "omniverse", "options": options, "live_link": "127.0.0.1:9"}})
    assert isinstance(stage, BridgeStage)
    await stage.warm_up()
    clock = HostClock()
    worker = stage.open_visit(Visit(session="s1", language="en", outlet=RememberingOutlet(), clock=clock))
    alive = asyncio.create_task(worker.run())
    for event in chunks(SPEECH):
        await worker.handle(event)
    assert peer.stretches == []  # nobody knows yet when it sounds
    sounds_at = clock.now() + 0.6
    worker.overhear(SpeechDue(speech_turn=1, speech_rev=0, from_sample=0, due_at=sounds_at))
    await until(lambda: peer.stretches and peer.stretches[0].is_complete)
    alive.cancel()
    await asyncio.wait({alive})
    await worker.close()
    await stage.close()
    assert np.allclose(peer.stretches[0].pcm, SPEECH, atol=1e-4)
    early_s = sounds_at - peer.stretches[0].began_at
    assert early_s <= 0.15 + 0.09 + 0.01  # its prediction delay and the length of the video path, never more


def test_a_file_can_be_tried_on_an_application_given_by_address_alone(peer: OmniversePeer, tmp_path: Path) -> None:
    settings = {"a2f_bridge": {"engine": "omniverse", "options": {"omniverse": {"address": peer.address}}}}
    report = run_trial(settings, {"input": str(wav(tmp_path / "o.wav", SPEECH))}, ignore)
    assert (report["engine"], report["poses"]) == ("omniverse", 36)
    assert [(len(stretch.pcm), stretch.is_complete) for stretch in peer.stretches] == [(14_400, True)]


def test_a_file_that_the_player_refuses_is_no_success(peer: OmniversePeer, tmp_path: Path) -> None:
    options = {"omniverse": {"address": peer.address, "player": PLAYER + "2"}}
    with pytest.raises(EngineUnavailable, match="PlayerStreaming2"):
        run_trial(
            {"a2f_bridge": {"engine": "omniverse", "options": options}},
            {"input": str(wav(tmp_path / "o.wav", SPEECH))},
            ignore,
        )
