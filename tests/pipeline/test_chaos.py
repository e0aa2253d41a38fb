"""A short run of `mirror bench chaos`: real processes killed, stopped, scaled, poisoned while they are visited."""

import pytest

from rig.chaos.run import Run, bench_chaos

pytestmark = [pytest.mark.visit, pytest.mark.slow, pytest.mark.redis, pytest.mark.timeout(300)]

SEED = 17
DISTURBANCES = 12


def test_twelve_disturbances_lose_nothing_say_nothing_twice_and_keep_the_order() -> None:
    found = bench_chaos(DISTURBANCES, Run(SEED, lambda _what, _share: None))
    assert found.faults == []
    assert found.is_clean
    assert found.disturbances == DISTURBANCES
