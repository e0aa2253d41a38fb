import random

import numpy as np

from services.a2f_bridge.blendshapes import COUNT, JAW_OPEN, index
from services.a2f_bridge.idle.life import IdleLife
from services.a2f_bridge.live_link import EYES, HEAD, VALUES
from services.a2f_bridge.speaking import SpeakingFace
from services.a2f_bridge.timeline import Speech
from services.a2f_bridge.whole_face import WholeFace


def face(mood: str = "farewell", head_gain: float = 1.0) -> WholeFace:
    whole = WholeFace(SpeakingFace(), IdleLife(random.Random(1).random, 0.0), head_gain)
    whole.life.feel(mood, 0.0)
    watch(whole, 0.0, 6.0)
    return whole


def watch(whole: WholeFace, begin: float, end: float) -> np.ndarray:
    return np.array([whole.values(begin + i / 60) for i in range(round((end - begin) * 60))])


def speak(whole: WholeFace, jaw: float, due_at: float, poses: int = 120) -> None:
    track = np.zeros((poses, COUNT), np.float32)
    track[:, JAW_OPEN] = jaw
    whole.speaking.extend(Speech(1, 0), 0, track)
    whole.speaking.timeline(Speech(1, 0), 0).complete(poses * 400)
    whole.speaking.due(Speech(1, 0), 0, due_at)


def test_a_face_is_61_values_of_which_52_are_weights() -> None:
    values = watch(face(), 6.0, 10.0)
    assert values.shape[1] == VALUES
    assert values.dtype == np.float32
    assert ((values[:, :COUNT] >= 0.0) & (values[:, :COUNT] <= 1.0)).all()


def test_both_eyes_turn_alike_and_never_roll() -> None:
    eyes = watch(face(), 6.0, 10.0)[:, EYES]
    assert (eyes[:, :3] == eyes[:, 3:]).all()
    assert not eyes[:, 2].any()


def test_speech_moves_the_jaw_while_the_face_goes_on_living() -> None:
    whole = face("speaking")
    speak(whole, 0.4, due_at=6.2)
    values = watch(whole, 6.0, 8.0)
    assert abs(values[60:100, JAW_OPEN] - 0.4).max() < 0.01
    assert np.ptp(values[:, HEAD], axis=0).max() > 0.0


def test_words_push_a_smile_aside_and_it_comes_back_without_a_jump() -> None:
    whole = face("farewell")
    speak(whole, 0.3, due_at=6.5, poses=60)
    smile = watch(whole, 6.0, 8.5)[:, index("MouthSmileLeft")]
    assert smile[60] < 0.5 * smile[0]
    assert smile[-1] > 0.9 * smile[0]
    assert np.abs(np.diff(smile)).max() < 0.06


def test_the_brows_go_on_while_the_mouth_speaks() -> None:
    whole = face("farewell")
    speak(whole, 0.3, due_at=6.0)
    assert watch(whole, 6.0, 7.0)[:, index("BrowInnerUp")].min() > 0.05


def test_the_head_can_be_left_to_unreal() -> None:
    assert not watch(face(head_gain=0.0), 6.0, 7.0)[:, HEAD].any()


def test_the_head_goes_with_the_voice() -> None:
    silent, talking = face("speaking"), face("speaking")
    speak(talking, 0.4, due_at=6.0)
    assert watch(talking, 6.0, 7.0)[-1][HEAD][1] < watch(silent, 6.0, 7.0)[-1][HEAD][1]
