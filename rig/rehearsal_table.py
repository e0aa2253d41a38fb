"""A rehearsal's report for people: what is right is green, what falls short is red."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

Judge = Callable[[Any], bool]


def show(report: Mapping[str, Any]) -> None:
    """Print it on stdout."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 160
    numbers = Table(box=None, title=f"{report['visitor']}: {report['script']}", title_justify="left")
    for column in ("measure", "value", "wanted"):
        numbers.add_column(column)
    for name, value, wanted, is_right in _rows(report):
        colour = "" if value is None else "green" if is_right(value) else "red"
        numbers.add_row(name, f"[{colour}]{_text(value)}[/]" if colour else _text(value), wanted)
    console.print(numbers)
    console.print(_turns(report))


def _rows(report: Mapping[str, Any]) -> list[tuple[str, Any, str, Judge]]:
    length = 300.0 if report["script"] == "mirror" else None
    latency, video, offset = report["latency_ms"], report["video"], report["av_offset_ms"]
    voice, face, wipe, must = report["voice"], report["face"], report["wipe"], report["must_say"]
    return [
        ("length, s", report["duration_s"], "300 +- 0.5", lambda v: length is None or abs(v - length) <= 0.5),
        ("must-say lines missing", len(must["missing"]), "0", lambda v: v == 0),
        ("wrong words", report["word_error_rate"], "<= 0.06", lambda v: v <= 0.06),
        ("answer p50, ms", latency["p50"], "<= 900", lambda v: v <= 900),
        ("answer p95, ms", latency["p95"], "<= 1500", lambda v: v <= 1500),
        ("rendered line p95, ms", report["rendered_latency_ms"]["p95"], "<= 400", lambda v: v <= 400),
        ("own share p50, ms", report["own_share_ms"]["p50"], "as it is", lambda _: True),
        ("pictures a second", video["fps"], ">= 24", lambda v: v >= 24),
        ("late pictures", video["late"], "< 0.01", lambda v: v < 0.01),
        ("sound behind lips p50, ms", offset["p50"], "0 to 60", lambda v: 0 <= v <= 60),
        ("sound behind lips, least, ms", offset["min"], ">= -45", lambda v: v >= -45),
        ("sound behind lips, most, ms", offset["max"], "<= 125", lambda v: v <= 125),
        ("voice like visitor", voice["similarity"], "> stock", lambda v: v > (voice["stock_similarity"] or 0)),
        ("stock voice like visitor", voice["stock_similarity"], "", lambda _: True),
        ("face like visitor", face["similarity"], "> stand-in", lambda v: v > (face["stand_in_similarity"] or 0)),
        ("face like stand-in", face["stand_in_similarity"], "", lambda _: True),
        ("keys left", wipe["keys_left"], "0", lambda v: v == 0),
        ("files left", wipe["files_left"], "0", lambda v: v == 0),
    ]


def _text(value: Any) -> str:
    return "-" if value is None else str(value)


def _turns(report: Mapping[str, Any]) -> Table:
    table = Table(box=None, title="turns", title_justify="left")
    for column in ("turn", "scene", "visitor", "understood", "wrong", "mirror", "ms", "own ms"):
        table.add_column(column, overflow="fold")
    for turn in report["turns"]:
        wrong = f"{turn.errors}/{turn.words}" if turn.words else ""
        mirror = f"({turn.line}) {turn.mirror}" if turn.line else turn.mirror
        latency, own = turn.latency_ms, turn.own_share_ms
        cells = (turn.turn or "-", turn.scene, turn.said, turn.understood, wrong, mirror, latency, own)
        table.add_row(*("" if cell is None else str(cell) for cell in cells))
    return table
