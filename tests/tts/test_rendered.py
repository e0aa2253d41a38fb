from services.tts.framing import Frame
from services.tts.rendered import LineKey, RenderedClause, RenderedLine, RenderedLines


def line(samples: int) -> RenderedLine:
    return RenderedLine((RenderedClause("words", (Frame(0, bytes(2 * samples)),)),), samples)


def key(name: str, voice: str = "host") -> LineKey:
    return LineKey(name, voice, "en", "words")


def test_a_line_is_found_only_in_its_own_voice_language_and_words() -> None:
    lines = RenderedLines(10_000)
    lines.keep(key("a"), line(240))
    assert lines.find(key("a")) is not None
    assert lines.find(key("a", "self")) is None
    assert lines.find(LineKey("a", "host", "nl", "words")) is None
    assert lines.find(LineKey("a", "host", "en", "other words")) is None


def test_what_was_used_the_longest_ago_goes_first() -> None:
    lines = RenderedLines(720)
    for name in "abc":
        lines.keep(key(name), line(240))
    lines.find(key("a"))
    lines.keep(key("d"), line(240))
    assert lines.find(key("b")) is None
    assert lines.find(key("a")) is not None
    assert lines.samples == 720


def test_a_line_longer_than_all_that_may_be_held_is_not_kept_and_drops_nothing() -> None:
    lines = RenderedLines(480)
    lines.keep(key("a"), line(240))
    lines.keep(key("long"), line(720))
    assert len(lines) == 1


def test_keeping_a_line_again_counts_it_once() -> None:
    lines = RenderedLines(10_000)
    lines.keep(key("a"), line(240))
    lines.keep(key("a"), line(480))
    assert lines.samples == 480


def test_clearing_leaves_nothing() -> None:
    lines = RenderedLines(10_000)
    lines.keep(key("a", "self"), line(240))
    lines.clear()
    assert len(lines) == lines.samples == 0
