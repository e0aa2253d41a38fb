import numpy as np
import pytest

from services.a2f_bridge.animation import SpeechAnimation
from services.a2f_bridge.blendshapes import JAW_OPEN, Poses
from services.a2f_bridge.engines.embedded import EmbeddedAnimator
from services.a2f_bridge.engines.scripted import Options, ScriptedAnimator
from services.a2f_bridge.face_animator import poses_in
from shared.audio import to_bytes
from shared.errors import BadInput, EngineFailed
from shared.events import SpeechChunk
from tests.support.a2f_bridge_room import chunks, tone


def scripted(fail_after_poses: int = 0) -> SpeechAnimation:
    return SpeechAnimation(ScriptedAnimator(Options(fail_after_poses=fail_after_poses)))


def chunk(begin: int, samples: int = 2400, clause: int = 0, clause_samples: int = 0) -> SpeechChunk:
    return SpeechChunk(
        turn=1, from_sample=begin, pcm=to_bytes(np.full(samples, 0.5)), clause=clause, clause_samples=clause_samples
    )


async def take(animation: SpeechAnimation, *said: SpeechChunk) -> Poses:
    for one in said:
        await animation.take(one)
    return animation.poses()[1]


async def test_poses_follow_each_other_without_a_gap() -> None:
    animation = scripted()
    await animation.take(chunk(0))
    assert animation.poses()[0] == 0
    await animation.take(chunk(2400))
    first, poses = animation.poses()
    assert (first, len(poses)) == (6, 6)


async def test_a_whole_speech_has_a_pose_for_every_begun_sixtieth() -> None:
    animation = SpeechAnimation(EmbeddedAnimator())
    *said, _ = chunks(tone(1.23))
    poses = await take(animation, *[one for one in said if isinstance(one, SpeechChunk)])
    await animation.end(samples=29_520)
    assert len(poses) + len(animation.poses()[1]) == poses_in(29_520)
    assert animation.shortfall == 0


async def test_what_was_taken_already_is_passed_over() -> None:
    animation = scripted()
    assert len(await take(animation, chunk(0), chunk(0), chunk(0))) == 6


async def test_of_a_chunk_that_overlaps_only_the_new_part_counts() -> None:
    animation = scripted()
    assert len(await take(animation, chunk(0), chunk(1200))) == 9


async def test_over_a_gap_the_mouth_closes() -> None:
    animation = scripted()
    poses = await take(animation, chunk(0), chunk(24_000))
    assert len(poses) == 66
    assert poses[5, JAW_OPEN] == pytest.approx(0.5, abs=1e-3)
    assert (np.diff(poses[5:60, JAW_OPEN]) < 0.0).all()
    assert poses[59, JAW_OPEN] < 0.01
    assert poses[60, JAW_OPEN] == pytest.approx(0.5, abs=1e-3)


async def test_a_clause_whose_length_is_known_is_finished_without_waiting_for_the_next() -> None:
    animation = SpeechAnimation(EmbeddedAnimator())
    assert len(await take(animation, chunk(0, clause_samples=4800))) < 6
    assert len(await take(animation, chunk(2400))) > 6
    assert animation.poses()[0] == 12


async def test_a_clause_of_unknown_length_is_finished_by_the_next() -> None:
    animation = SpeechAnimation(EmbeddedAnimator())
    await take(animation, chunk(0))
    await animation.take(chunk(2400, clause=1))
    assert animation.poses()[0] + 0 >= 4
    await animation.end(4800)
    animation.poses()
    assert animation.shortfall == 0


async def test_clauses_may_begin_between_two_poses() -> None:
    animation = scripted()
    poses = await take(animation, chunk(0, samples=2640), chunk(2640, samples=240, clause=1), chunk(2880, clause=1))
    await animation.end(5280)
    rest = animation.poses()[1]
    assert len(poses) + len(rest) == poses_in(5280)


async def test_half_a_sample_is_refused_and_changes_nothing() -> None:
    animation = scripted()
    with pytest.raises(BadInput, match="3 bytes"):
        await animation.take(SpeechChunk(turn=1, from_sample=0, pcm=b"abc"))
    assert len(await take(animation, chunk(0))) == 6


@pytest.mark.parametrize("place", [-240, 24_000 * 121])
async def test_an_impossible_place_is_refused(place: int) -> None:
    with pytest.raises(BadInput, match="beyond any speech"):
        await scripted().take(chunk(place))


async def test_an_empty_chunk_is_nothing() -> None:
    assert len(await take(scripted(), chunk(0, samples=0))) == 0


async def test_after_a_broken_engine_the_same_chunk_begins_a_new_utterance() -> None:
    animation = scripted(fail_after_poses=10)
    await animation.take(chunk(0))
    with pytest.raises(EngineFailed):
        await animation.take(chunk(2400))
    await animation.take(chunk(2400))
    first, poses = animation.poses()
    assert (first, len(poses)) == (0, 12)


async def test_an_end_without_the_last_chunks_is_padded_to_its_length() -> None:
    animation = scripted()
    await animation.take(chunk(0))
    await animation.end(samples=9600)
    assert len(animation.poses()[1]) == 24


async def test_nothing_comes_after_the_end_or_a_cancel() -> None:
    ended, cancelled = scripted(), scripted()
    await ended.end(0)
    await cancelled.cancel()
    assert len(await take(ended, chunk(0))) == 0
    assert len(await take(cancelled, chunk(0))) == 0
