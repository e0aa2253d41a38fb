"""The loudspeaker keeps appointments; times are frames of 24 kHz."""

import numpy as np
import pytest

from rig.loudspeaker import Loudspeaker


@pytest.fixture
def speaker() -> Loudspeaker:
    return Loudspeaker()


def chunk(value: int, frames: int = 2400) -> "np.ndarray[tuple[int, ...], np.dtype[np.int16]]":
    return np.full(frames, value, np.int16)


def heard(speaker: Loudspeaker) -> list[tuple[int, int, int]]:
    """(turn, at, frames) of each stretch that sounded, joined where they touch."""
    joined: list[tuple[int, int, int]] = []
    for piece in speaker.sounded:
        if joined and joined[-1][0] == piece.turn and sum(joined[-1][1:]) == piece.at:
            joined[-1] = (piece.turn, joined[-1][1], joined[-1][2] + len(piece.pcm))
        else:
            joined.append((piece.turn, piece.at, len(piece.pcm)))
    return joined


def test_the_first_chunk_sounds_when_it_is_due_and_the_rest_follow_without_a_gap(speaker: Loudspeaker) -> None:
    speaker.push(1, 0, chunk(1), 5000, 0, restart=True)
    speaker.push(1, 2400, chunk(2), 7400, 0, is_last=True)
    speaker.render(20_000)
    assert heard(speaker) == [(1, 5000, 4800)]


def test_a_late_chunk_sounds_at_once_and_shifts_what_follows(speaker: Loudspeaker) -> None:
    speaker.push(1, 0, chunk(1), 0, 0, restart=True)
    speaker.render(3000)
    speaker.push(1, 2400, chunk(2), 2400, 3000)
    speaker.push(1, 4800, chunk(3), 4800, 3000, is_last=True)
    speaker.render(20_000)
    assert heard(speaker) == [(1, 0, 2400), (1, 3000, 4800)]
    assert speaker.sounded[-1].late == 600
    assert speaker.gap_count == 1


def test_a_hold_stands_still_and_a_restart_goes_on_from_the_sample_it_names(speaker: Loudspeaker) -> None:
    speaker.push(1, 0, chunk(1, 4800), 0, 0, restart=True)
    speaker.render(1000)
    speaker.hold(1, 0.0, 1000, stop=True)
    speaker.render(9000)
    assert heard(speaker) == [(1, 0, 1000)]
    speaker.push(1, 1000, chunk(2, 1400), 10_000, 9000, restart=True, is_last=True)
    speaker.render(20_000)
    assert heard(speaker) == [(1, 0, 1000), (1, 10_000, 1400)]


def test_what_has_sounded_is_not_said_again_when_a_line_that_broke_is_taken_up(speaker: Loudspeaker) -> None:
    speaker.push(1, 0, chunk(1, 4800), 0, 0, restart=True)
    speaker.render(3000)
    speaker.push(1, 2400, chunk(1), 4000, 3000, restart=True)
    speaker.push(1, 4800, chunk(2), 6400, 3000, is_last=True)
    speaker.render(20_000)
    assert heard(speaker) == [(1, 0, 3000), (1, 4600, 4200)]


def test_a_turn_that_sounded_whole_while_the_line_was_broken_is_reported_as_over(speaker: Loudspeaker) -> None:
    speaker.push(1, 0, chunk(1), 0, 0, restart=True)
    speaker.push(1, 2400, chunk(2), 2400, 0, is_last=True)
    speaker.render(6000)
    speaker.reports.clear()
    speaker.push(1, 1200, chunk(1, 1200), 7000, 6000, restart=True)
    speaker.push(1, 2400, chunk(2), 8200, 6000, is_last=True)
    speaker.render(20_000)
    assert heard(speaker) == [(1, 0, 4800)]
    assert [(report.sample, report.is_end) for report in speaker.reports] == [(4800, True)]


def test_ducking_changes_the_gain_and_nothing_else(speaker: Loudspeaker) -> None:
    speaker.push(1, 0, chunk(1), 0, 0, restart=True)
    speaker.render(1000)
    speaker.hold(1, 0.1, 1000, stop=False)
    speaker.render(5000)
    assert [piece.gain for piece in speaker.sounded] == [1.0, 0.1]
    assert heard(speaker) == [(1, 0, 2400)]


def test_a_flush_forgets_the_turn_and_says_how_far_it_had_come(speaker: Loudspeaker) -> None:
    speaker.push(1, 0, chunk(1), 0, 0, restart=True)
    speaker.render(1000)
    speaker.flush(1, 1000)
    speaker.push(1, 2400, chunk(2), 2400, 1100)
    speaker.render(20_000)
    assert heard(speaker) == [(1, 0, 1000)]
    last = speaker.reports[-1]
    assert (last.turn, last.sample, last.frame, last.is_end) == (1, 1000, 1000, True)


def test_a_turn_that_never_sounded_is_reported_as_over_when_it_is_flushed(speaker: Loudspeaker) -> None:
    speaker.flush(7, 500)
    assert [(report.turn, report.sample, report.is_end) for report in speaker.reports] == [(7, 0, True)]


def test_a_chunk_that_comes_twice_sounds_once(speaker: Loudspeaker) -> None:
    speaker.push(1, 0, chunk(1), 0, 0, restart=True)
    speaker.push(1, 0, chunk(1), 0, 0)
    speaker.render(20_000)
    assert heard(speaker) == [(1, 0, 2400)]


def test_reports_come_at_the_start_every_tenth_of_a_second_and_at_the_end(speaker: Loudspeaker) -> None:
    speaker.push(1, 0, chunk(1, 6000), 0, 0, restart=True, is_last=True)
    for now in range(240, 9600, 240):
        speaker.render(now)
    assert [(report.sample, report.is_end) for report in speaker.reports] == [
        (0, False),
        (2400, False),
        (4800, False),
        (6000, True),
    ]
