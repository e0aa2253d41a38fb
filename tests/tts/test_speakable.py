import pytest

from services.tts.speakable import MAX_CLAUSE_CHARS, clauses, clean, ends_sentence


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Who *are* you?", "Who are you?"),
        ("“Come in,” it said.", "Come in, it said."),
        ("It’s late…", "It's late."),
        ("Stay — or go.", "Stay, or go."),
        ("Look [smiles] here.", "Look here."),
        ("  two\n spaces ", "two spaces"),
        ("See https://example.org/x now", "See now"),
        ("Yes \U0001f642", "Yes"),
    ],
)
def test_marks_of_typesetting_are_not_read_aloud(written: str, spoken: str) -> None:
    assert clean(written) == spoken


@pytest.mark.parametrize("nothing", ["", " ", "...", "— —", "\U0001f642", "[breathes]", "?!"])
def test_what_has_no_word_in_it_is_not_spoken(nothing: str) -> None:
    assert clean(nothing) == ""
    assert clauses(nothing) == ()


def test_a_line_is_cut_after_its_sentences() -> None:
    assert clauses("Come closer. I will not bite! Will I?") == ("Come closer.", "I will not bite!", "Will I?")


def test_a_sentence_for_one_breath_stays_whole() -> None:
    assert clauses("You came, you saw, you stayed.") == ("You came, you saw, you stayed.",)


def test_a_long_sentence_is_cut_where_a_speaker_breathes_and_no_word_is_lost() -> None:
    sentence = ", ".join(f"this is part number {n} of it" for n in range(12)) + "."
    parts = clauses(sentence)
    assert len(parts) > 1
    assert all(len(part) <= MAX_CLAUSE_CHARS for part in parts)
    assert all(part.endswith(",") for part in parts[:-1])
    assert " ".join(parts) == sentence


def test_a_sentence_without_a_comma_is_cut_between_words() -> None:
    sentence = "and so on " * 60
    parts = clauses(sentence)
    assert all(len(part) <= MAX_CLAUSE_CHARS for part in parts)
    assert " ".join(parts).split() == sentence.split()


def test_only_a_full_stop_a_question_or_a_cry_ends_a_sentence() -> None:
    assert ends_sentence("Yes.")
    assert ends_sentence("Yes? ")
    assert not ends_sentence("Yes,")
    assert not ends_sentence("")
