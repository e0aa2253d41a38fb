"""What a model writes, as a voice can say it."""

import pytest

from services.llm.speakable import speakable, words_in


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("**You** said it.", "You said it."),
        ("*sighs softly* You said it.", "You said it."),
        ("(pauses) And then?", "And then?"),
        ("[whispering] Come closer.", "Come closer."),
        ("You said it 🙂 twice.", "You said it twice."),
        ("Mirror: I heard you.", "I heard you."),
        ("- one thing", "one thing"),
        ("See https://example.org now.", "See now."),
        ('"You left."', "You left."),
        ("You left , then .", "You left, then."),
        ("It’s “quiet” here — listen…", "It’s “quiet” here — listen…"),
        ("…", ""),
        ("🙂", ""),
    ],
)
def test_what_is_not_speech_is_taken_out(written: str, spoken: str) -> None:
    assert speakable(written) == spoken


def test_only_words_count() -> None:
    assert words_in("You — said, it's 3 …") == 4
