"""How a play goes with invented visitors, on a virtual clock: does it end sharp, is all said, how long is nobody speaking?"""

import statistics
from collections import Counter
from random import Random

import msgspec

from services.session.play import Play
from services.session.play_paths import spine
from services.session.play_room import Room
from services.session.play_visitors import VISITORS, Visitor


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of many visits of one kind of visitor."""

    visitor: str
    runs: int
    endings: dict[str, int]
    """Reason of EndVisit -> visits."""
    full: int
    """Visits that came to the main coda."""
    end_error_s: float
    """Full visits: largest distance of the last word's end from the play's duration."""
    must_say: float
    """Full visits: share of the must-say lines on the way that were said, 0..1; the worst visit."""
    quiet_s: float
    """Full visits: median over visits of the longest stretch in which nobody spoke."""
    longest_quiet_s: float
    """Full visits: the longest of all."""
    replies: float
    """Mean number of improvised answers in full visits."""
    scene_s: dict[str, float]
    """Full visits: mean length of each scene, seconds."""
    said_twice: tuple[str, ...]
    """Lines that sounded whole more than once in some visit."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A whole simulation."""

    play: str
    language: str
    seed: int
    outcomes: tuple[Outcome, ...]


def simulate(
    play: Play, runs: int = 100, seed: int = 1, *, language: str = "", visitors: tuple[Visitor, ...] = VISITORS
) -> Report:
    """Play `runs` visits of each invented visitor.

    Args:
        play: A checked play.
        runs: Visits of each kind of visitor.
        seed: The same seed gives the same report.
        language: One of the play's; empty for its first.
        visitors: Kinds of visitor.
    """
    language = language or play.languages[0]
    outcomes = tuple(_outcome(play, language, visitor, runs, seed) for visitor in visitors)
    return Report(play=play.id, language=language, seed=seed, outcomes=outcomes)


def simulate_visit(play: Play, visitor: Visitor, seed: int, language: str = "", *, pace: float = 1.07) -> Room:
    """One visit; the room holds its log."""
    room = Room(play, language or play.languages[0], visitor, Random(f"{seed} {visitor.name}"), pace=pace)
    room.play_visit()
    return room


def _outcome(play: Play, language: str, visitor: Visitor, runs: int, seed: int) -> Outcome:
    rooms = [simulate_visit(play, visitor, seed * 100_003 + run, language) for run in range(runs)]
    full = [room for room in rooms if room.state.scene == play.coda and room.state.ended == "finished"]
    quiet = [longest_quiet_s(room) for room in full]
    return Outcome(
        visitor=visitor.name,
        runs=runs,
        endings=dict(Counter(room.state.ended or "never" for room in rooms)),
        full=len(full),
        end_error_s=max((end_error_s(room) for room in full), default=0.0),
        must_say=min((must_said(room) for room in full), default=1.0),
        quiet_s=round(statistics.median(quiet), 2) if quiet else 0.0,
        longest_quiet_s=round(max(quiet, default=0.0), 2),
        replies=round(statistics.fmean(_count(room, "reply") for room in full), 1) if full else 0.0,
        scene_s=_scene_lengths(full),
        said_twice=tuple(sorted({line for room in rooms for line in _twice(room)})),
    )


def end_error_s(room: Room) -> float:
    """Distance of the end of the last word from the play's duration."""
    coda = [end for _, end, what in room.sounds if what in room.play.scene(room.play.coda).must_say]
    return round(abs(max(coda, default=0.0) - room.play.duration_s), 3)


def must_said(room: Room) -> float:
    """Share of the must-say lines on the main way that were said."""
    lines = [line for scene in spine(room.play) for line in scene.must_say]
    return round(sum(line in room.state.said for line in lines) / len(lines), 3)


def longest_quiet_s(room: Room) -> float:
    """Longest stretch between the first and the last sound in which nobody spoke."""
    longest, until = 0.0, 0.0
    for begins, ends, _ in sorted(room.sounds):
        longest, until = max(longest, begins - until), max(until, ends)
    return longest


def _count(room: Room, what: str) -> int:
    return sum(name == what for _, _, name in room.sounds)


def _scene_lengths(rooms: list[Room]) -> dict[str, float]:
    lengths: dict[str, list[float]] = {}
    for room in rooms:
        entered = [(at, order.scene) for at, order in room.orders if hasattr(order, "scene")]
        for (begins, scene), (ends, _) in zip(entered, [*entered[1:], (room.now, "")], strict=True):
            lengths.setdefault(scene, []).append(ends - begins)
    return {scene: round(statistics.fmean(seconds), 1) for scene, seconds in lengths.items()}


def _twice(room: Room) -> list[str]:
    counts = Counter(room.state.said)
    return [line for line, count in counts.items() if count > 1]
