"""The visitor's own words, turned to them."""

import pytest

from services.llm.echo import Echo, echo_of


@pytest.mark.parametrize(
    ("said", "clause"),
    [
        ("I'm afraid of being ordinary.", "you're afraid of being ordinary"),
        ("Well, um, I think I miss my mother, you know.", "you miss your mother"),
        ("I was walking to work.", "you were walking to work"),
        ("My mother always said I was too quiet.", "your mother always said you were too quiet"),
        ("You're not me.", "I'm not you"),
        ("I hope you remember me.", "you hope I remember you"),
        ("I, I never told my father.", "you never told your father"),
        ("I am my own worst enemy.", "you are your own worst enemy"),
        ("I hurt myself with that.", "you hurt yourself with that"),
        ("That's what I'd say.", ""),
    ],
)
def test_english_is_turned_to_the_visitor(said: str, clause: str) -> None:
    assert echo_of(said, "en").clause == clause


@pytest.mark.parametrize(
    ("said", "clause"),
    [
        ("Ik ben bang om gewoon te zijn.", "je bent bang om gewoon te zijn"),
        ("Ik mis mijn oma.", "je mist je oma"),
        ("Ik voel me soms heel alleen.", "je voelt je soms heel alleen"),
        ("Soms wil ik verdwijnen.", "soms wil je verdwijnen"),
        ("Ik doe altijd alsof ik vrolijk ben.", "je doet altijd alsof je vrolijk bent"),
        ("Ik dacht dat ik sterk was.", "je dacht dat je sterk was"),
        ("Ik werkte vroeger in een winkel.", "je werkte vroeger in een winkel"),
        ("Ik houd van mijn zus.", "je houdt van je zus"),
        ("Ik wil jou niet zijn.", ""),
        ("Ik ook niet zo.", ""),
    ],
)
def test_dutch_is_turned_with_its_verb_or_not_at_all(said: str, clause: str) -> None:
    assert echo_of(said, "nl").clause == clause


@pytest.mark.parametrize(
    ("said", "language", "thing"),
    [
        ("I'm scared of the dark.", "en", "the dark"), ("I miss my old house.", "en", "your old house"),
        ("Losing control.", "en", "losing control"), ("I like the sound of rain.", "en", "the sound of rain"),
        ("Ik ben bang voor de stilte.", "nl", "de stilte"), ("Ik denk aan mijn moeder.", "nl", "je moeder"),
        ("I cry in the car sometimes.", "en", ""),
        ("I stole money from my aunt's purse.", "en", ""),
        ("Hm.", "en", ""),
    ],
)  # fmt: skip
def test_the_thing_is_what_the_sentence_turns_on(said: str, language: str, thing: str) -> None:
    assert echo_of(said, language).thing == thing


@pytest.mark.parametrize(
    "said",
    [
        "My brother Peter lied to me.",
        "peter lied to me",
        "I am 43 years old.",
        "I have four two seven.",
        "My name is Xiomara.",
    ],
)
def test_a_sentence_with_a_name_or_a_number_gives_nothing(said: str) -> None:
    assert echo_of(said, "en") == Echo()


def test_the_sentence_about_oneself_is_chosen_over_the_others() -> None:
    assert echo_of("It was raining. I was scared. The bus came.", "en").clause == "you were scared"


def test_the_telling_word_is_chosen_over_everyday_ones() -> None:
    assert echo_of("Loneliness, I guess, when people leave.", "en").word == "loneliness"


def test_a_language_without_rules_gives_nothing() -> None:
    assert echo_of("J'ai peur du noir.", "fr") == Echo()
