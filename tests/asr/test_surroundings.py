"""What the play said, and when."""

from services.asr.surroundings import Surroundings
from shared.events import AnyEvent, CaptureVoice, EpochAdvanced, MirrorSpeaking, SceneEntered


def told(*events: AnyEvent) -> Surroundings:
    surroundings = Surroundings("en")
    for event in events:
        surroundings.tell(event)
    return surroundings


def test_before_anything_is_said_the_scene_is_open_and_the_mirror_silent() -> None:
    scene = told().scene(5.0)
    assert (scene.expects, scene.mirror_speaks) == ("open", False)


def test_old_sound_meets_the_scene_of_its_time() -> None:
    surroundings = told(
        SceneEntered(scene="a", language="en", expects="yes_no", at=10.0),
        MirrorSpeaking(is_speaking=True, at=12.0),
        MirrorSpeaking(is_speaking=False, at=15.0),
        SceneEntered(scene="b", language="nl", expects="story", at=20.0),
    )
    assert [surroundings.scene(at).expects for at in (5.0, 12.0, 25.0)] == ["open", "yes_no", "story"]
    assert [surroundings.scene(at).mirror_speaks for at in (11.0, 13.0, 16.0)] == [False, True, False]
    assert [surroundings.language(at) for at in (12.0, 25.0)] == ["en", "nl"]


def test_told_twice_is_told_once() -> None:
    speaking, silent = MirrorSpeaking(is_speaking=True, at=12.0), MirrorSpeaking(is_speaking=False, at=15.0)
    surroundings = told(speaking, silent, speaking, silent)
    assert surroundings.scene(16.0).mirror_speaks is False


def test_the_newest_capture_order_holds_and_the_highest_epoch() -> None:
    on, off = CaptureVoice(is_on=True, at=1.0), CaptureVoice(is_on=False, at=2.0)
    surroundings = told(on, off, on, EpochAdvanced(epoch=3, at=1.0), EpochAdvanced(epoch=2, at=2.0))
    assert surroundings.capture is off
    assert surroundings.epoch == 3
