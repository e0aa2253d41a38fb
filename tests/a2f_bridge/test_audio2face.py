"""Audio2Face-3D over real gRPC, against a peer that refuses what the real one refuses."""

import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("grpc", reason="grpcio is not installed")

import grpc

from services.a2f_bridge.blendshapes import COUNT, JAW_OPEN, NAMES, Poses, index
from services.a2f_bridge.config import BridgeConfig
from services.a2f_bridge.engines import ENGINES
from services.a2f_bridge.engines.audio2face import Audio2Face, Options
from services.a2f_bridge.face_animator import Utterance, poses_in
from services.a2f_bridge.trial import run_trial
from shared.errors import ConfigError, EngineFailed, EngineUnavailable
from tests.a2f_bridge.test_trial import ignore, wav
from tests.peers.audio2face import NAMES_55, NAMES_68, Audio2FacePeer, audio2face_peer
from tests.support.a2f_bridge_peers import PATIENT
from tests.support.a2f_bridge_room import silence, tone

SPEECH = np.concatenate((silence(0.1), tone(0.5), silence(0.2)))


@pytest.fixture
def peer() -> Iterator[Audio2FacePeer]:
    with audio2face_peer() as running:
        yield running


@pytest.fixture
async def animator(peer: Audio2FacePeer) -> AsyncIterator[Audio2Face]:
    opened = Audio2Face(Options(address=peer.address, **PATIENT))
    yield opened
    await opened.close()


async def animate(utterance: Utterance, pcm: np.ndarray = SPEECH) -> Poses:
    pieces = [await utterance.push(pcm[begin : begin + 2400]) for begin in range(0, len(pcm), 2400)]
    return np.concatenate([*pieces, await utterance.finish()])


# --- what goes over the wire ------------------------------------------------------------------------------------------


async def test_every_clause_is_a_call_of_its_own_read_to_its_status(animator: Audio2Face, peer: Audio2FacePeer) -> None:
    for _ in range(3):
        await animate(animator.open_utterance())
    await animator.close()
    assert [clip.is_ended for clip in peer.clips] == [True] * 3
    assert [clip.refused for clip in peer.clips] == [""] * 3


async def test_the_sound_goes_out_as_it_is_24_khz_mono_16_bits(animator: Audio2Face, peer: Audio2FacePeer) -> None:
    await animate(animator.open_utterance())
    head = peer.clips[0].header.audio_header
    assert (head.samples_per_second, head.channel_count, head.bits_per_sample, head.audio_format) == (24_000, 1, 16, 0)
    assert peer.clips[0].samples == len(SPEECH) + round(0.4 * 24_000)


async def test_silence_and_a_neutral_face_close_each_clip_and_are_not_animated(
    animator: Audio2Face, peer: Audio2FacePeer
) -> None:
    poses = await animate(animator.open_utterance())
    ((at_s, emotion),) = peer.clips[0].emotions
    assert at_s == pytest.approx(len(SPEECH) / 24_000)
    assert set(emotion.values()) == {0.0}
    assert len(emotion) == 10
    assert len(poses) == poses_in(len(SPEECH))


async def test_no_buffer_is_longer_than_the_peer_takes(animator: Audio2Face, peer: Audio2FacePeer) -> None:
    utterance = animator.open_utterance()
    poses = await utterance.push(np.resize(SPEECH, 24_000 * 12))
    assert len(poses) >= 11 * 60
    assert max(peer.clips[0].messages) <= 24_000
    await utterance.cancel()


async def test_a_clip_longer_than_the_peer_takes_is_not_sent(animator: Audio2Face, peer: Audio2FacePeer) -> None:
    with pytest.raises(EngineFailed, match="longer than 300 s"):
        await animator.open_utterance().push(np.zeros(24_000 * 301, np.float32))
    assert peer.clips == []


async def test_without_sound_nobody_is_called(animator: Audio2Face, peer: Audio2FacePeer) -> None:
    utterance = animator.open_utterance()
    assert len(await utterance.push(np.zeros(0, np.float32))) == 0
    assert len(await utterance.finish()) == 0
    assert peer.clips == []


async def test_feelings_and_strengths_that_are_set_reach_the_peer(peer: Audio2FacePeer) -> None:
    options = Options(
        address=peer.address, emotion={"joy": 0.5}, face_parameters={"lowerFaceStrength": 1.2},
        multipliers={"JawOpen": 1.1}, offsets={"MouthClose": 0.1}, **PATIENT,
    )  # fmt: skip
    animator = Audio2Face(options)
    await animate(animator.open_utterance())
    await animator.close()
    head = peer.clips[0].header
    assert dict(head.emotion_params.beginning_emotion) == {"joy": 0.5}
    assert head.face_params.float_params["lowerFaceStrength"] == pytest.approx(1.2)
    assert head.blendshape_params.bs_weight_multipliers["JawOpen"] == pytest.approx(1.1)
    assert head.blendshape_params.bs_weight_offsets["MouthClose"] == pytest.approx(0.1)


# --- what comes back --------------------------------------------------------------------------------------------------


async def test_the_jaw_moves_where_the_voice_is(animator: Audio2Face) -> None:
    jaw = (await animate(animator.open_utterance()))[:, JAW_OPEN]
    assert jaw[:5].max() < 0.02
    assert jaw[8:35].min() > 0.1
    assert jaw[38:].max() < 0.02


@pytest.mark.parametrize("names", [NAMES_55, NAMES_68, tuple(reversed(NAMES_68))], ids=["55", "68", "68 reversed"])
async def test_columns_are_mapped_by_the_names_in_the_header(
    animator: Audio2Face, peer: Audio2FacePeer, names: tuple[str, ...]
) -> None:
    peer.manners.names = names
    peer.manners.extra = {name: (i + 1) / 100 for i, name in enumerate(NAMES)} | {"HeadYaw": 0.9, "TongueUp": 0.8}
    poses = await animate(animator.open_utterance())
    expected = (np.arange(COUNT) + 1) / 100
    others = [i for i in range(COUNT) if i != JAW_OPEN]
    assert poses[20, others] == pytest.approx(expected[others])


async def test_weights_outside_0_and_1_are_clipped(animator: Audio2Face, peer: Audio2FacePeer) -> None:
    peer.manners.extra = {"MouthSmileLeft": 1.6, "MouthPucker": -0.4, "CheekPuff": float("nan")}
    pose = (await animate(animator.open_utterance()))[20]
    assert [pose[index(name)] for name in ("MouthSmileLeft", "MouthPucker", "CheekPuff")] == [1.0, 0.0, 0.0]


async def test_several_frames_in_one_message_are_all_taken(peer: Audio2FacePeer, animator: Audio2Face) -> None:
    one = await animate(animator.open_utterance())
    peer.manners.rows_per_message = 3
    patient = Audio2Face(Options(address=peer.address, look_ahead_ms=400, **PATIENT))
    assert (await animate(patient.open_utterance()) == one).all()
    await patient.close()


async def test_a_remark_in_the_middle_ends_nothing(animator: Audio2Face, peer: Audio2FacePeer) -> None:
    peer.manners.remark = "running hot"
    assert len(await animate(animator.open_utterance())) == poses_in(len(SPEECH))
    assert animator.health().last_error == ""


async def test_one_frame_less_than_announced_is_no_fault(animator: Audio2Face, peer: Audio2FacePeer) -> None:
    peer.manners.lose = range(23, 1000)
    poses = await animate(animator.open_utterance())
    assert len(poses) == poses_in(len(SPEECH))
    assert (poses[-1] == poses[-2]).all()


# --- ready means warm -------------------------------------------------------------------------------------------------


async def test_warm_means_that_a_clip_came_back(animator: Audio2Face, peer: Audio2FacePeer) -> None:
    health = await animator.warm_up()
    assert (health.engine, health.device) == ("audio2face", f"grpc {peer.address}")
    assert peer.clips[0].frames > 0


async def test_a_peer_without_a_health_service_is_taken_at_its_word(animator: Audio2Face, peer: Audio2FacePeer) -> None:
    peer.manners.is_serving = None
    assert not (await animator.warm_up()).is_degraded


async def test_a_peer_that_still_builds_its_engines_is_not_ready(animator: Audio2Face, peer: Audio2FacePeer) -> None:
    peer.manners.is_serving = False
    with pytest.raises(EngineUnavailable, match="not serving yet"):
        await animator.warm_up()


async def test_a_peer_that_is_absent_is_told_with_its_address_and_a_remedy() -> None:
    animator = Audio2Face(Options(address="127.0.0.1:1"))
    with pytest.raises(EngineUnavailable, match=r"127\.0\.0\.1:1.*UNAVAILABLE.*options\.audio2face"):
        await animator.warm_up()
    with pytest.raises(EngineUnavailable):
        animator.open_utterance()
    assert animator.health().is_degraded
    await animator.close()


@pytest.mark.parametrize(
    "options", [{"address": "nowhere"}, {"address": "host:0"}, {"client_key": "key.pem"}, {"adress": "host:1"}]
)
def test_wrong_options_are_refused_before_anything_is_opened(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        ENGINES.open(BridgeConfig(engine="audio2face", options={"audio2face": options}))


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Key and certificate of a host called `nim`, signed by itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, pem = folder / "key.pem", folder / "certificate.pem"
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=nim", "-addext", "subjectAltName=DNS:nim", "-keyout", str(key), "-out", str(pem)]
    subprocess.run([openssl, *made, *names], check=True, capture_output=True)
    return key, pem


@pytest.mark.parametrize("shows_itself", [False, True], ids=["TLS", "mTLS"])
async def test_a_peer_behind_tls_is_reached_by_its_certificate(
    certificate: tuple[Path, Path], shows_itself: bool
) -> None:
    key, pem = certificate
    pair = [(key.read_bytes(), pem.read_bytes())]
    credentials = grpc.ssl_server_credentials(pair, pem.read_bytes(), True) if shows_itself else (
        grpc.ssl_server_credentials(pair)
    )  # fmt: skip
    mine: dict[str, Any] = {"client_certificate": str(pem), "client_key": str(key)} if shows_itself else {}
    with audio2face_peer(credentials=credentials) as peer:
        animator = Audio2Face(
            Options(address=peer.address, tls=True, root_certificate=str(pem), server_name="nim", **mine, **PATIENT)
        )
        await animator.warm_up()
        assert len(await animate(animator.open_utterance())) == poses_in(len(SPEECH))
        await animator.close()


async def test_a_certificate_that_is_not_there_is_named() -> None:
    animator = Audio2Face(Options(tls=True, root_certificate="/nowhere/root.pem"))
    with pytest.raises(EngineUnavailable, match=r"/nowhere/root\.pem"):
        await animator.warm_up()
    await animator.close()


# --- mirror try -------------------------------------------------------------------------------------------------------


def test_a_file_can_be_tried_on_a_peer_given_by_address_alone(peer: Audio2FacePeer, tmp_path: Path) -> None:
    source = wav(tmp_path / "o.wav", SPEECH)
    settings = {"a2f_bridge": {"engine": "audio2face", "options": {"audio2face": {"address": peer.address, **PATIENT}}}}
    report = run_trial(settings, {"input": str(source), "out": str(tmp_path / "poses.csv")}, ignore)
    assert (report["engine"], report["poses"]) == ("audio2face", poses_in(len(SPEECH)))
    assert [clip.is_ended for clip in peer.clips] == [True, True]  # one to warm up
    assert (tmp_path / "poses.csv").read_text().count("\n") == 1 + poses_in(len(SPEECH))


def test_the_table_of_names_is_the_one_unreal_wants() -> None:
    assert NAMES_55[:52] == NAMES_68[:52] == NAMES
