"""Who answered what, and how long it took. Times are seconds."""

from rig.turn_times import Turn, turns_of
from shared.events import (
    AnyEvent,
    FinalTranscript,
    LineWanted,
    ReplyClause,
    ReplyRequest,
    ScenePrompt,
    SpeechChunk,
    SpeechDue,
)
from tests.support.rig_recordings import recording, sounded, spoken

PROMPT = ScenePrompt(scene="room", goal="", persona="")


def final(turn: int, text: str, started_at: float, ended_at: float, at: float, joins: int = 0) -> FinalTranscript:
    return FinalTranscript(
        turn=turn, seq=1, text=text, started_at=started_at, ended_at=ended_at, at=at, waited_s=0.2, joins=joins
    )


def reply(turn: int, utterance: int, asked_at: float) -> list[AnyEvent]:
    """A reply whose clause took 50 ms, whose sound took 100 ms, and which is due 120 ms after it is let out."""
    return [
        ReplyRequest(turn=turn, seq=0, at=asked_at, utterance=utterance, said="", language="en", prompt=PROMPT),
        ReplyClause(turn=turn, seq=1, at=asked_at + 0.051, index=0, text="Go on.", engine_s=0.050),
        SpeechChunk(turn=turn, seq=1, at=asked_at + 0.152, from_sample=0, pcm=b"\0\0" * 240, engine_s=0.100),
        SpeechDue(speech_turn=turn, speech_rev=0, from_sample=0, at=asked_at + 0.153, due_at=asked_at + 0.273),
    ]


def only(turns: list[Turn], turn: int) -> Turn:
    return next(one for one in turns if one.turn == turn)


def test_a_reply_is_timed_from_the_end_of_the_speech_it_answers() -> None:
    events: list[AnyEvent] = [final(1, "hello", 1.0, 2.0, 2.201), *reply(4, 1, 2.202)]
    turn = only(turns_of(recording([spoken("hello", 1.0, 2.0)], [sounded(4, 2.475)]), events), 4)
    assert turn.latency_ms == 475.0
    assert turn.understood == "hello"
    assert turn.errors == 0


def test_our_own_share_is_what_no_engine_and_no_named_wait_took() -> None:
    events: list[AnyEvent] = [final(1, "hello", 1.0, 2.0, 2.201), *reply(4, 1, 2.202)]
    turn = only(turns_of(recording([spoken("hello", 1.0, 2.0)], [sounded(4, 2.475)]), events), 4)
    assert turn.own_share_ms == 5.0


def test_a_reply_to_what_was_said_before_is_no_answer_to_what_was_said_last() -> None:
    events: list[AnyEvent] = [final(1, "one", 0.0, 1.0, 1.2), *reply(4, 1, 1.2), final(2, "two", 1.5, 2.0, 2.6)]
    said = [spoken("one", 0.0, 1.0), spoken("two", 1.5, 2.0)]
    turn = only(turns_of(recording(said, [sounded(4, 2.1)]), events), 4)
    assert turn.latency_ms is None


def test_a_line_that_was_ordered_before_the_transcript_is_no_answer() -> None:
    wanted = LineWanted(turn=4, seq=1, at=2.05, line="a", text="A.", language="en", voice="host")
    events: list[AnyEvent] = [wanted, final(1, "one", 1.0, 2.0, 2.4)]
    turn = only(turns_of(recording([spoken("one", 1.0, 2.0)], [sounded(4, 2.2)]), events), 4)
    assert turn.latency_ms is None
    assert turn.line_latency_ms == 150.0


def test_of_a_transcript_that_joins_an_earlier_one_only_the_new_words_count() -> None:
    events: list[AnyEvent] = [final(1, "I was", 0.0, 1.0, 1.2), final(2, "I was there", 0.0, 2.0, 2.2, joins=1)]
    said = [spoken("I was", 0.0, 1.0), spoken("there", 1.4, 2.0)]
    turns = turns_of(recording(said, []), events)
    assert [(turn.understood, turn.errors) for turn in turns] == [("I was", 0), ("there", 0)]


def test_of_two_things_heard_as_one_utterance_each_answers_for_its_own_words() -> None:
    events: list[AnyEvent] = [final(1, "I was here and there too.", 0.0, 2.5, 2.7)]
    said = [spoken("I was here", 0.0, 1.0), spoken("and there two", 1.4, 2.5)]
    turns = turns_of(recording(said, []), events)
    assert [(turn.understood, turn.errors) for turn in turns] == [("I was here", 0), ("and there too.", 1)]


def test_what_nobody_transcribed_counts_as_wrong_if_the_mirror_listened() -> None:
    turns = turns_of(recording([spoken("anyone there", 0.0, 1.0)], []), [])
    assert [(turn.errors, turn.words, turn.is_counted) for turn in turns] == [(2, 2, True)]
