"""A performer is told what sounds, so long before it sounds, and nothing else."""

from collections.abc import Iterator

import numpy as np
import pytest

from services.a2f_bridge.performing import perform
from services.a2f_bridge.prompter import AHEAD_SAMPLES, Prompter
from services.a2f_bridge.speaking import SpeakingFace
from services.a2f_bridge.timeline import Speech
from shared.audio import VOICE_HZ, to_bytes
from shared.clock import LoopClock
from shared.events import SpeechChunk, SpeechEnded
from tests.support.a2f_bridge_room import tone
from tests.support.virtual_time import run_virtual

LEAD_S = 0.15
RAMP = np.arange(48_000, dtype=np.float32) / 48_000
"""Every sample tells its own place."""


class RememberingPerformer:
    """Each stretch as it was played, and how it ended."""

    lead_s = LEAD_S

    def __init__(self) -> None:
        self.stretches: list[list[np.ndarray]] = []
        self.ended: list[str] = []
        self.is_open = False

    def play(self, pcm: np.ndarray) -> None:
        if not self.is_open:
            self.stretches.append([])
        self.is_open = True
        self.stretches[-1].append(pcm)

    def pause(self) -> None:
        assert self.is_open
        self.is_open = False
        self.ended.append("pause")

    def stop(self) -> None:
        assert self.is_open
        self.is_open = False
        self.ended.append("stop")

    def whole(self, number: int) -> np.ndarray:
        return np.concatenate(self.stretches[number])


class Stage:
    """A face, a performer, and someone who prompts it sixty times a second."""

    def __init__(self) -> None:
        self.face, self.performer = SpeakingFace(), RememberingPerformer()
        self.prompter = Prompter(self.performer)
        self._now = 100.0

    def say(self, begin: int, end: int, turn: int = 1, *, is_all: bool = True) -> None:
        self.face.timeline(Speech(turn, 0), epoch=0)
        for at in range(begin, end, 2400):
            pcm = to_bytes(RAMP[at : min(end, at + 2400)])
            self.prompter.hear(SpeechChunk(turn=turn, from_sample=at, pcm=pcm))
        if is_all:
            self.prompter.hear(SpeechEnded(turn=turn, samples=end))

    def until(self, end: float) -> None:
        for now in self._ticks(end):
            self.prompter.follow(self.face, now)

    def _ticks(self, end: float) -> Iterator[float]:
        while self._now < end:
            yield self._now
            self._now += 1 / 60


@pytest.fixture
def stage() -> Stage:
    return Stage()


def close(played: np.ndarray, expected: np.ndarray) -> bool:
    return len(played) == len(expected) and bool(np.allclose(played, expected, atol=1e-4))


def test_a_speech_is_played_whole_and_once_in_one_stretch(stage: Stage) -> None:
    stage.say(0, 24_000)
    stage.face.due(Speech(1, 0), 0, 100.5)
    stage.until(103.0)
    assert close(stage.performer.whole(0), RAMP[:24_000])
    assert stage.performer.ended == ["pause"]


def test_its_first_sample_leaves_the_lead_before_it_sounds(stage: Stage) -> None:
    stage.say(0, 24_000)
    stage.face.due(Speech(1, 0), 0, 100.5)
    stage.until(100.5 - LEAD_S)
    assert stage.performer.stretches == []
    stage.until(100.5 - LEAD_S + 2 / 60)
    assert len(stage.performer.stretches) == 1


def test_it_is_played_as_fast_as_it_sounds_and_no_faster(stage: Stage) -> None:
    stage.say(0, 48_000)
    stage.face.due(Speech(1, 0), 0, 100.0 + LEAD_S)
    stage.until(101.0)
    assert len(stage.performer.whole(0)) == pytest.approx(24_000 + AHEAD_SAMPLES, abs=800)


def test_a_speech_of_which_it_is_not_known_when_it_sounds_stays_unplayed(stage: Stage) -> None:
    stage.say(0, 24_000)
    stage.until(102.0)
    assert stage.performer.stretches == []


def test_sound_that_comes_while_it_is_played_goes_on_the_same_stretch(stage: Stage) -> None:
    stage.say(0, 9_600, is_all=False)
    stage.face.due(Speech(1, 0), 0, 100.0 + LEAD_S)
    stage.until(100.2)
    stage.say(9_600, 24_000)
    stage.until(102.0)
    assert close(stage.performer.whole(0), RAMP[:24_000])


def test_sound_that_comes_too_late_is_left_out_up_to_where_the_loudspeaker_is(stage: Stage) -> None:
    stage.say(0, 7_200, is_all=False)
    stage.face.due(Speech(1, 0), 0, 100.0 + LEAD_S)
    stage.until(100.6)
    stage.say(7_200, 24_000)
    stage.until(102.0)
    assert close(stage.performer.whole(0), RAMP[:7_200])
    assert stage.performer.whole(1)[0] == pytest.approx(RAMP[14_400], abs=0.01)
    assert stage.performer.whole(1)[-1] == pytest.approx(RAMP[23_999], abs=1e-4)


def test_a_hold_ends_the_stretch_and_what_goes_on_is_another(stage: Stage) -> None:
    stage.say(0, 24_000)
    stage.face.due(Speech(1, 0), 0, 100.0 + LEAD_S)
    stage.until(100.25)
    stage.face.hold(1, 7_200)
    stage.until(101.0)
    stage.face.due(Speech(1, 0), 7_200, 101.0 + LEAD_S)
    stage.until(103.0)
    assert len(stage.performer.whole(0)) <= 7_200 + AHEAD_SAMPLES + 800
    assert close(stage.performer.whole(1), RAMP[7_200:24_000])
    assert stage.performer.ended == ["pause", "pause"]


def test_a_barge_in_stops_what_is_played(stage: Stage) -> None:
    stage.say(0, 48_000)
    stage.face.due(Speech(1, 0), 0, 100.0 + LEAD_S)
    stage.until(100.5)
    stage.face.advance(1, 100.5)
    stage.until(101.5)
    assert stage.performer.ended == ["stop"]
    assert len(stage.performer.whole(0)) < 15_600


def test_the_next_speech_is_a_stretch_of_its_own(stage: Stage) -> None:
    stage.say(0, 12_000, turn=1)
    stage.face.due(Speech(1, 0), 0, 100.0 + LEAD_S)
    stage.until(100.4)
    stage.say(0, 24_000, turn=2)
    stage.face.due(Speech(2, 0), 0, 101.0)
    stage.until(103.0)
    assert [len(stage.performer.whole(n)) for n in (0, 1)] == [12_000, 24_000]


def test_a_gap_in_the_speech_is_played_as_silence(stage: Stage) -> None:
    stage.say(0, 2_400, is_all=False)
    stage.say(7_200, 12_000)
    stage.face.due(Speech(1, 0), 0, 100.0 + LEAD_S)
    stage.until(102.0)
    played = stage.performer.whole(0)
    assert len(played) == 12_000
    assert not played[2_400:7_200].any()


def test_a_late_tick_leaves_nothing_out(stage: Stage) -> None:
    stage.say(0, 24_000)
    stage.face.due(Speech(1, 0), 0, 100.0 + LEAD_S)
    stage.until(100.3)
    stage._now += 0.08
    stage.until(102.0)
    assert close(stage.performer.whole(0), RAMP[:24_000])


def test_a_sound_alone_is_performed_in_as_long_as_it_lasts() -> None:
    async def main() -> None:
        performer, began = RememberingPerformer(), LoopClock().now()
        await perform(performer, tone(1.0), LoopClock())
        assert LoopClock().now() - began == pytest.approx(1.0, abs=0.06)
        assert len(performer.whole(0)) == VOICE_HZ
        assert performer.ended == ["pause"]

    run_virtual(main())
