"""What the mirror refuses to open with, and what it says about it."""

from pathlib import Path

import pytest

from services.session.play_check import check_file, load_play
from shared.errors import BadInput
from tests.support.play_files import SCRIPTS, changed, faults, text_of


@pytest.mark.parametrize("name", ["mirror", "short"])
def test_the_shipped_plays_have_no_fault(name: str) -> None:
    assert check_file(SCRIPTS / f"{name}.yaml") == []


BROKEN = {
    "unreachable scene": (
        "    next:\n      - {when: agreed, go: look}", "    next:\n      - {when: agreed, go: question}",
        "scenes.look", "no way leads here"),
    "capture before consent": (
        "        gives: [consent]\n      declined:", "        gives: [reacted]\n      declined:",
        "scenes.look", "captures a face before consent on the way threshold > look"),
    "consent round the gate": (
        "{when: declined, go: goodbye}", "{when: declined, go: look}",
        "scenes.look", "before consent on the way threshold > look"),
    "missing language": (
        'text: {en: "Yes, or no?", nl: "Ja, of nee?"}', 'text: {en: "Yes, or no?"}',
        "lines.gate_nudge.text", "no words in 'nl'"),
    "unknown key": ("    elastic: true", "    elastik: true", "scenes.waking.elastik", "did you mean 'elastic'?"),
    "unknown key at the top": ("duration_s: 75", "duration: 75", "duration", "did you mean 'duration_s'?"),
    "unknown line": ("must_say: [look]", "must_say: [loook]", "scenes.look", "did you mean 'look'?"),
    "unknown scene": ("{when: agreed, go: look}", "{when: agreed, go: loook}", "scenes.threshold.next.0", "did you mean 'look'?"),
    "unknown signal": ("{when: reacted, go: farewell}", "{when: reacts, go: farewell}", "scenes.waking.next.0", "never given here"),
    "unknown fact": ("gives: [reacted]", "gives: [moved]", "scenes.waking.signals.reacted", "no fact is called 'moved'"),
    "unknown kind": ("kind: gate", "kind: gaet", "scenes.threshold.kind", "did you mean 'gate'?"),
    "unknown reason": ("too_dark: [face_dark]", "too_drak: [face_dark]", "scenes.look.capture.words", "did you mean 'too_dark'?"),
    "dead end": (
        "next: [{when: reacted, go: farewell}, {when: clock, go: farewell}]", "next: [{when: reacted, go: farewell}]",
        "scenes.waking.next", "dead end"),
    "circle": ("{when: reacted, go: farewell}", "{when: reacted, go: question}", "scenes.question", "goes in a circle"),
    "voice before it was given": (
        "without: {voice: host, face: veiled}", "without: {face: veiled}",
        "scenes.waking", "speaks with the visitor's voice"),
    "face before it was given": (
        "without: {voice: host, face: veiled}", "without: {voice: host}", "scenes.waking", "shows the copy, whose face"),
    "too long for the visit": ("duration_s: 75", "duration_s: 50", "duration_s", "add up to"),
    "lines longer than their scene": (
        "time: {min: 6, soft: 13, hard: 23}", "time: {min: 2, soft: 3, hard: 4}", "scenes.threshold", "longer than its hard"),
    "times upside down": ("soft: 13, hard: 23", "soft: 33, hard: 23", "scenes.threshold.time", "min <= soft <= hard"),
    "nothing elastic": ("    elastic: true\n", "", "scenes", "elastic"),
    "a second slot": ("{echo}. And then?", "{name}. And then?", "scenes.question.improvise.en.0", "only one slot"),
    "no second question": ("      more: [more_voice]\n", "", "scenes.question.capture", "second question"),
    "asked a third time": ("retries: 1", "retries: 3", "scenes.look.capture", "nobody is asked a third time"),
    "a line never said": ("fillers: [filler_1]\nnods: [filler_1]", "fillers: []", "lines.filler_1", "never said"),
    "two scenes of one name": ("  - id: question", "  - id: look", "scenes.look", "two scenes are called 'look'"),
    "not a number": ("duration_s: 75", "duration_s: long", "duration_s", "a number"),
    "endless": ("duration_s: 75", "duration_s: .inf", "the play", "above 0"),
    "a word that YAML takes for true": ("en: [\"yes\",", "en: [yes,", "agreed.examples.en.0", "truth value"),
    "a key that YAML takes for true": ("      what: face", "      on: look\n      what: face", "capture", "use another word"),
    "the same key twice": ("coda: farewell", "coda: farewell\ncoda: goodbye", "coda", "stands here twice"),
    "ending that goes on": (
        "    must_say: [bye_declined]", "    must_say: [bye_declined]\n    next: [{when: clock, go: look}]",
        "scenes.goodbye.next", "nothing follows a coda"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_a_broken_play_is_refused_with_place_and_remedy(case: str) -> None:
    old, new, where, what = BROKEN[case]
    found = faults(changed(old, new))
    assert any(where in problem.where and what in problem.what for problem in found), [str(one) for one in found]


def test_every_fault_is_named_at_once() -> None:
    text = (
        changed("duration_s: 75", "duration: 75").replace("kind: gate", "kind: gaet").replace("retries: 1", "retrys: 1")
    )
    assert len([one for one in faults(text) if "did you mean" in one.what]) == 4


def test_a_fault_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "play.yaml"
    file.write_text(changed("must_say: [look]", "must_say: [loook]"), encoding="utf-8")
    line = file.read_text(encoding="utf-8").splitlines().index("  - id: look") + 1
    assert [problem.line for problem in check_file(file) if "loook" in problem.what] == [line]


@pytest.mark.parametrize(
    "text", ["", "just words", "- a\n- list", "a: [", "\t", "a: &x [*x]", "id: !!python/object:os.system x", "a: b: c"]
)
def test_text_that_is_no_play_is_refused(text: str) -> None:
    assert faults(text)


def test_a_play_that_lacks_everything_says_what() -> None:
    missing = {one.what.split("'")[1] for one in faults("id: x\n")}
    assert {"languages", "duration_s", "coda", "persona", "facts", "lines", "anywhere", "scenes"} <= missing


def test_opening_with_a_broken_play_names_all_faults(tmp_path: Path) -> None:
    file = tmp_path / "play.yaml"
    file.write_text(changed("kind: gate", "kind: gaet").replace("retries: 1", "retrys: 1"), encoding="utf-8")
    with pytest.raises(BadInput, match="3 faults"):
        load_play(file)


def test_a_missing_file_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none.yaml: there is no such file; the plays lie in scripts/"):
        check_file(tmp_path / "none.yaml")


def test_a_file_that_is_no_text_is_bad_input(tmp_path: Path) -> None:
    file = tmp_path / "play.yaml"
    file.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(BadInput):
        check_file(file)


def test_the_shipped_plays_have_a_third_of_lines_that_need_no_words_of_the_visitor() -> None:
    for name in ("mirror", "short"):
        assert "{echo}" in text_of(name)
    from tests.support.play_files import shipped

    for scene in shipped("mirror").scenes:
        for lines in scene.improvise.values():
            assert len(lines) >= 10
            assert sum("{echo}" not in line for line in lines) >= len(lines) / 4
