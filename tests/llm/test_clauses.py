"""Text as it streams in, clauses as they can be spoken."""

from hypothesis import given
from hypothesis import strategies as st

from services.llm.clauses import FIRST_MAX, FIRST_MIN, ClauseSplitter


def split(text: str, sizes: list[int] | None = None) -> list[str]:
    splitter, clauses = ClauseSplitter(), []
    for piece in _pieces(text, sizes or [len(text) or 1]):
        clauses += splitter.push(piece)
    return clauses + splitter.finish()


def _pieces(text: str, sizes: list[int]) -> list[str]:
    pieces, at, turn = [], 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        pieces.append(text[at : at + size])
        at, turn = at + size, turn + 1
    return pieces


PROSE = st.text(alphabet=st.sampled_from("abcdef  ,.!?;:…'\" —and but"), max_size=600)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=8)


@given(PROSE, SIZES)
def test_the_clauses_hold_every_word_in_order(text: str, sizes: list[int]) -> None:
    assert " ".join(split(text, sizes)).split() == text.split()


@given(PROSE, SIZES, SIZES)
def test_how_the_text_is_cut_into_pieces_does_not_matter(text: str, some: list[int], others: list[int]) -> None:
    assert split(text, some) == split(text, others)


@given(PROSE)
def test_no_clause_is_empty(text: str) -> None:
    assert all(clause.strip() for clause in split(text))


def test_the_first_clause_ends_at_the_first_pause_that_is_long_enough() -> None:
    assert split("You hesitated. And then you said it anyway, as if nobody heard. I did.")[0] == (
        "You hesitated. And then you said it anyway,"
    )


def test_a_first_clause_without_a_pause_breaks_before_a_conjunction() -> None:
    first = split("You keep a whole room in your head that nobody has ever seen from inside and I stand in it.")[0]
    assert FIRST_MIN <= len(first) <= FIRST_MAX
    assert first == "You keep a whole room in your head"


def test_after_the_first_clause_whole_sentences_follow() -> None:
    assert split("You said you are afraid of it, and I heard you. It was small, quiet, and true. Go on then, please.")[1:] == [
        "and I heard you.", "It was small, quiet, and true.", "Go on then, please.",
    ]  # fmt: skip


def test_a_full_stop_after_an_abbreviation_or_an_initial_ends_nothing() -> None:
    assert split("I met Dr. Vos and mevr. J. de Wit there, e.g. at noon. It was fine by me.") == [
        "I met Dr. Vos and mevr. J. de Wit there,", "e.g. at noon.", "It was fine by me.",
    ]  # fmt: skip


def test_a_clause_is_given_as_soon_as_it_is_whole() -> None:
    splitter = ClauseSplitter()
    assert splitter.push("So that is how you sound, when") == ["So that is how you sound,"]


def test_a_number_with_a_decimal_point_stays_whole() -> None:
    assert (
        split("It was about 3.5 metres away from you. I measured it twice.")[0]
        == "It was about 3.5 metres away from you."
    )


def test_a_very_long_sentence_breaks_where_one_breathes() -> None:
    long = "I went through all of it again, " * 10
    assert all(len(clause) <= 161 for clause in split(long))


def test_of_a_text_that_broke_off_only_whole_sentences_are_given() -> None:
    splitter = ClauseSplitter()
    given_at_once = splitter.push("You were there. I saw")
    assert given_at_once + splitter.finish(is_whole=False) == ["You were there."]
