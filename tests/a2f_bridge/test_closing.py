import numpy as np
import pytest

from services.a2f_bridge.blendshapes import JAW_OPEN, Pose, neutral
from services.a2f_bridge.closing import CROSSFADE_S, DECAY_S, LINGER_S, Closing


def jaw(amount: float) -> Pose:
    pose = neutral()
    pose[JAW_OPEN] = amount
    return pose


def test_without_a_cut_a_pose_is_shown_as_it_is() -> None:
    assert Closing().show(1.0, jaw(0.3))[JAW_OPEN] == np.float32(0.3)


def test_a_cut_begins_at_what_was_shown_and_ends_at_what_is_wanted() -> None:
    closing = Closing()
    closing.show(1.0, jaw(0.4))
    closing.cut(1.0, jaw(0.1), CROSSFADE_S)
    shown = [closing.show(1.0 + share * CROSSFADE_S, jaw(0.1))[JAW_OPEN] for share in (0.0, 0.5, 1.0)]
    assert shown == pytest.approx([0.4, 0.25, 0.1])


def test_a_movement_after_a_cut_keeps_its_own_size() -> None:
    closing = Closing()
    closing.cut(1.0, jaw(0.0), CROSSFADE_S)
    assert closing.show(1.0, jaw(0.4))[JAW_OPEN] == np.float32(0.4)


def test_a_mouth_that_lost_its_way_lingers_then_closes() -> None:
    closing = Closing()
    closing.show(1.0, jaw(0.4))
    assert closing.lose(1.0)[JAW_OPEN] == np.float32(0.4)
    assert closing.lose(1.0 + LINGER_S)[JAW_OPEN] == np.float32(0.4)
    assert closing.lose(1.0 + LINGER_S + DECAY_S)[JAW_OPEN] == pytest.approx(0.4 / np.e)


def test_each_loss_begins_anew() -> None:
    closing = Closing()
    closing.show(1.0, jaw(0.4))
    closing.lose(1.0)
    closing.show(3.0, jaw(0.2))
    assert closing.lose(3.0)[JAW_OPEN] == np.float32(0.2)


def test_what_is_shown_stays_a_pose() -> None:
    closing = Closing()
    closing.show(1.0, jaw(1.0))
    closing.cut(1.0, jaw(0.2), CROSSFADE_S)
    assert closing.show(1.0, jaw(0.9))[JAW_OPEN] == 1.0
