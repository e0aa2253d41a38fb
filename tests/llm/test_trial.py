"""One engine alone, for `mirror try llm`."""

from pathlib import Path

import pytest

from services.llm.trial import run_trial
from shared.errors import BadInput


def run(**inputs: str) -> dict[str, object]:
    return run_trial({"llm": {}}, inputs, lambda _share, _what: None)


def turns(**inputs: str) -> list[dict[str, object]]:
    found = run(**inputs)["turns"]
    assert isinstance(found, list)
    return found


def test_one_sentence_gets_a_reply_and_is_understood() -> None:
    [turn] = turns(input="I'm afraid of the dark.")
    assert turn["reply"]
    assert (turn["signal"], turn["captured"]) == ("named_fear", "the dark")


def test_each_line_is_a_turn_of_one_conversation() -> None:
    replies = [turn["reply"] for turn in turns(input="I don't know.\nI don't know.\nI don't know.")]
    assert len(set(replies)) == 3


def test_a_text_file_is_a_conversation_and_is_written_out(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text("Ik ben bang voor het donker.\nWeet ik niet.\n", encoding="utf-8")
    found = turns(input=str(tmp_path / "talk.txt"), language="nl", out=str(tmp_path / "out.txt"))
    assert len(found) == 2
    assert str(found[0]["reply"]) in (tmp_path / "out.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "says"), [("", "nothing was said"), ("missing.txt", "no file"), ("a" * 3000, "longer than")]
)
def test_bad_input_says_what_to_do(given: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        run(input=given)


def test_a_number_of_words_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="max_words"):
        run(input="Hello.", max_words="many")
