import math
import random

import numpy as np
import pytest

from services.a2f_bridge.blendshapes import NAMES, index, pair
from services.a2f_bridge.idle.gaze import VISITOR, Direction, Gaze
from services.a2f_bridge.idle.life import IdleLife, Look
from services.a2f_bridge.idle.moods import MOODS, wait_s

HZ = 60
BLINK = index("EyeBlinkLeft")


def live(life: IdleLife, begin: float, seconds: float) -> list[Look]:
    return [life.look(begin + i / HZ) for i in range(round(seconds * HZ))]


def awake(mood: str = "listening", seed: int = 1) -> IdleLife:
    life = IdleLife(random.Random(seed).random, now=0.0)
    life.feel(mood, 0.0)
    live(life, 0.0, 8.0)
    return life


def weights(looks: list[Look]) -> np.ndarray:
    return np.array([look.weights for look in looks])


def test_the_same_dice_give_the_same_life() -> None:
    one, two = (weights(live(awake(seed=4), 8.0, 10.0)) for _ in range(2))
    assert (one == two).all()


@pytest.mark.parametrize("mood", MOODS)
def test_every_mood_stays_within_a_human_face(mood: str) -> None:
    looks = live(awake(mood), 8.0, 30.0)
    shown = weights(looks)
    assert (shown >= 0.0).all()
    assert (shown <= 1.0).all()
    assert np.abs([look.head for look in looks]).max() < math.radians(12)
    assert np.abs([look.eyes for look in looks]).max() < math.radians(30)


@pytest.mark.parametrize("mood", [mood for mood in MOODS if mood != "asleep"])
def test_a_waking_face_blinks_and_opens_its_eyes_again(mood: str) -> None:
    shut = weights(live(awake(mood), 8.0, 60.0))[:, BLINK] > 0.9
    blinks = int((np.diff(shut.astype(int)) == 1).sum())
    assert 6 <= blinks <= 45
    assert shut.mean() < 0.08


def test_no_blink_keeps_the_eyes_shut_for_longer_than_a_blink() -> None:
    shut = weights(live(awake("listening"), 8.0, 60.0))[:, BLINK] > 0.9
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate(([0], shut, [0])).astype(int))))[::2]
    assert runs.max() <= 10


def test_asleep_the_eyes_stay_shut_and_the_head_still_breathes() -> None:
    life = IdleLife(random.Random(2).random, now=0.0)
    looks = live(life, 0.0, 12.0)
    assert (weights(looks)[:, BLINK] == 1.0).all()
    assert np.ptp([look.head[1] for look in looks]) > math.radians(0.3)


def test_waking_opens_the_eyes() -> None:
    life = IdleLife(random.Random(2).random, now=0.0)
    live(life, 0.0, 2.0)
    life.feel("waking", 2.0)
    opening = weights(live(life, 2.0, 3.0))[:, BLINK]
    assert opening.min() < 0.25


@pytest.mark.parametrize("seed", range(8))
def test_a_visitor_who_stops_sees_a_sign_of_life_within_150_ms(seed: int) -> None:
    life, same = awake(seed=seed), awake(seed=seed)
    life.feel("thinking", 8.0)
    signs = weights(live(life, 8.0, 0.15))[-1] - weights(live(same, 8.0, 0.15))[-1]
    brow, wide = index("BrowInnerUp"), index("EyeWideLeft")
    assert signs[brow] > 0.08
    assert signs[wide] > 0.01


def test_thinking_looks_at_the_visitor_at_once() -> None:
    gaze = Gaze(lambda: 0.5)
    gaze.look(0.0, Direction(14.0, -5.0), stay_s=1.0)
    gaze.look(1.0, VISITOR, stay_s=1.0)
    assert gaze.at(1.1) == VISITOR


def test_eyes_jump_faster_than_they_can_be_followed_but_not_in_one_frame() -> None:
    gaze = Gaze(lambda: 0.5)
    gaze.look(0.0, Direction(10.0, 0.0), stay_s=1.0)
    assert 0.0 < gaze.at(0.02).yaw < 10.0
    assert gaze.at(0.06).yaw == 10.0


def test_left_and_right_eye_look_the_same_way() -> None:
    shown = weights(live(awake("speaking"), 8.0, 20.0))
    toward_own_right = shown[:, index("EyeLookInLeft")] - shown[:, index("EyeLookOutLeft")]
    other_eye = shown[:, index("EyeLookOutRight")] - shown[:, index("EyeLookInRight")]
    assert (toward_own_right == other_eye).all()
    assert np.ptp(toward_own_right) > 0.1


def test_an_idle_face_leaves_the_mouth_to_speech() -> None:
    shown = weights(live(awake("speaking"), 8.0, 30.0))
    lips = [i for i, name in enumerate(NAMES) if name.startswith("Mouth") and not name.startswith("MouthSmile")]
    assert not shown[:, lips].any()


def test_a_drawn_breath_parts_the_lips_and_closes_them_again() -> None:
    life = awake()
    life.feel("thinking", 8.0)
    jaw = weights(live(life, 8.0, 2.0))[:, index("JawOpen")]
    assert jaw.max() > 0.03
    assert jaw[-1] == 0.0


def test_farewell_smiles() -> None:
    smile = weights(live(awake("farewell"), 8.0, 1.0))[:, list(pair("MouthSmile"))]
    assert smile.min() > 0.15


def test_an_unknown_mood_is_taken_as_listening() -> None:
    assert (weights(live(awake("dancing"), 8.0, 1.0)) == weights(live(awake("listening"), 8.0, 1.0))).all()


def test_a_mood_told_twice_is_told_once() -> None:
    life = awake("thinking")
    before = life.look(8.0).weights
    life.feel("thinking", 8.0)
    assert np.abs(life.look(8.0 + 1 / HZ).weights - before).max() < 0.2


def test_a_pause_of_the_ticker_is_not_made_up_for() -> None:
    life = awake()
    before = life.look(8.0).weights[index("BrowInnerUp")]
    life.feel("thinking", 8.0)
    assert life.look(100.0).weights[index("BrowInnerUp")] - before < 0.2


def test_the_eyes_never_stare() -> None:
    looks = np.array([look.eyes for look in live(awake("speaking"), 8.0, 60.0)])
    jumps = np.flatnonzero(np.abs(np.diff(looks, axis=0)).max(axis=1) > math.radians(0.4))
    assert np.diff(jumps).max() < 3.5 * HZ


def test_waits_are_never_shorter_than_the_least() -> None:
    dice = random.Random(3).random
    waits = [wait_s(dice, 4.0, least_s=0.6) for _ in range(500)]
    assert min(waits) >= 0.6
    assert max(waits) <= 12.0
    assert 3.3 < float(np.mean(waits)) < 4.7
