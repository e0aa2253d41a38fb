"""How wrong words are counted."""

import pytest

from rig.words import shared_out, word_errors


@pytest.mark.parametrize(
    ("said", "understood", "expected"),
    [
        ("Yes.", "yes", (0, 1)),
        ("Mister Hale, tonight?", "Mr. Hale, to-night", (0, 3)),
        ("ten of clubs", "10 of clubs", (0, 3)),
        ("one two three", "one three", (1, 3)),
        ("one two", "one and two", (1, 2)),
        ("one two", "one too", (1, 2)),
        ("one two", "", (2, 2)),
        ("", "invented", (1, 0)),
    ],
)
def test_only_words_that_sound_different_count(said: str, understood: str, expected: tuple[int, int]) -> None:
    assert word_errors(said, understood) == expected


@pytest.mark.parametrize(
    ("said", "understood", "pieces"),
    [
        ([], "", []),
        (["one"], "two three", ["two three"]),
        (["One two.", "Three."], "One, two three.", ["One, two", "three."]),
        (["one two", "three four"], "one too free four", ["one too", "free four"]),
        (["one two", "three"], "three", ["", "three"]),
        (["one", "two", "three"], "one three", ["one", "", "three"]),
        (["one", "two"], "", ["", ""]),
    ],
)
def test_a_transcript_of_several_things_is_shared_out_among_them(
    said: list[str], understood: str, pieces: list[str]
) -> None:
    assert shared_out(said, understood) == pieces
