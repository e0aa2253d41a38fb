"""One table's plot as SVG: lines over numbers, bars over words. Pure; no font, script or address from anywhere else."""

import math
from collections.abc import Mapping, Sequence
from html import escape

import msgspec

from shared.benchmark import Cell, Table

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 24, 56, 58
LEGEND_ROW = 20
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b6b6b")
"""Okabe and Ito's: apart for every kind of colour sight."""
MOST_TICKS = 7
INK, GRID = "#333333", "#dddddd"


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One line, or one bar in every group."""

    name: str
    points: tuple[tuple[Cell, float], ...]


def series_of(table: Table) -> list[Series]:
    """The lines a table's plot asks for: one a y column; where the x column repeats itself, one for each of what tells its rows apart."""
    plot = table.plot
    if plot is None:
        return []
    at = {name: number for number, name in enumerate(table.columns)}
    groups: dict[str, list[tuple[Cell, ...]]] = {}
    telling = _telling(table, at)
    for row in table.rows:
        words = ", ".join(_word(name, row[at[name]]) for name in telling)
        groups.setdefault(words, []).append(row)
    found = []
    for words, rows in groups.items():
        for column in plot.y:
            points = tuple(
                (row[at[plot.x]], value) for row in rows if isinstance(value := row[at[column]], float | int)
            )
            name = column if not words else words if len(plot.y) == 1 else f"{words}: {column}"
            if points:
                found.append(Series(name=name, points=points))
    return found


def _telling(table: Table, at: Mapping[str, int]) -> list[str]:
    """The fewest columns that, with x, tell every row from the others: words before numbers."""
    if table.plot is None:
        return []
    chosen: list[str] = []
    others = [name for name in table.columns if name not in (table.plot.x, *table.plot.y)]
    others = [name for name in others if len({row[at[name]] for row in table.rows}) > 1]
    others.sort(key=lambda name: any(_is_number(row[at[name]]) for row in table.rows))
    for name in [*others, ""]:
        keys = {tuple(row[at[key]] for key in (table.plot.x, *chosen)) for row in table.rows}
        if len(keys) == len(table.rows) or not name:
            break
        chosen.append(name)
    return chosen


def _word(column: str, cell: Cell) -> str:
    return f"{column} {cell:g}" if isinstance(cell, float | int) else str(cell)


def draw(table: Table) -> str:
    """The picture, or empty if there is nothing to draw."""
    lines = series_of(table)
    if not lines or table.plot is None:
        return ""
    marks = ticks(max(value for line in lines for _, value in line.points))
    top = marks[-1]
    xs = list(dict.fromkeys(x for line in lines for x, _ in line.points))
    is_line = all(_is_number(x) for x in xs) and len(xs) > 1
    parts = [*_frame(table.title, table.plot.unit, table.plot.x), *_y_axis(marks)]
    parts += _lines(lines, xs, top) if is_line else _bars(lines, xs, top)
    legend, height = _legend(lines)
    body = "\n".join([f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>', *parts, *legend])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="{INK}">\n{body}\n</svg>\n'
    )


def ticks(value: float) -> list[float]:
    """Round numbers from 0 to the least that is not below `value`: steps of 1, 2, 2.5 or 5 times a power of ten."""
    if value <= 0:
        return [0.0, 1.0]
    least = value / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(least))
    step = power * next(mantissa for mantissa in (1.0, 2.0, 2.5, 5.0, 10.0) if mantissa * power >= least * 0.9999)
    return [step * number for number in range(math.ceil(value / step * 0.9999) + 1)]


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, float | int)


def _text(x: float, y: float, text: str, **attributes: str) -> str:
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{escape(text)}</text>'


def _frame(title: str, unit: str, x_name: str) -> list[str]:
    return [
        _text(LEFT, 24, title, font_size="16", font_weight="600"),
        _text(LEFT - 8, TOP - 14, unit, text_anchor="end"),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x_name, text_anchor="middle"),
    ]


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top


def _y_axis(marks: Sequence[float]) -> list[str]:
    parts = []
    for value in marks:
        y = _y(value, marks[-1])
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{value:g}", text_anchor="end"))
    return parts


def _lines(lines: Sequence[Series], xs: Sequence[Cell], top: float) -> list[str]:
    numbers = sorted(float(x) for x in xs if isinstance(x, float | int))
    low, high = numbers[0], numbers[-1]

    def place(x: Cell) -> float:
        return LEFT + 14 + (WIDTH - RIGHT - LEFT - 28) * (float(x or 0.0) - low) / (high - low)

    parts = [_text(place(x), HEIGHT - BOTTOM + 20, f"{x:g}", text_anchor="middle") for x in _spread(numbers)]
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        spots = [
            (place(x), _y(value, top)) for x, value in sorted(line.points, key=lambda point: float(point[0] or 0.0))
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in spots]
    return parts


def _spread(numbers: Sequence[float]) -> list[float]:
    """At most twelve of them, the ends among them, so that their labels do not touch."""
    step = math.ceil(len(numbers) / 12)
    return sorted({*numbers[::step], numbers[-1]})


def _bars(lines: Sequence[Series], xs: Sequence[Cell], top: float) -> list[str]:
    room = (WIDTH - LEFT - RIGHT) / len(xs)
    width = min(70.0, room * 0.8 / len(lines))
    parts = []
    for group, x in enumerate(xs):
        middle = LEFT + room * (group + 0.5)
        parts.append(_text(middle, HEIGHT - BOTTOM + 20, _label(x, room), text_anchor="middle"))
        for number, line in enumerate(lines):
            value = dict(line.points).get(x)
            if value is None:
                continue
            left, y = middle + width * (number - len(lines) / 2), _y(value, top)
            colour = COLOURS[number % len(COLOURS)]
            height = HEIGHT - BOTTOM - y
            parts.append(
                f'<rect x="{left:.1f}" y="{y:.1f}" width="{width * 0.92:.1f}" height="{height:.1f}" fill="{colour}"/>'
            )
            parts.append(_text(left + width * 0.46, y - 5, f"{value:.3g}", text_anchor="middle", font_size="11"))
    return parts


def _label(x: Cell, room: float) -> str:
    text = f"{x:g}" if isinstance(x, float | int) else str(x)
    most = max(4, int(room / 7))
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _legend(lines: Sequence[Series]) -> tuple[list[str], int]:
    """Names beside their colours, below the axis, in as many rows as they need; and the picture's height with them."""
    if len(lines) == 1:
        return [], HEIGHT
    parts: list[str] = []
    x, y = float(LEFT), HEIGHT + 6.0
    for number, line in enumerate(lines):
        room = 17 + 7.2 * len(line.name) + 18
        if x + room > WIDTH - RIGHT and x > LEFT:
            x, y = float(LEFT), y + LEGEND_ROW
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<rect x="{x:.1f}" y="{y - 11:.1f}" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 17, y, line.name))
        x += room
    return parts, round(y) + 14
