"""The check of `mirror bench chaos` finds each fault in a recording that has it, and none in one that has none."""

from collections.abc import Callable

import msgspec
import pytest

from rig.chaos.check import check
from rig.chaos.record import Noted, Span, VisitRecord
from shared import events as ev
from shared.streams import StreamId
from tests.support.chaos_visit import (
    ANSWER,
    BYE,
    LINE,
    LINE_AT,
    SAID,
    entry,
    sounded,
    swapped,
    twice,
    whole_visit,
    without,
)

replace = msgspec.structs.replace
Harm = Callable[[VisitRecord], VisitRecord]


def found(visit: VisitRecord) -> set[tuple[str, str]]:
    return {(fault.kind, fault.rule) for fault in check(visit)}


def test_a_whole_visit_has_no_fault() -> None:
    assert check(whole_visit()) == []


def is_chunk(event: ev.AnyEvent, turn: int = ANSWER, start: int = 4_800) -> bool:
    return isinstance(event, ev.SpeechChunk) and (event.turn, event.from_sample) == (turn, start)


def of(kind: type[ev.Event], turn: int = ANSWER) -> Callable[[ev.AnyEvent], bool]:
    return lambda event: isinstance(event, kind) and event.turn == turn


LOST: dict[str, tuple[Harm, str]] = {
    "a chunk of the microphone": (
        lambda v: without(v, lambda e: isinstance(e, ev.MicrophoneChunk) and e.seq == 50), "ids",
    ),
    "an utterance": (lambda v: without(v, of(ev.FinalTranscript, 1)), "hearing"),
    "the end of a reply": (lambda v: without(v, of(ev.ReplyEnded)), "replies"),
    "a clause": (lambda v: without(v, of(ev.ReplyClause)), "replies"),
    "a chunk of speech": (lambda v: without(v, is_chunk), "runs"),
    "the last chunk of speech": (lambda v: without(v, lambda e: is_chunk(e, start=21_600)), "voice"),
    "the end of speech": (lambda v: without(v, of(ev.SpeechEnded)), "voice"),
    "a pose": (lambda v: without(v, lambda e: isinstance(e, ev.PoseTrack) and e.first_index == 12), "runs"),
    "the last poses": (lambda v: without(v, lambda e: isinstance(e, ev.PoseTrack) and e.first_index == 54), "face"),
    "what sounded, in the middle": (
        lambda v: replace(v, sounded=[piece for piece in v.sounded if piece.from_sample != 4_800]), "sound",
    ),
    "a line": (lambda v: replace(v, sounded=[piece for piece in v.sounded if piece.turn != LINE]), "lines"),
    "a must-say line": (lambda v: without(v, of(ev.LineWanted, LINE)), "must_say"),
    "an answer": (lambda v: replace(v, sounded=[piece for piece in v.sounded if piece.turn != ANSWER]), "answers"),
    "an entry of the ledger": (lambda v: without(v, of(ev.TurnHeard)), "ledger"),
}  # fmt: skip


@pytest.mark.parametrize("what", LOST)
def test_what_is_missing_is_lost(what: str) -> None:
    harm, rule = LOST[what]
    assert ("lost", rule) in found(harm(whole_visit()))


@pytest.mark.parametrize(
    "kind",
    [ev.FinalTranscript, ev.ReplyClause, ev.SpeechChunk, ev.SpeechEnded, ev.PoseTrack, ev.TurnHeard, ev.LineWanted],
)
def test_an_event_that_stands_twice_in_its_stream_is_found(kind: type[ev.Event]) -> None:
    assert ("twice", "ids") in found(twice(whole_visit(), lambda event: isinstance(event, kind)))


@pytest.mark.parametrize("kind", [ev.MicrophoneChunk, ev.SpeechChunk, ev.PoseTrack])
def test_events_in_each_others_place_are_out_of_order(kind: type[ev.Event]) -> None:
    assert ("out_of_order", "ids") in found(swapped(whole_visit(), lambda event: isinstance(event, kind)))


def test_words_that_sound_twice_are_found() -> None:
    visit = whole_visit()
    again = [*visit.sounded[:14], *visit.sounded[11:14], *visit.sounded[14:]]
    assert ("twice", "sound") in found(replace(visit, sounded=again))


def test_a_line_that_is_said_whole_in_two_turns_is_twice() -> None:
    visit = whole_visit()
    bye = ev.LineWanted(turn=BYE, seq=1, at=29.0, line="ask", text="ask", language="en", voice="host")
    entries = [entry(bye) if note.event and of(ev.LineWanted, BYE)(note.event) else note for note in visit.entries]
    assert ("twice", "lines") in found(replace(visit, entries=entries))


def test_a_line_that_was_cut_before_its_voice_had_made_it_may_be_said_again() -> None:
    visit = whole_visit()
    unended = without(visit, of(ev.SpeechEnded, LINE))
    again = ev.LineWanted(turn=BYE, seq=1, at=29.0, line="ask~again", text="ask", language="en", voice="host")
    entries = [entry(again) if note.event and of(ev.LineWanted, BYE)(note.event) else note for note in unended.entries]
    cut = entry(ev.EpochAdvanced(seq=13, at=LINE_AT + 0.5, epoch=1, reason="barge_in"))
    visit = replace(
        visit,
        entries=[*entries, cut],
        sounded=[piece for piece in visit.sounded if piece.turn != LINE or piece.from_sample < 12_000],
        must_say={"gate": ("ask",)},
    )
    assert not {fault for fault in found(visit) if fault[1] in ("lines", "must_say")}


def test_a_voice_that_was_cut_while_it_was_still_coming_is_no_loss_and_one_that_had_stopped_is() -> None:
    def cut_after(last_chunk_at: float) -> set[tuple[str, str]]:
        visit = without(whole_visit(), of(ev.SpeechEnded, LINE))
        entries = [
            entry(replace(note.event, at=last_chunk_at)) if note.event and is_chunk(note.event, LINE, 21_600) else note
            for note in visit.entries
        ]
        cut = entry(ev.EpochAdvanced(seq=13, at=LINE_AT + 7.0, epoch=1, reason="barge_in"))
        return found(replace(visit, entries=[*entries, cut]))

    assert ("lost", "voice") not in cut_after(LINE_AT + 5.0)
    assert ("lost", "voice") in cut_after(LINE_AT)


def test_a_turn_behind_a_later_one_is_out_of_order() -> None:
    visit = whole_visit()
    assert ("out_of_order", "sound") in found(replace(visit, sounded=[*visit.sounded[20:], *visit.sounded[:20]]))


def test_a_loss_cannot_hide_behind_another_utterances_number() -> None:
    visit = whole_visit()
    assert ("lost", "hearing") in found(
        replace(visit, spoken=[*visit.spoken, visit.spoken[0]._replace(began_at=15.0, ended_at=15.5)])
    )


def test_half_an_utterance_is_lost() -> None:
    visit = whole_visit()
    assert ("lost", "hearing") in found(replace(visit, spoken=[visit.spoken[0]._replace(began_at=SAID[0] - 0.4)]))


def test_what_was_said_while_the_kiosk_had_no_connection_is_no_loss() -> None:
    visit = whole_visit()
    spoken = [*visit.spoken, visit.spoken[0]._replace(began_at=15.0, ended_at=15.5)]
    assert check(replace(visit, spoken=spoken, away=[Span(14.0, 16.0)])) == []


def test_what_the_visitor_said_again_out_of_patience_is_no_excuse_for_the_silence_before() -> None:
    visit = whole_visit()
    silent = replace(visit, sounded=[*(one for one in visit.sounded if one.turn != ANSWER), *sounded(ANSWER, 18.0)])
    impatient = replace(silent, spoken=[*visit.spoken, visit.spoken[0]._replace(began_at=16.8, ended_at=17.3)])
    assert ("lost", "answers") not in found(silent)
    assert ("lost", "answers") in found(impatient)


@pytest.mark.parametrize(("at", "is_met"), [(9.9, False), (10.05, False), (10.3, True), (10.6, True), (19.0, False)])
def test_a_turn_that_began_over_the_visitors_words_meets_them_if_it_sounds_beyond_them(at: float, is_met: bool) -> None:
    visit = whole_visit()
    others = [one for one in visit.sounded if one.turn != ANSWER]
    over = replace(visit, sounded=[*others, *sounded(ANSWER, at)])
    assert (("lost", "answers") not in found(over)) == is_met


def test_a_reply_that_was_made_void_at_once_is_no_loss() -> None:
    visit = without(whole_visit(), of(ev.ReplyEnded))
    gone = entry(ev.TurnDiscarded(seq=40, at=11.2, discarded_turn=ANSWER, discarded_rev=0))
    assert ("lost", "replies") not in found(replace(visit, entries=[*visit.entries, gone]))


@pytest.mark.parametrize(
    "harm",
    [
        lambda v: replace(v, sounded=v.sounded[:20]),
        lambda v: replace(v, sounded=[*v.sounded[:20], *sounded(BYE, 31.0)]),
        lambda v: replace(v, forgotten_at=0.0),
        lambda v: replace(v, forgotten_at=60.0),
    ],
    ids=["too early", "too late", "never", "forgotten too late"],
)
def test_a_visit_that_does_not_end_on_time_is_late(harm: Harm) -> None:
    assert ("late", "end") in found(harm(whole_visit()))


NEVER_BYE = replace(whole_visit(), sounded=whole_visit().sounded[:20], closing_lines=frozenset({"bye"}))


NO_LAST_WORD = {("lost", "must_say"), ("late", "end")}


def test_a_last_word_for_a_kiosk_whose_cable_was_pulled_is_neither_lost_nor_late() -> None:
    assert found(NEVER_BYE) >= NO_LAST_WORD
    assert not found(replace(NEVER_BYE, away=[Span(28.0, 33.0)], cuts=[Span(28.0, 33.0)])) & NO_LAST_WORD


def test_a_cable_that_was_in_again_by_then_or_a_service_that_was_away_excuses_no_last_word() -> None:
    assert found(replace(NEVER_BYE, cuts=[Span(20.0, 25.0)])) >= NO_LAST_WORD
    assert found(replace(NEVER_BYE, away=[Span(28.0, 33.0)])) >= NO_LAST_WORD


def test_a_play_that_ends_at_its_gate_is_not_late_if_the_yes_was_said_to_a_kiosk_without_a_line() -> None:
    shut = replace(NEVER_BYE, must_say={"gate": ("ask",), "talk": ("no_bye",)}, closing_lines=frozenset({"no_bye"}))
    said = shut.spoken[0]
    assert ("late", "end") in found(shut)
    unheard = replace(shut, away=[Span(said.began_at - 0.5, said.ended_at + 0.5)])
    assert ("late", "end") not in found(unheard)
    assert ("late", "end") in found(replace(unheard, closing_lines=frozenset()))


@pytest.mark.parametrize("left", [{"keys_left": 1}, {"files_left": 1}])
def test_what_is_left_after_the_wipe_is_found(left: dict[str, int]) -> None:
    assert ("left_over", "wipe") in found(replace(whole_visit(), **left))


POISON = Noted("requests", StreamId(4, 2), None, is_poison=True)
BURIED = ev.StageFailed(
    seq=1, at=12.0, stage="llm", reason="DecodeError", failed_stream="requests", failed_turn=4, failed_seq=2
)


def test_a_poison_that_is_buried_hurts_nobody() -> None:
    visit = whole_visit()
    assert check(replace(visit, entries=[*visit.entries, POISON, entry(BURIED, "dead.llm")])) == []


def test_a_poison_that_lies_in_no_dead_letter_stream_is_lost() -> None:
    visit = whole_visit()
    assert ("lost", "poison") in found(replace(visit, entries=[*visit.entries, POISON]))


def test_an_event_that_was_given_up_and_was_no_poison_is_lost() -> None:
    visit = whole_visit()
    assert ("lost", "poison") in found(replace(visit, entries=[*visit.entries, entry(BURIED, "dead.llm")]))
