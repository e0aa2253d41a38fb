from services.a2f_bridge.breaker import Breaker


def test_it_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(limit=3)
    for _ in range(2):
        breaker.fail("no")
        breaker.fail("no")
        breaker.succeed()
    assert not breaker.is_open
    for _ in range(3):
        breaker.fail("no")
    assert breaker.is_open


def test_one_that_is_not_there_at_all_opens_it_at_once() -> None:
    breaker = Breaker()
    breaker.trip("nobody")
    assert (breaker.is_open, breaker.trouble) == (True, "nobody")


def test_success_closes_it_and_forgets_the_trouble() -> None:
    breaker = Breaker(limit=1)
    breaker.fail("no")
    breaker.succeed()
    assert (breaker.is_open, breaker.trouble) == (False, "")


def test_looks_come_ever_more_seldom_up_to_the_longest_pause_and_often_again_after_success() -> None:
    breaker = Breaker(first_s=2.0, longest_s=30.0)
    assert [breaker.pause_s() for _ in range(6)] == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    breaker.succeed()
    assert breaker.pause_s() == 2.0


def test_looks_do_not_overflow_over_a_night() -> None:
    breaker = Breaker()
    assert [breaker.pause_s() for _ in range(5000)][-1] == 30.0
