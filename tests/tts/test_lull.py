import math

from services.tts.lull import ANSWER_S, Lull
from shared.events import AnyEvent, Attention, MirrorSpeaking, VisitorSpeaking


def after(*events: AnyEvent) -> float:
    lull = Lull()
    for event in events:
        lull.note(event)
    return lull.begins


def test_before_anybody_speaks_there_is_time() -> None:
    assert after() == 0.0


def test_while_the_visitor_speaks_there_is_none() -> None:
    assert after(VisitorSpeaking(at=5.0, is_speaking=True)) == math.inf


def test_until_the_answer_sounds_there_is_none() -> None:
    asked = VisitorSpeaking(at=5.0, is_speaking=False)
    assert after(asked) == 5.0 + ANSWER_S
    assert after(asked, MirrorSpeaking(at=6.0, is_speaking=True)) == 6.0


def test_the_mirrors_voice_gives_no_time_while_the_visitor_speaks_over_it() -> None:
    over = VisitorSpeaking(at=5.0, is_speaking=True)
    assert after(over, MirrorSpeaking(at=6.0, is_speaking=True)) == math.inf


def test_the_end_of_the_mirrors_voice_changes_nothing() -> None:
    assert after(MirrorSpeaking(at=3.0, is_speaking=True), MirrorSpeaking(at=6.0, is_speaking=False)) == 0.0


def test_only_who_speaks_is_of_concern() -> None:
    assert not Lull().note(Attention(mood="thinking"))
    assert Lull().note(VisitorSpeaking(is_speaking=True))
