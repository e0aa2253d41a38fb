"""A second source while the first is silent, and never a cut."""

import numpy as np
import pytest

from services.faceswap.drought import GAP_S
from services.faceswap.sources.understudy import CURTAIN_S, Options, Understudy
from services.faceswap.stage import open_stage
from services.faceswap.tracking import TrackingLimits
from services.faceswap.video_source import Shot, VideoStatus
from shared.errors import ConfigError, EngineUnavailable
from tests.support.video import Hand

SLOT_S = 1 / 30


class Player:
    """A source that plays when it is told to."""

    def __init__(self, name: str, *, is_playing: bool = True, refuses: str = "") -> None:
        self.name, self.is_playing, self._refuses = name, is_playing, refuses
        self.is_open = False

    @property
    def trouble(self) -> str:
        return "" if self.is_playing else f"{self.name} is silent"

    def open(self, width: int, height: int) -> None:
        if self._refuses:
            raise EngineUnavailable(self._refuses)
        self.is_open = True

    def newest(self, now: float) -> Shot | None:
        grey = np.full((4, 4, 3), 1 if self.name == "first" else 2, np.uint8)
        return Shot(pixels=grey, captured_at=now) if self.is_playing else None

    def status(self) -> VideoStatus:
        return VideoStatus(fps=24.0, trouble=self.trouble)

    def close(self) -> None:
        self.is_open = False


class Evening:
    """A pair of sources, asked thirty times a second."""

    def __init__(self, first: Player | None = None, then: Player | None = None) -> None:
        self.clock, self.first, self.then = Hand(), first or Player("first"), then or Player("then")
        self.pair = Understudy(Options(after_s=2.0, back_after_s=3.0), self.first, self.then, self.clock)
        self.pair.open(640, 480)

    def watch(self, seconds: float) -> str:
        """Who was seen at each slot: 1, 2 or - for nobody."""
        seen = ""
        for _ in range(round(seconds / SLOT_S)):
            self.clock.now += SLOT_S
            shot = self.pair.newest(self.clock.now)
            seen += "-" if shot is None else str(shot.pixels[0, 0, 0])
        return seen


def test_the_second_comes_on_only_when_the_veil_is_down() -> None:
    evening = Evening()
    assert set(evening.watch(1.0)) == {"1"}
    evening.first.is_playing = False
    seen = evening.watch(4.0)
    assert seen.lstrip("-") == "2" * len(seen.lstrip("-"))
    assert seen.count("-") * SLOT_S == pytest.approx(2.0, abs=0.1)
    assert "then stands in for first: first is silent" in evening.pair.trouble
    assert evening.pair.status().trouble == evening.pair.trouble
    assert evening.pair.changes == 1


def test_before_the_first_is_shown_again_nothing_is_until_the_veil_is_down() -> None:
    evening = Evening()
    evening.first.is_playing = False
    evening.watch(5.0)
    evening.first.is_playing = True
    seen = evening.watch(6.0)
    assert seen.strip("12").strip() == "-" * seen.count("-")
    assert seen.startswith("2" * 85)
    assert seen.endswith("1" * 30)
    assert seen.count("-") * SLOT_S == pytest.approx(CURTAIN_S, abs=0.1)
    assert evening.pair.trouble == ""


def test_a_first_that_comes_and_goes_does_not_change_the_picture_each_time() -> None:
    evening = Evening()
    evening.first.is_playing = False
    evening.watch(5.0)
    for _ in range(5):
        evening.first.is_playing = True
        assert set(evening.watch(2.0)) == {"2"}
        evening.first.is_playing = False
        assert set(evening.watch(1.0)) == {"2"}
    assert evening.pair.changes == 1


def test_a_first_that_cannot_be_opened_is_named_and_the_second_plays() -> None:
    evening = Evening(Player("first", refuses="cannot listen: the port is taken"))
    assert set(evening.watch(6.0)[70:]) == {"2"}
    assert "the port is taken" in evening.pair.trouble
    evening.pair.close()
    assert not evening.then.is_open


def test_a_second_that_cannot_be_opened_leaves_the_first_alone_and_is_named() -> None:
    evening = Evening(then=Player("then", refuses="the port is Unreal's"))
    assert set(evening.watch(1.0)) == {"1"}
    assert evening.pair.trouble == "then could not stand in: the port is Unreal's"
    evening.first.is_playing = False
    assert set(evening.watch(5.0)) == {"-"}
    with pytest.raises(EngineUnavailable, match="second"):
        Evening(Player("first", refuses="first"), Player("then", refuses="second"))


def test_the_curtain_lasts_as_long_as_the_mirror_needs_to_veil() -> None:
    assert GAP_S + TrackingLimits().hold_s < CURTAIN_S


@pytest.mark.parametrize("wrong", [{"order": "rtmp,rtmp"}, {"order": ["understudy", "rtmp"]}, {"after_s": 0.2}])
def test_a_pair_that_cannot_be_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="understudy"):
        open_stage({"faceswap": {"source": "understudy", "source_options": {"understudy": wrong}}})
