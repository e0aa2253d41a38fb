"""Every engine of the face passes these."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from services.a2f_bridge.blendshapes import COUNT, JAW_OPEN, Poses, gap
from services.a2f_bridge.engines import ENGINES
from services.a2f_bridge.face_animator import SAMPLES_PER_POSE, FaceAnimator, Utterance, poses_in
from shared.audio import VOICE_HZ
from shared.engines import EngineChoice
from shared.errors import BadInput
from tests.support.a2f_bridge_peers import options_of
from tests.support.a2f_bridge_room import silence, tone

SPEECH = np.concatenate((silence(0.1), tone(0.4), silence(0.15), tone(0.3, level=0.6), silence(0.3)))


@pytest.fixture(params=[*ENGINES.table, "fallback: audio2face"])
async def animator(request: pytest.FixtureRequest) -> AsyncIterator[FaceAnimator]:
    engine, _, first = request.param.partition(": ")
    with options_of(first or engine) as options:
        if engine == "fallback":
            options["fallback"] = {"order": [first or "scripted", "embedded"]}
        opened = ENGINES.open(EngineChoice(engine=engine, options=options))
        yield opened
        await opened.close()


async def animate(utterance: Utterance, pcm: np.ndarray, cut: int = 2400) -> Poses:
    pieces = [await utterance.push(pcm[begin : begin + cut]) for begin in range(0, len(pcm), cut)]
    return np.concatenate([*pieces, await utterance.finish()])


async def test_it_is_warm_after_one_inference(animator: FaceAnimator) -> None:
    health = await animator.warm_up()
    assert animator.name in health.engine
    assert health.warm_s >= 0.0
    assert animator.health() == health


async def test_an_engine_that_is_well_says_so(animator: FaceAnimator) -> None:
    await animator.warm_up()
    await animate(animator.open_utterance(), SPEECH)
    health = animator.health()
    assert (health.is_degraded, health.fallbacks, health.last_error) == (False, 0, "")


async def test_poses_are_float32_weights_of_52_shapes(animator: FaceAnimator) -> None:
    poses = await animate(animator.open_utterance(), SPEECH)
    assert poses.shape == (poses_in(len(SPEECH)), COUNT)
    assert poses.dtype == np.float32
    assert ((poses >= 0.0) & (poses <= 1.0)).all()


@pytest.mark.parametrize("samples", [0, 1, 400, 401, 2400, 30_011])
async def test_an_utterance_of_any_length_has_a_pose_for_every_begun_sixtieth(
    animator: FaceAnimator, samples: int
) -> None:
    assert len(await animate(animator.open_utterance(), np.resize(SPEECH, samples))) == poses_in(samples)


@pytest.mark.parametrize("cut", [240, 999, 24_000])
async def test_how_speech_is_cut_changes_nothing(animator: FaceAnimator, cut: int) -> None:
    whole = await animate(animator.open_utterance(), SPEECH)
    assert np.allclose(await animate(animator.open_utterance(), SPEECH, cut), whole, atol=1e-6)


async def test_two_utterances_know_nothing_of_each_other(animator: FaceAnimator) -> None:
    one, other = animator.open_utterance(), animator.open_utterance()
    await other.push(tone(0.5, level=0.9))
    alone = await animate(animator.open_utterance(), SPEECH)
    assert (await animate(one, SPEECH) == alone).all()


async def test_a_pose_is_final_when_its_look_ahead_has_been_heard(animator: FaceAnimator) -> None:
    utterance = animator.open_utterance()
    heard = VOICE_HZ // 2
    due = int((heard - animator.lookahead_s * VOICE_HZ) // SAMPLES_PER_POSE) + 1
    assert len(await utterance.push(SPEECH[:heard])) >= due


async def test_silence_is_a_shut_mouth(animator: FaceAnimator) -> None:
    assert gap(await animate(animator.open_utterance(), silence(0.5))).max() < 0.02


async def test_speech_opens_the_mouth_and_its_end_shuts_it(animator: FaceAnimator) -> None:
    jaw = (await animate(animator.open_utterance(), SPEECH))[:, JAW_OPEN]
    assert jaw[8:28].max() > 0.05
    assert jaw[-6:].max() < 0.02


async def test_what_is_no_number_or_out_of_range_does_no_harm(animator: FaceAnimator) -> None:
    broken = SPEECH.copy()
    broken[::7], broken[1::7], broken[2::7] = np.nan, np.inf, -40.0
    poses = await animate(animator.open_utterance(), broken)
    assert np.isfinite(poses).all()


@pytest.mark.parametrize("wrong", [np.zeros((2, 480), np.float32), np.zeros(480, np.int16)])
async def test_what_is_no_mono_float_sound_is_refused_and_the_utterance_goes_on(
    animator: FaceAnimator, wrong: np.ndarray
) -> None:
    utterance = animator.open_utterance()
    with pytest.raises(BadInput, match="mono float"):
        await utterance.push(wrong)
    assert (await animate(utterance, SPEECH) == await animate(animator.open_utterance(), SPEECH)).all()


async def test_an_utterance_may_be_cancelled_at_any_time_and_twice(animator: FaceAnimator) -> None:
    utterance = animator.open_utterance()
    await utterance.push(SPEECH[:2400])
    await utterance.cancel()
    await utterance.cancel()
    assert len(await animate(animator.open_utterance(utterance), SPEECH)) == poses_in(len(SPEECH))


async def test_an_utterance_says_which_engine_makes_it(animator: FaceAnimator) -> None:
    assert animator.open_utterance().engine in ENGINES.table
