"""The recorded visitors that are shipped, and what they do when."""

from pathlib import Path

import pytest

from rig.behaviour import Manner, done, next_step
from rig.visitor import Clip, Step, VisitorFile, read_visitor, speech_end
from shared.audio import MICROPHONE_HZ
from shared.errors import BadInput

FOLDER = Path(__file__).resolve().parents[1] / "visitors"
SHIPPED = sorted(path for path in FOLDER.iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda path: path.name)
def test_every_visitor_is_complete(folder: Path) -> None:
    visitor = read_visitor(folder)
    for name, clip in visitor.clips.items():
        assert 0.2 * MICROPHONE_HZ < speech_end(clip) <= clip.size, name
    assert sum(clip.size for clip in visitor.clips.values()) > 7 * MICROPHONE_HZ


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda path: path.name)
def test_every_visitor_says_yes_and_then_enough_for_a_voice(folder: Path) -> None:
    visitor = read_visitor(folder)
    assert [visitor.file.speech[name].text for name in visitor.file.answers["consent"]] == ["Yes."]
    told = sum(speech_end(visitor.clips[name]) for name in visitor.file.answers["question"])
    assert told > 6 * MICROPHONE_HZ


def test_the_kinds_of_visitor_that_are_hard_are_there() -> None:
    steps = {folder.name: read_visitor(folder).file.talk for folder in SHIPPED}
    assert any(step.silent_s > 20 for step in steps["silent"])
    assert any(step.overlap_s for step in steps["overtalking"])
    assert {"terse", "talkative"} <= set(steps)


def described(**fields: object) -> VisitorFile:
    clips = {name: Clip(file=f"{name}.flac", text=name) for name in ("yes", "a", "b")}
    return VisitorFile(name="someone", speech=clips, **fields)  # type: ignore[arg-type]  # any field of it


def test_a_scenes_own_answer_goes_before_its_looks_and_both_before_talk() -> None:
    visitor = described(answers={"room": ("a",), "copy": ("b",)}, talk=(Step(say="yes"),))
    assert next_step(visitor, Manner(), "room", "copy") == Step(say="a")
    assert next_step(visitor, Manner(), "other", "copy") == Step(say="b")
    assert next_step(visitor, Manner(), "other", "dark") == Step(say="yes")


def test_the_last_answer_of_a_place_is_said_again_and_no_answer_means_silence() -> None:
    visitor, manner = described(answers={"room": ("a", "b"), "quiet": ()}), Manner()
    said = []
    for _ in range(3):
        step = next_step(visitor, manner, "room", "")
        assert step is not None
        said.append(step.say)
        done(visitor, manner, "room", "")
    assert said == ["a", "b", "b"]
    assert next_step(visitor, manner, "quiet", "") is None


def test_talk_begins_again_unless_the_visitor_falls_silent_for_good() -> None:
    talk = (Step(say="a"),)
    manner = Manner(talked=1)
    assert next_step(described(talk=talk), manner, "x", "") == Step(say="a")
    assert next_step(described(talk=talk, then="silent"), manner, "x", "") is None


def test_a_clip_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "visitor.yaml").write_text('name: x\nspeech: {a: {file: a.flac, text: "a"}}\ntalk: [{say: b}]\n')
    with pytest.raises(BadInput, match="there is no clip 'b'; there are a"):
        read_visitor(tmp_path)


def test_a_folder_without_a_visitor_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no file .*visitor\.yaml"):
        read_visitor(tmp_path)
