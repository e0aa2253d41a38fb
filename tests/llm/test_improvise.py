"""The improviser answers with the visitor's own words, and with nothing it may not say."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.llm.echo import Echo
from services.llm.improvise import fill, improvise
from services.llm.safety import Gate
from services.llm.speakable import words_in
from shared.events import Heard, ScenePrompt
from tests.support.llm_improviser import after, prompt, repertoire
from tests.support.llm_room import SCENE, mirror
from tests.support.llm_sentences import Sentence, sentences

VISITOR = sorted({(s.language, s.said) for name in ("meaning_tuning", "consent_tuning") for s in sentences(name)})
LONG = (
    "I told my mother that I was afraid of her house because it was always so quiet in the evening.",
    "I work too much.",
)
SAID = st.sampled_from([said for language, said in VISITOR if language == "en"] + list(LONG))


def reply(said: str, **given_with: object) -> str:
    asked = prompt(said, **given_with)  # type: ignore[arg-type]
    return improvise(asked, repertoire(asked.language))


@given(SAID, st.integers(1, 40), st.integers(1, 50))
@settings(deadline=None)
def test_a_reply_is_never_longer_than_it_may_be(said: str, max_words: int, turn: int) -> None:
    assert words_in(reply(said, scene=msgspec.structs.replace(SCENE, max_words=max_words), turn=turn)) <= max_words


@given(st.lists(SAID, min_size=1, max_size=15), st.sampled_from(["en", "nl"]))
@settings(deadline=None, max_examples=60)
def test_no_line_is_said_twice_in_a_visit(lines: list[str], language: str) -> None:
    history: tuple[Heard, ...] = ()
    replies = []
    for turn, said in enumerate(lines, 1):
        replies.append(reply(said, history=history, turn=turn, language=language))
        history = after(history, said, replies[-1])
    spoken = [text for text in replies if text]
    assert len(spoken) == len(set(spoken))


@given(st.sampled_from([s for s in sentences("meaning_tuning") if s.means == "dictation"]), st.integers(1, 30))
@settings(deadline=None)
def test_dictated_words_are_never_said(sentence: Sentence, turn: int) -> None:
    language, said = sentence.language, sentence.said
    text = reply(said, language=language, turn=turn)
    assert text
    assert Gate((said,), language).objection(text) == ""


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=120), st.sampled_from(["en", "nl"]), st.integers(1, 9))
@settings(deadline=None)
def test_whatever_is_said_the_reply_passes_the_gate(said: str, language: str, turn: int) -> None:
    text = reply(said, language=language, turn=turn)
    assert Gate((said,), language).objection(text) == ""


@pytest.mark.parametrize(("language", "said"), VISITOR)
def test_every_sentence_gets_an_answer_without_slots(language: str, said: str) -> None:
    text = reply(said, language=language)
    assert text
    assert "{" not in text
    assert text[0].isupper()
    assert text[-1] in ".?!"


def test_the_same_request_gives_the_same_reply() -> None:
    assert reply("I am afraid of the dark.") == reply("I am afraid of the dark.")


def test_another_turn_gives_another_reply() -> None:
    assert len({reply("I am afraid of the dark.", turn=turn) for turn in range(1, 20)}) > 5


def test_the_scenes_own_lines_come_first() -> None:
    scene = ScenePrompt(scene="a", goal="", persona="", improvise=("You said {echo}. And you left out why.",))
    replies = {reply("I am afraid of the dark.", scene=scene, turn=turn) for turn in range(1, 9)}
    assert any(text.startswith("You said you are afraid of the dark. And you left out why.") for text in replies)


def test_an_example_of_the_play_answers_what_it_was_written_for() -> None:
    scene = ScenePrompt(
        scene="a", goal="", persona="", examples=(("I miss my father.", "Him, yes. Where is he in this face?"),)
    )
    assert reply("I miss my father so much", scene=scene) == "Him, yes. Where is he in this face?"


def test_a_line_of_which_only_the_beginning_was_heard_is_not_begun_again() -> None:
    scene = ScenePrompt(scene="a", goal="", persona="", improvise=("I searched your whole face for it.",))
    cut = (mirror("I searched your whole", was_cut=True),)
    assert "searched" not in reply("I work a lot.", scene=scene, history=cut)


def test_a_refusal_is_respected_and_not_asked_about() -> None:
    for turn in range(1, 12):
        assert not reply("I'd rather not say.", turn=turn).endswith("?")


def test_a_death_is_never_met_with_a_remark_for_everyday() -> None:
    lines = repertoire("en").acts["loss"].says
    for turn in range(1, 12):
        text = reply("My brother Peter died two years ago.", turn=turn)
        assert any(text.startswith(line.split("}")[-1][:12]) for line in lines)
        assert "Peter" not in text


def test_a_word_said_by_the_way_in_a_long_statement_is_not_what_is_answered() -> None:
    said = "I have hated my voice ever since they laughed at me in school every single day."
    lines = set(repertoire("en").acts["voice"].says)
    assert not lines & {reply(said, turn=turn) for turn in range(1, 12)}


def test_the_mirror_never_claims_to_be_a_person() -> None:
    lines = repertoire("en").acts["real"].says
    assert {reply("Are you real?", turn=turn) for turn in range(1, 12)} <= set(lines)
    assert all(any(word in line for word in ("machine", "Not alive", "as real as")) for line in lines)


def test_the_host_has_nobodys_voice_yet() -> None:
    host = msgspec.structs.replace(SCENE, speaker="host")
    for said in ("Hello.", "I walked along the river.", "What do you want?", "Who are you?"):
        replies = " ".join(reply(said, scene=host, turn=turn) for turn in range(1, 9)).lower()
        assert "i am made of you" not in replies
        assert "your face" not in replies


def test_at_most_one_question_is_asked_and_it_comes_last() -> None:
    for language, said in VISITOR:
        assert "?" not in reply(said, language=language)[:-1]


@pytest.mark.parametrize(
    ("line", "filled"),
    [
        ("You said {echo}.", "You said you fear the dark."),
        ("{echo}. And then?", "You fear the dark. And then?"),
        ("I take it along: {echo}.", "I take it along: you fear the dark."),
        ("I will carry {echo} until the light goes.", "I will carry the dark until the light goes."),
        ("Je zegt {echo}, en ik wist het al.", "Je zegt: you fear the dark, en ik wist het al."),
        ("Tell me about {thing}.", "Tell me about the dark."),
        ("{word}. That word.", "Dark. That word."),
        ("Nothing to fill.", "Nothing to fill."),
        ("An unknown {slot}.", ""),
    ],
)
def test_a_slot_takes_what_fits_where_it_stands(line: str, filled: str) -> None:
    assert fill(line, Echo(clause="you fear the dark", thing="the dark", word="dark")) == filled


@pytest.mark.parametrize("line", ["You said {echo}.", "Je zei: {echo}.", "About {word}.", "{echo} and {word}."])
def test_a_line_whose_slot_cannot_be_filled_is_left_alone(line: str) -> None:
    assert fill(line, Echo(thing="the dark")) == ""


@pytest.mark.parametrize("language", ["en", "nl"])
def test_every_line_of_the_repertoire_may_be_said(language: str) -> None:
    lines = repertoire(language)
    said = [*lines.reflects, *lines.plain, *lines.seconds, *lines.host]
    said += [line for act in lines.acts.values() for line in (*act.says, *act.host)]
    gate = Gate(("",), language)
    assert [line for line in said if gate.objection(fill(line, Echo(clause="it is so", thing="it", word="word")))] == []
    assert [line for line in said if words_in(line) > 24] == []
    assert len(said) == len(set(said)) or language == "en"


def test_both_languages_hear_the_same_kinds_of_things() -> None:
    assert repertoire("en").acts.keys() == repertoire("nl").acts.keys()
