"""A play as a picture: Mermaid text for documents, SVG for a wall. Pure, no packages."""

from xml.sax.saxutils import escape

from services.session.play import CLOCK, Play, Scene
from services.session.play_paths import handler_targets, spine

_SHAPES = {"gate": ("{{", "}}"), "enrol": ("[/", "/]"), "talk": ("(", ")"), "coda": ("([", "])")}
_WIDTH, _ROW, _BOX_W, _BOX_H, _LEFT = 860, 104, 270, 62, 60
_SIDE = 480


def mermaid(play: Play) -> str:
    """The scenes and their exits as a Mermaid flowchart; what handlers open is dotted."""
    rows = ["flowchart TD"]
    for scene in play.scenes:
        opens, closes = _SHAPES[scene.kind]
        rows.append(f'    {scene.id}{opens}"{_title(scene)}<br/>{_seconds(scene)}"{closes}')
    for scene in play.scenes:
        rows += [f"    {scene.id} -->|{'⏱' if way.when == CLOCK else way.when}| {way.go}" for way in scene.next]
    for name, target in dict.fromkeys(handler_targets(play)):
        rows.append(f"    anywhere -.->|{name}| {target}")
    return "\n".join([*rows, '    anywhere(("anywhere"))'])


def _title(scene: Scene) -> str:
    captures = f" · {scene.capture.what}" if scene.capture else ""
    return f"{scene.id} · {scene.kind}{captures} · {scene.speaker}"


def _seconds(scene: Scene) -> str:
    elastic = " ↕" if scene.elastic else ""
    return f"{scene.time.min:g} / {scene.time.soft:g} / {scene.time.hard:g} s{elastic}"


def svg(play: Play) -> str:
    """The main way from top to bottom, endings beside it."""
    way = spine(play)
    aside = [scene for scene in play.scenes if scene not in way]
    places = {scene.id: (_LEFT, 30 + row * _ROW) for row, scene in enumerate(way)}
    places |= {scene.id: (_SIDE, 30 + (row * 2 + 1) * _ROW) for row, scene in enumerate(aside)}
    height = 30 + max(len(way), 2 * len(aside) + 1) * _ROW
    parts = [_box(scene, *places[scene.id]) for scene in play.scenes]
    drawn: dict[tuple[str, str], list[str]] = {}
    for scene in play.scenes:
        for one in scene.next:
            drawn.setdefault((scene.id, one.go), []).append("the clock" if one.when == CLOCK else one.when)
    parts += [_arrow(places[start], places[end], ", ".join(names)) for (start, end), names in drawn.items()]
    opened: dict[str, list[str]] = {}
    for name, target in dict.fromkeys(handler_targets(play)):
        opened.setdefault(target, []).append(name)
    parts += [_note(places[target], f"from anywhere: {', '.join(names)}") for target, names in opened.items()]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'font-family="Georgia, serif" font-size="15"><rect width="100%" height="100%" fill="#0b0b0c"/>'
        f'<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0 8 4 0 8z" fill="#b9b2a6"/></marker></defs>{"".join(parts)}</svg>\n'
    )


def _box(scene: Scene, x: int, y: int) -> str:
    stroke = "#d8cfc0" if scene.speaker == "self" else "#6d6a66"
    return (
        f'<g fill="#e9e4da"><rect x="{x}" y="{y}" width="{_BOX_W}" height="{_BOX_H}" rx="{31 if scene.kind == "coda" else 6}" '
        f'fill="#151516" stroke="{stroke}"/><text x="{x + 18}" y="{y + 26}">{escape(scene.id)}</text>'
        f'<text x="{x + 18}" y="{y + 47}" font-size="12" fill="#9c968c">'
        f"{escape(_title(scene).split(' · ', 1)[1])} · {escape(_seconds(scene))}</text></g>"
    )


def _note(place: tuple[int, int], words: str) -> str:
    x, y = place
    return f'<text x="{x + 18}" y="{y - 10}" font-size="12" fill="#b9b2a6">{escape(words)}</text>'


def _arrow(start: tuple[int, int], end: tuple[int, int], label: str) -> str:
    if start[0] == end[0]:
        x1, y1, x2, y2 = start[0] + 40, start[1] + _BOX_H, end[0] + 40, end[1] - 2
        at = (x1 + 10, (y1 + y2) // 2 + 4)
    else:
        x1, y1, x2, y2 = start[0] + _BOX_W, start[1] + _BOX_H // 2, end[0] - 2, end[1] + _BOX_H // 2
        at = (x1 + 14, y1 - 6)
    return (
        f'<path d="M{x1} {y1}L{x2} {y2}" stroke="#b9b2a6" fill="none" marker-end="url(#tip)"/>'
        f'<text x="{at[0]}" y="{at[1]}" font-size="12" fill="#b9b2a6">{escape(label)}</text>'
    )
