import math

from services.tts.errands import MARGIN_S, WORK_S_A_LETTER, Errands, key_of
from shared.events import LineAhead


def ahead(line: str, *, due_at: float = 0.0, voice: str = "host", letters: int = 50) -> LineAhead:
    return LineAhead(line=line, text="a" * letters, language="en", voice=voice, due_at=due_at)


def errands(*lines: LineAhead) -> Errands:
    made = Errands()
    for line in lines:
        made.add(line)
    return made


def order(made: Errands, *, has_copy: bool = True) -> list[str]:
    found = []
    while (line := made.next(has_copy=has_copy)) is not None:
        found.append(line.line)
        made.drop(key_of(line))
    return found


def test_what_is_due_first_is_rendered_first_and_what_may_never_be_wanted_last() -> None:
    made = errands(ahead("whenever"), ahead("later", due_at=90.0), ahead("sooner", due_at=60.0), ahead("never"))
    assert order(made) == ["sooner", "later", "whenever", "never"]


def test_lines_of_the_copy_wait_until_it_is_known_which_voice_it_has() -> None:
    made = errands(ahead("mine", due_at=10.0, voice="self"), ahead("host"))
    assert order(made, has_copy=False) == ["host"]
    assert order(made, has_copy=True) == ["mine"]


def test_a_due_line_presses_as_long_before_as_its_rendering_takes() -> None:
    made = errands(ahead("line", due_at=60.0, letters=100))
    assert made.pressing_at(has_copy=True) == 60.0 - 100 * WORK_S_A_LETTER - MARGIN_S


def test_two_lines_due_at_once_press_earlier_than_one() -> None:
    one, two = ahead("a", due_at=60.0), ahead("b", due_at=61.0)
    assert errands(one, two).pressing_at(has_copy=True) < errands(one).pressing_at(has_copy=True)


def test_what_may_never_be_wanted_never_presses() -> None:
    assert errands(ahead("whenever")).pressing_at(has_copy=True) == math.inf
    assert errands(ahead("mine", due_at=9.0, voice="self")).pressing_at(has_copy=False) == math.inf


def test_a_line_that_was_said_is_nobodys_errand_any_more() -> None:
    line = ahead("line", due_at=60.0)
    made = errands(line)
    made.drop(key_of(line))
    assert key_of(line) not in made
    assert made.next(has_copy=True) is None
