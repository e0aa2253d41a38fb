"""How long work is told where no terminal shows a bar."""

from rig.console import LINE_EVERY_S, now_and_then


def test_long_work_tells_a_line_now_and_then_and_short_work_none() -> None:
    told: list[str] = []
    now = 5.0
    show = now_and_then("disturbing", told.append, lambda: now)
    show("waking the mirror", 0.0)
    for now in (5.0 + 0.9 * LINE_EVERY_S, 5.0 + 1.1 * LINE_EVERY_S, 5.0 + 1.2 * LINE_EVERY_S, 5.0 + 2.5 * LINE_EVERY_S):
        show(f"until {now:.0f}", 0.25)
    assert told == ["disturbing until 38 (25%)", "disturbing until 80 (25%)"]
