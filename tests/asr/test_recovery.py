"""Where a worker before us had come to."""

from services.asr.hearing import END_SEQ
from services.asr.recovery import where_we_were
from shared.events import FinalTranscript, SpeechPaused, SpeechStarted, UtteranceDropped

STARTED = SpeechStarted(turn=1, seq=80, started_at=10.0, at=10.1)
PAUSED = SpeechPaused(turn=1, seq=160, ended_at=12.0, at=12.1)
FINAL = FinalTranscript(turn=1, seq=END_SEQ, text="Yes.", ended_at=12.0, at=12.4)
DROPPED = UtteranceDropped(turn=1, seq=END_SEQ, reason="too_short", at=12.4)


def test_a_visit_without_words_begins_at_one() -> None:
    place = where_we_were([])
    assert (place.next_number, place.orphan) == (1, 0)
    assert place.deaf_until < 0


def test_behind_a_final_the_next_number_begins_and_its_sound_is_done() -> None:
    place = where_we_were([STARTED, PAUSED, FINAL])
    assert (place.next_number, place.deaf_until, place.orphan) == (2, 12.0, 0)
    assert place.last_final == FINAL


def test_behind_a_dropped_one_its_sound_is_done_too() -> None:
    place = where_we_were([STARTED, PAUSED, DROPPED])
    assert (place.next_number, place.deaf_until) == (2, 12.0)


def test_one_that_was_begun_keeps_its_number() -> None:
    place = where_we_were([STARTED, PAUSED])
    assert (place.next_number, place.orphan, place.orphan_seen_at) == (1, 1, 12.1)
