from services.tts.turn_speech import TurnSpeech, recalled
from shared.events import SpeechChunk, SpeechEnded


def chunk(clause: int, from_sample: int, samples: int, text: str = "", rev: int = 0) -> SpeechChunk:
    return SpeechChunk(turn=4, rev=rev, from_sample=from_sample, pcm=bytes(2 * samples), clause=clause, text=text)


def test_a_clause_follows_what_was_published_before_it_however_often_it_is_asked() -> None:
    speech = TurnSpeech(4, 0)
    assert speech.end_before(0) == 0
    speech.note(chunk(0, 0, 2_400, "Yes."))
    speech.note(chunk(0, 2_400, 2_400))
    assert speech.end_before(1) == 4_800
    speech.note(chunk(1, 4_800, 2_400, "No."))
    assert speech.end_before(1) == 4_800
    assert speech.start_of(1) == 4_800
    assert speech.before(1) == (0, "Yes.")
    assert speech.before(0) is None


def test_a_missing_clause_leaves_no_gap() -> None:
    speech = TurnSpeech(4, 0)
    speech.note(chunk(0, 0, 2_400, "Yes."))
    assert speech.end_before(2) == 2_400
    assert speech.start_of(2) is None


def test_what_was_published_tells_where_to_go_on() -> None:
    speech = recalled([chunk(0, 0, 2_400, "Yes,"), chunk(0, 2_400, 240), chunk(1, 2_640, 480, "and no.")])
    assert speech is not None
    assert speech.is_of(4, 0)
    assert speech.start_of(1) == 2_640
    assert speech.position == 3_120
    assert speech.before(1) == (0, "Yes,")


def test_only_the_newest_guess_counts() -> None:
    speech = recalled([chunk(0, 0, 2_400, "Old."), SpeechEnded(turn=4, samples=2_400), chunk(0, 0, 240, "New.", rev=1)])
    assert speech is not None
    assert speech.is_of(4, 1)
    assert speech.position == 240


def test_nothing_published_is_no_speech() -> None:
    assert recalled([]) is None
