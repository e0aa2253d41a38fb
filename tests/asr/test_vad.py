"""Edges of speech."""

from services.asr.vad import Activity, Edge, Phase, VadSettings, step


def edges(probabilities: list[float], *, mirror_speaks: bool = False) -> list[tuple[int, Edge]]:
    activity, seen = Activity(), []
    for frame, p in enumerate(probabilities):
        activity, edge = step(VadSettings(), activity, p, mirror_speaks=mirror_speaks)
        if edge:
            seen.append((frame, edge))
    return seen


def test_two_loud_frames_are_a_click_and_three_of_four_are_speech() -> None:
    assert edges([0, 0.9, 0.9, 0, 0, 0]) == []
    assert edges([0, 0.9, 0, 0.9, 0.9]) == [(4, Edge.STARTED)]


def test_the_first_loud_frame_of_the_start_is_known() -> None:
    activity = Activity()
    for p in (0.0, 0.9, 0.1, 0.9, 0.9):
        activity, _ = step(VadSettings(), activity, p, mirror_speaks=False)
    assert activity.lead == 3


def test_speech_goes_on_below_the_threshold_that_began_it() -> None:
    assert edges([0.9] * 4 + [0.4] * 10) == [(2, Edge.STARTED)]


def test_a_pause_is_three_silent_frames_and_two_are_none() -> None:
    assert edges([0.9] * 4 + [0.1, 0.1, 0.9, 0.1, 0.1, 0.1]) == [(2, Edge.STARTED), (9, Edge.PAUSED)]


def test_one_loud_frame_in_a_pause_does_not_resume_it_and_two_do() -> None:
    assert edges([0.9] * 3 + [0.0] * 4 + [0.9, 0, 0, 0]) == [(2, Edge.STARTED), (5, Edge.PAUSED)]
    assert edges([0.9] * 3 + [0.0] * 4 + [0.9, 0.9])[-1] == (8, Edge.RESUMED)


def test_while_the_mirror_speaks_it_takes_more_to_begin() -> None:
    assert edges([0.6] * 6) == [(2, Edge.STARTED)]
    assert edges([0.6] * 6, mirror_speaks=True) == []


def test_silence_stays_silence() -> None:
    activity, edge = step(VadSettings(), Activity(), 0.0, mirror_speaks=False)
    assert (activity.phase, edge) == (Phase.SILENCE, None)
