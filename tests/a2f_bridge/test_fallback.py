import numpy as np
import pytest

from services.a2f_bridge.blendshapes import JAW_OPEN, Poses
from services.a2f_bridge.engines.embedded import EmbeddedAnimator
from services.a2f_bridge.engines.fallback import GIVE_UP_AFTER, REST_CLAUSES, FallbackAnimator
from services.a2f_bridge.engines.scripted import Options, ScriptedAnimator
from services.a2f_bridge.face_animator import Utterance, poses_in
from shared.errors import EngineFailed, EngineUnavailable
from shared.stage import Health
from tests.support.a2f_bridge_room import tone


class AwayAnimator(ScriptedAnimator):
    """A peer that is not there."""

    def __init__(self) -> None:
        super().__init__(Options())

    async def warm_up(self) -> Health:
        raise EngineUnavailable("scripted: away")

    def open_utterance(self, after: Utterance | None = None) -> "Utterance":  # type: ignore[override]
        raise EngineUnavailable("scripted: away")


def breaking(poses: int) -> ScriptedAnimator:
    return ScriptedAnimator(Options(fail_after_poses=poses))


async def animate(utterance: Utterance, seconds: float = 1.0) -> Poses:
    speech = tone(seconds)
    pieces = [await utterance.push(speech[begin : begin + 2400]) for begin in range(0, len(speech), 2400)]
    return np.concatenate([*pieces, await utterance.finish()])


async def test_while_the_first_works_only_the_first_is_heard() -> None:
    animator = FallbackAnimator(ScriptedAnimator(Options()), EmbeddedAnimator())
    utterance = animator.open_utterance()
    await animate(utterance)
    assert (utterance.engine, animator.fallbacks) == ("scripted", 0)


async def test_the_second_goes_on_in_the_same_utterance_without_a_missing_pose() -> None:
    animator = FallbackAnimator(breaking(20), EmbeddedAnimator())
    utterance = animator.open_utterance()
    poses = await animate(utterance)
    assert len(poses) == poses_in(24_000)
    assert (utterance.engine, animator.fallbacks) == ("embedded", 1)


async def test_the_second_takes_over_without_a_jump() -> None:
    jaw = (await animate(FallbackAnimator(breaking(20), EmbeddedAnimator()).open_utterance()))[:, JAW_OPEN]
    assert np.abs(np.diff(jaw[12:40])).max() < 1.5 * 4.3 / 60


async def test_a_break_in_the_last_breath_is_covered_too() -> None:
    animator = FallbackAnimator(breaking(5), EmbeddedAnimator())
    utterance = animator.open_utterance()
    assert len(await utterance.push(tone(0.1)[:2390])) == 5
    assert len(await utterance.finish()) == 1


async def test_the_first_may_be_away_at_the_start() -> None:
    animator = FallbackAnimator(AwayAnimator(), EmbeddedAnimator())
    health = await animator.warm_up()
    assert health.is_degraded
    assert "embedded" in health.engine
    assert len(await animate(animator.open_utterance())) == 60


async def test_without_a_second_there_is_no_fallback() -> None:
    with pytest.raises(EngineUnavailable):
        await FallbackAnimator(EmbeddedAnimator(), AwayAnimator()).warm_up()


async def test_if_both_break_it_says_so() -> None:
    utterance = FallbackAnimator(breaking(5), AwayAnimator()).open_utterance()
    with pytest.raises(EngineFailed, match="both engines"):
        await animate(utterance)


async def test_an_engine_that_keeps_breaking_is_left_alone_for_a_while() -> None:
    animator = FallbackAnimator(breaking(5), EmbeddedAnimator())
    for _ in range(GIVE_UP_AFTER):
        await animate(animator.open_utterance())
    engines = [animator.open_utterance().engine for _ in range(REST_CLAUSES + 1)]
    assert engines == ["embedded"] * REST_CLAUSES + ["scripted"]
    assert animator.fallbacks == GIVE_UP_AFTER


async def test_while_the_second_carries_it_is_named_and_the_reason_told() -> None:
    animator = FallbackAnimator(breaking(5), EmbeddedAnimator())
    await animator.warm_up()
    assert animator.health().engine == "fallback: scripted"
    await animate(animator.open_utterance())
    health = animator.health()
    assert (health.engine, health.is_degraded, health.fallbacks) == ("fallback: embedded", True, 1)
    assert "told to break" in health.last_error


async def test_when_the_first_works_again_nothing_is_degraded_any_more() -> None:
    animator = FallbackAnimator(breaking(20), EmbeddedAnimator())
    await animate(animator.open_utterance(), 1.0)
    await animate(animator.open_utterance(), 0.2)
    health = animator.health()
    assert (health.engine, health.is_degraded, health.last_error) == ("fallback: scripted", False, "")
    assert health.fallbacks == 1


async def test_an_engine_that_is_away_is_asked_again_for_every_clause() -> None:
    away = AwayAnimator()
    animator = FallbackAnimator(away, EmbeddedAnimator())
    for _ in range(GIVE_UP_AFTER + 1):
        await animate(animator.open_utterance(), 0.1)
    animator._first = ScriptedAnimator(Options())  # it is back
    utterance = animator.open_utterance()
    await animate(utterance, 0.1)
    assert (utterance.engine, animator.health().is_degraded) == ("scripted", False)
