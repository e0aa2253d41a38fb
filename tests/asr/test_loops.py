"""What a decoder makes of an end it has missed."""

import pytest

from services.asr.loops import without_loop


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("It was the age of wisdom. It was the age of", "It was the age of wisdom."),
        ("Was it the sea? It was. Was it the sea", "Was it the sea? It was."),
        ("I went home, and then I went out. I went home, and then I", "I went home, and then I went out."),
    ],
)
def test_a_sentence_begun_again_and_broken_off_is_dropped(text: str, left: str) -> None:
    assert without_loop(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Yes.",
        "It was the age of",
        "I want to stay. I want to",
        "It was the age of wisdom. It was the age of foolishness.",
        "It was the age of wisdom. It was the age of wisdom.",
        "It was the age of wisdom. And then it was the age of",
    ],
)
def test_what_somebody_may_have_said_stays(text: str) -> None:
    assert without_loop(text) == text
