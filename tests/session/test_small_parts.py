"""The small pure parts of the session service."""

import itertools

import pytest

from services.session.board import Board
from services.session.echo import is_echo
from services.session.ledger import Ledger
from services.session.microphone import SILENCE, Microphone
from services.session.numbering import Numbering
from services.session.speech import Clause, Speech, Times, own_seconds
from services.session.words import says_something, without_prefix, words
from shared import events as ev
from shared.errors import BadInput
from shared.kiosk_wire import Audio
from shared.streams import StreamId

PLAYED = "I was you for a minute and I give it back now"


@pytest.mark.parametrize(
    ("heard", "echo"),
    [
        ("I was you for a minute", True),
        ("was you for the minute", True),
        ("no I want to keep it", False),
        ("minute", False),
        ("", False),
    ],
)
def test_echo_is_known_by_its_words(heard: str, echo: bool) -> None:
    assert is_echo(heard, PLAYED) is echo


def test_words_ignore_case_and_punctuation() -> None:
    assert words("Yes, I don’t — really!") == ("yes", "i", "don't", "really")


@pytest.mark.parametrize(("text", "says"), [("", False), ("...", False), ("a", False), ("no", True)])
def test_a_single_letter_says_nothing(text: str, says: bool) -> None:
    assert says_something(text) is says


def test_only_what_is_new_is_left_of_a_joined_utterance() -> None:
    assert without_prefix("I was afraid, of the dark.", "I was afraid.") == "of the dark."
    assert without_prefix("Something else", "I was afraid") == "Something else"


def test_a_gap_in_the_microphone_becomes_silence_of_the_same_length() -> None:
    microphone = Microphone()
    microphone.take(Audio(seq=1, pcm=bytes([1]) * 640), 10.0)
    chunks = microphone.take(Audio(seq=4, pcm=bytes([2]) * 640), 10.06)
    assert [pcm for pcm, _ in chunks] == [SILENCE, SILENCE, bytes([2]) * 640]
    assert [round(at, 3) for _, at in chunks] == [10.02, 10.04, 10.06]


def test_a_chunk_that_was_there_already_is_refused() -> None:
    microphone = Microphone()
    microphone.take(Audio(seq=5, pcm=bytes(640)), 1.0)
    with pytest.raises(BadInput, match="after"):
        microphone.take(Audio(seq=5, pcm=bytes(640)), 1.02)


def test_network_jitter_does_not_move_capture_times() -> None:
    microphone = Microphone()
    delays = [0.001, 0.030, 0.002, 0.080, 0.001]
    times = [
        microphone.take(Audio(seq=seq, pcm=bytes(640)), seq * 0.02 + delay)[0][1] for seq, delay in enumerate(delays)
    ]
    steps = [after - before for before, after in itertools.pairwise(times)]
    assert steps == pytest.approx([0.02] * 4, abs=0.001)


def test_every_stream_of_ours_counts_upwards() -> None:
    numbering = Numbering({"control": StreamId(0, 7)})
    first = numbering.number(ev.EpochAdvanced(epoch=1))
    second = numbering.number(ev.EpochAdvanced(epoch=2))
    assert [(event.turn, event.seq) for event in (first, second)] == [(0, 8), (0, 9)]


def test_lines_ahead_never_overtake_a_line_that_is_wanted() -> None:
    numbering = Numbering()
    ahead = numbering.number(ev.LineAhead(line="a", text="a", language="en", voice="host"))
    wanted = numbering.number(ev.LineWanted(turn=2, seq=1, line="b", text="b", language="en", voice="host"))
    again = numbering.number(ev.LineAhead(line="c", text="c", language="en", voice="host"))
    places = [(event.turn, event.seq) for event in (ahead, wanted, again)]
    assert places == sorted(set(places))


def test_a_cut_turn_is_remembered_up_to_the_word_that_sounded() -> None:
    speech = Speech(turn=2, kind="reply", total=48_000)
    speech.clauses = [Clause(0, "You say that."), Clause(24_000, "And then you laugh at it.")]
    assert speech.heard_text(24_000) == "You say that."
    assert speech.heard_text(38_000) == "You say that. And then you"
    assert speech.heard_text(48_000) == "You say that. And then you laugh at it."


def test_words_of_which_the_sound_is_not_made_yet_did_not_sound() -> None:
    speech = Speech(turn=2, kind="line")
    speech.take(
        ev.SpeechChunk(
            turn=2, seq=1, from_sample=0, pcm=bytes(2 * 12_000), text="You say that and then you laugh at it."
        )
    )
    assert speech.heard_text(12_000) == "You say"
    speech.total = 12_000
    assert speech.heard_text(12_000) == "You say that and then you laugh at it."


def test_a_clause_whose_successor_has_not_come_sounded_whole() -> None:
    speech = Speech(turn=2, kind="reply")
    speech.take(ev.SpeechChunk(turn=2, seq=1, from_sample=0, pcm=bytes(2 * 20_000), text="Who are you?"))
    assert speech.heard_text(20_000) == "Who are you?"
    assert speech.heard_text(10_000) == "Who"


def test_own_share_leaves_out_what_the_engines_took() -> None:
    times = Times(
        visitor_ended_at=10.0, waited_s=0.2, asr_s=0.1, final_at=10.302, asked_at=10.302, llm_s=0.3, tts_s=0.2,
        chunk_at=10.805, released_at=10.806, lead_s=0.12, sounded_at=10.927,
    )  # fmt: skip
    assert own_seconds(times) == pytest.approx(0.002 + 0.003 + 0.001 + 0.001, abs=1e-9)


def test_a_guess_that_was_ready_costs_nothing_after_the_final() -> None:
    times = Times(
        visitor_ended_at=10.0, waited_s=0.2, asr_s=0.1, final_at=10.301, asked_at=10.1, llm_s=0.0, tts_s=0.1,
        chunk_at=10.25, released_at=10.302, lead_s=0.12, sounded_at=10.422,
    )  # fmt: skip
    assert own_seconds(times) == pytest.approx(0.002, abs=1e-9)


def test_the_ledger_knows_what_the_loudspeaker_said_lately() -> None:
    ledger = Ledger()
    ledger.note(ev.TurnHeard(at=5.0, mirror_said="an old line"))
    ledger.note(ev.TurnHeard(at=9.0, mirror_said="a new line"))
    assert ledger.lately_played(8.0) == "a new line"


def test_a_worker_that_is_silent_is_away() -> None:
    board = Board()
    board.note(ev.Heartbeat(at=10.0, stage="asr", worker="a", state="ready", restarts=2))
    board.note(ev.Heartbeat(at=10.0, stage="tts", worker="t", state="warming"))
    assert board.ready(11.0) == {"asr"}
    assert board.ready(12.5) == set()
    assert [(row["state"], row["restarts"]) for row in board.rows(13.0)] == [("away", 2), ("away", 0)]


def test_a_replaced_worker_leaves_the_board_to_its_successor() -> None:
    board = Board()
    board.note(ev.Heartbeat(at=1.0, stage="asr", worker="old", state="ready"))
    board.note(ev.Heartbeat(at=10.0, stage="asr", worker="new", state="ready"))
    assert [row["worker"] for row in board.rows(10.5)] == ["new"]


def test_what_a_stage_that_cannot_start_said_last_stands_until_one_can() -> None:
    board = Board()
    for at in (1.0, 2.0, 4.0):  # it is tried again, each time by a new worker
        board.note(ev.Heartbeat(at=at, stage="asr", worker=f"w{at}", state="failed", last_error="no weights"))
    assert [(row["state"], row["last_error"]) for row in board.rows(4.5)] == [("failed", "no weights")]
    assert [row["state"] for row in board.rows(500.0)] == ["failed"]
    assert board.ready(4.5) == set()
    board.note(ev.Heartbeat(at=501.0, stage="asr", worker="well", state="ready"))
    assert [row["state"] for row in board.rows(501.5)] == ["ready"]


def test_a_stage_that_stays_away_stays_on_the_board() -> None:
    board = Board()
    board.note(ev.Heartbeat(at=1.0, stage="asr", worker="first", state="ready"))
    board.note(ev.Heartbeat(at=9.0, stage="asr", worker="second", state="ready"))
    assert [(row["worker"], row["state"]) for row in board.rows(99.0)] == [("second", "away")]


def test_a_second_engine_that_stepped_in_for_a_moment_is_remembered_by_its_count() -> None:
    board = Board()
    board.note(ev.Heartbeat(at=1.0, stage="llm", worker="w", state="ready", fallbacks=3))
    assert board.rows(1.5)[0]["covered_ago_s"] is None
    board.note(ev.Heartbeat(at=2.0, stage="llm", worker="w", state="ready", fallbacks=4))
    board.note(ev.Heartbeat(at=2.5, stage="llm", worker="w", state="ready", fallbacks=4))
    assert board.rows(3.0)[0]["covered_ago_s"] == 1.0


def test_a_stage_that_serves_other_kiosks_is_not_ready_for_this_one() -> None:
    board = Board()
    board.note(ev.Heartbeat(at=10.0, stage="faceswap", worker="l", state="ready", kiosks=("left",)))
    board.note(ev.Heartbeat(at=10.0, stage="tts", worker="t", state="ready"))
    assert board.ready(10.5, "left") == {"faceswap", "tts"}
    assert board.ready(10.5, "right") == {"tts"}


def test_a_pair_that_is_gone_is_shown_though_another_mirrors_is_there() -> None:
    board = Board()
    for at, name in ((1.0, "left"), (10.0, "right")):
        board.note(ev.Heartbeat(at=at, stage="faceswap", worker=name, state="ready", kiosks=(name,)))
    assert [(row["kiosks"], row["state"]) for row in board.rows(99.0)] == [(["left"], "away"), (["right"], "away")]
    board.note(ev.Heartbeat(at=99.0, stage="faceswap", worker="right", state="ready", kiosks=("right",)))
    assert [(row["kiosks"], row["state"]) for row in board.rows(99.5)] == [(["left"], "away"), (["right"], "ready")]


def test_a_visit_whose_worker_is_behind_wants_a_second_one() -> None:
    board = Board()
    board.note(ev.Heartbeat(at=10.0, stage="tts", worker="a", state="ready", sessions=("v", "w"), lag_s=2.5))
    board.note(ev.Heartbeat(at=10.0, stage="tts", worker="b", state="ready", sessions=("x",), lag_s=0.01))
    board.note(ev.Heartbeat(at=1.0, stage="asr", worker="gone", state="ready", sessions=("v",)))
    assert board.load(10.5, visits=3) == {"tts": {"workers": 2, "visits": 3, "lag_s": 2.5, "wanted": 5}}
