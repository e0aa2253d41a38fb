"""Who hears finals, who hears partials, and what health says of both."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from services.asr.config import AsrConfig
from services.asr.engines.fallback import Fallback
from services.asr.inference import Inference, open_inference
from services.asr.senses import LoudnessModel, TimerOnly
from shared.errors import EngineFailed
from tests.support.asr_fake_engine import FakeEngine

SOUND = np.zeros(1600, np.int16)


class Ears:
    def __init__(self) -> None:
        self.engine, self.own = FakeEngine("engine", ("en", "nl")), FakeEngine("own", ("en",))
        self.inference = Inference(self.engine, LoudnessModel, TimerOnly)
        self.inference.show_partials_with(self.own)

    async def partial(self, language: str = "en") -> str:
        return (await self.inference.decode_partial(SOUND, language, 1)).transcription.engine

    async def final(self, language: str = "en") -> str:
        return (await self.inference.decode(SOUND, language, 1)).transcription.engine


@pytest.fixture
async def ears() -> AsyncIterator[Ears]:
    ears = Ears()
    yield ears
    ears.engine.may_answer.set()
    ears.inference.close()


async def test_partials_have_an_engine_of_their_own(ears: Ears) -> None:
    await ears.inference.warm_up()
    assert (await ears.partial(), await ears.final()) == ("own", "engine")
    assert (ears.own.warmed, ears.engine.warmed) == (1, 1)


async def test_a_language_their_engine_does_not_know_goes_to_the_engine(ears: Ears) -> None:
    await ears.inference.warm_up()
    assert await ears.partial("nl") == "engine"


async def test_a_busy_engine_keeps_nobody_from_a_partial(ears: Ears) -> None:
    await ears.inference.warm_up()
    ears.engine.may_answer.clear()
    final = asyncio.create_task(ears.final())
    while not ears.engine.asked:
        await asyncio.sleep(0)
    assert ears.inference.has_time_for_partials("en")
    assert not ears.inference.has_time_for_partials("nl")
    assert await ears.partial() == "own"
    ears.engine.may_answer.set()
    assert await final == "engine"


async def test_one_partial_at_a_time(ears: Ears) -> None:
    await ears.inference.warm_up()
    ears.own.may_answer.clear()
    partial = asyncio.create_task(ears.partial())
    while not ears.own.asked:
        await asyncio.sleep(0)
    assert not ears.inference.has_time_for_partials("en")
    ears.own.may_answer.set()
    assert await partial == "own"
    assert ears.inference.has_time_for_partials("en")


async def test_a_partial_that_fails_degrades_nothing(ears: Ears) -> None:
    await ears.inference.warm_up()
    ears.own.failure = EngineFailed("own stumbled")
    with pytest.raises(EngineFailed):
        await ears.partial()
    health = ears.inference.health()
    assert (health.is_degraded, health.last_error) == (False, "own stumbled")


async def test_an_engine_for_partials_that_is_away_is_done_without_and_shown(ears: Ears) -> None:
    ears.own.is_away = True
    await ears.inference.warm_up()
    assert await ears.partial() == "engine"
    health = ears.inference.health()
    assert (health.is_degraded, health.last_error) == (True, "partials: own is away")


async def test_a_covered_failure_degrades_health_until_the_first_engine_answers_again() -> None:
    first = FakeEngine("first")
    inference = Inference(Fallback([first, FakeEngine("second")]), LoudnessModel, TimerOnly)
    await inference.warm_up()
    first.failure = EngineFailed("out of memory")
    assert (await inference.decode(SOUND, "en", 1)).transcription.engine == "second"
    health = inference.health()
    assert (health.is_degraded, health.fallbacks, health.last_error) == (True, 1, "out of memory")
    first.failure = None
    assert (await inference.decode(SOUND, "en", 2)).transcription.engine == "first"
    health = inference.health()
    assert (health.is_degraded, health.fallbacks) == (False, 1)
    inference.close()


def test_an_unknown_engine_for_partials_is_refused_by_name() -> None:
    from shared.errors import ConfigError

    with pytest.raises(ConfigError, match="did you mean 'moonshine'"):
        open_inference(AsrConfig(engine="scripted", partial_engine="moonshin"))


def test_without_partials_no_engine_is_opened_for_them() -> None:
    assert AsrConfig(partial_engine="moonshine", partial_step_s=0.0).partials() is None
