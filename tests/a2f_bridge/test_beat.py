from services.a2f_bridge.beat import Beat


def test_ticks_stand_on_a_fixed_grid() -> None:
    beat = Beat(began_at=10.0, hz=50)
    times = []
    for _ in range(4):
        times.append(round(beat.at, 6))
        beat.advance()
    assert times == [10.0, 10.02, 10.04, 10.06]


def test_a_missed_tick_is_gone() -> None:
    beat = Beat(began_at=10.0, hz=50)
    beat.catch_up(10.071)
    assert round(beat.at, 6) == 10.06
    assert beat.skipped == 3


def test_a_tick_that_is_only_late_is_kept() -> None:
    beat = Beat(began_at=10.0, hz=50)
    beat.advance()
    beat.catch_up(10.035)
    assert round(beat.at, 6) == 10.02
    assert beat.skipped == 0


def test_catching_up_never_goes_back() -> None:
    beat = Beat(began_at=10.0, hz=50)
    beat.advance()
    beat.catch_up(9.0)
    assert round(beat.at, 6) == 10.02
