"""Whether a play makes sense: every fault at once, each with its place and what to do. Runs before the mirror opens.

What is promised to the visitor is checked on every path: nothing is captured before consent, the copy has their voice only
after they gave it, no path ends without an ending.
"""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from services.session.play import Play, parse_play
from services.session.play_check_parts import check_parts
from services.session.play_check_paths import check_paths, check_time
from services.session.play_yaml import Problem, Where, lines_of_text, name_of, refusal
from shared.errors import BadInput

__all__ = ["Problem", "check", "check_file", "load_play"]


def check(play: Play) -> list[Problem]:
    """Every fault of a play that could be read."""
    return list(_faults(play, {}))


def check_file(path: Path) -> list[Problem]:
    """Every fault of a play file; empty if the mirror may open with it.

    Raises:
        BadInput: There is no such file, or it is no text.
    """
    return _read(path)[1]


def load_play(path: Path) -> Play:
    """The play in a file, checked.

    Raises:
        BadInput: It cannot be read or makes no sense; names every fault, where it is and what to do.
    """
    play, problems = _read(path)
    if play is None or problems:
        raise BadInput(refusal(path.name, problems))
    return play


def _read(path: Path) -> tuple[Play | None, list[Problem]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BadInput(f"play {path}: there is no such file; the plays lie in scripts/") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"play {path}: cannot be read as text ({error}); give a YAML file in UTF-8") from error
    play, problems = parse_play(text, path.name)
    if play is None:
        return None, problems
    return play, list(_faults(play, lines_of_text(text)))


def _faults(play: Play, lines: dict[Where, int]) -> Iterator[Problem]:
    if not _has_ground(play):
        yield Problem(
            where="the play", what="needs duration_s and speech_wpm above 0, at least one language and one scene"
        )
        return
    parts = list(check_parts(play))
    yield from _placed(parts, play, lines)
    if not parts:  # paths and sums only mean something when every name in the play is known
        yield from _placed([*check_paths(play), *check_time(play)], play, lines)


def _has_ground(play: Play) -> bool:
    numbers = (play.duration_s, play.speech_wpm)
    return all(math.isfinite(n) and n > 0 for n in numbers) and bool(play.languages) and bool(play.scenes)


def _placed(faults: Iterable[tuple[Where, str]], play: Play, lines: dict[Where, int]) -> Iterator[Problem]:
    """The same with names for people and lines of the file, each once."""
    ids = {"scenes": [{"id": scene.id} for scene in play.scenes]}
    for where, what in dict.fromkeys(faults):
        inside = where
        while inside and inside not in lines:
            inside = inside[:-1]
        yield Problem(where=name_of(where, ids), what=what, line=lines.get(inside, 0))
