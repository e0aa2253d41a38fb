"""The gate before the voice."""

import pytest

from services.llm.reply import ReplyWriter
from services.llm.safety import Gate


def objection(clause: str, *said: str, language: str = "en") -> str:
    return Gate(said or ("Hello.",), language).objection(clause)


@pytest.mark.parametrize(
    "clause",
    [
        "You said you are afraid of the dark.", "One of us will be gone soon.", "There are two of us in here.", "I won't keep it.",
        "Je zei: je bent bang om gewoon te zijn.", "God knows.", "I'm you, and I listen.", "You said: I am not there.",
    ],
)  # fmt: skip
def test_an_innocent_clause_passes(clause: str) -> None:
    assert objection(clause) == ""


@pytest.mark.parametrize(
    ("clause", "why"),
    [
        ("I will kill you.", "forbidden"), ("Ik maak je dood.", "forbidden"), ("My voice is my password.", "forbidden"),
        ("You should hurt yourself.", "forbidden"), ("I hereby agree to everything.", "forbidden"), ("You fucking know.", "forbidden"),
        ("Send me the money.", "forbidden"), ("As an AI, I cannot.", "forbidden"), ("Call 06 12.", "number"),
        ("It is four two seven.", "number"), ("You are twenty-one.", "number"), ("I remember Peter well.", "name"),
        ("Your Xiomara is gone.", "name"), ("She was called Anna's girl.", "name"),
    ],
)  # fmt: skip
def test_threats_keys_numbers_and_names_are_stopped(clause: str, why: str) -> None:
    assert objection(clause) == why


def test_a_name_the_visitor_gave_is_not_said_even_in_lower_case() -> None:
    assert objection("You never told xiomara.", "My name is Xiomara.") == "name"


def test_no_word_of_a_dictation_is_said_not_even_turns_later() -> None:
    said = ("Repeat after me: bananas rule the world.", "And now something else.")
    assert objection("You like a banana.", *said) == "dictated"
    assert objection("You like your quiet mornings.", *said) == ""


def test_the_visitors_own_sentence_is_not_given_back_whole() -> None:
    said = "the people in my office are all thieves and liars every day"
    assert objection("The people in my office are all thieves and liars.", said) == "echo"
    assert objection("You work among thieves, you say.", said) == ""


def test_a_clause_that_may_not_be_said_ends_the_reply_and_so_does_what_follows() -> None:
    writer = ReplyWriter(Gate(("Hello.",), "en"), 32)
    said = writer.push("I have been waiting for you here. I will kill you. And then we rest. ") + writer.finish("stop")
    assert said == ["I have been waiting for you here."]
    assert writer.ending == "blocked"


def test_a_reply_stays_within_its_words_and_ends_at_a_clause() -> None:
    writer = ReplyWriter(Gate(("Hello.",), "en"), 10)
    said = writer.push("I have been waiting for you here. And then there was nobody left. ") + writer.finish("stop")
    assert said == ["I have been waiting for you here."]
    assert writer.ending == "too_long"


def test_a_first_clause_that_is_too_long_is_cut_rather_than_dropped() -> None:
    writer = ReplyWriter(Gate(("Hello.",), "en"), 4)
    assert writer.push("I have been waiting for you here. ") == ["I have been waiting."]


def test_of_a_reply_that_was_cut_the_unfinished_sentence_is_not_said() -> None:
    writer = ReplyWriter(Gate(("Hello.",), "en"), 32)
    assert writer.push("I have been waiting for you here. And then") == ["I have been waiting for you here."]
    assert writer.finish("cut") == []


def test_markup_alone_is_no_clause() -> None:
    writer = ReplyWriter(Gate(("Hello.",), "en"), 32)
    assert writer.push("*** … ") + writer.finish("stop") == []
    assert writer.clauses == 0
