"""Replays of the shipped recordings, each made once for all tests that look at it."""

from functools import cache
from pathlib import Path

import msgspec

from rig.options import Options
from rig.record.moment import Moment
from rig.replay.command import Outcome, Wish, replay_file
from shared.events import AnyEvent, decode

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings"
TERSE = RECORDINGS / "terse.mcap"
SILENT = RECORDINGS / "silent.mcap"

FEW_PICTURES = "faceswap.fps=2"


@cache
def replayed(file: Path, stage: str = "", until_s: float = 0.0, *sets: str) -> Outcome:
    """What the stage (all of them if empty) says now, compared with what it said then."""
    wish = Wish(file=file, stage=stage, until_s=until_s, is_diff=True)
    options = Options(script="scripts/short.yaml", sets=(FEW_PICTURES, *sets))
    return replay_file(wish, options, lambda what, share: None)


def differences(outcome: Outcome) -> list[object]:
    """All of them, for a test to show."""
    return [one for report in outcome.streams for one in report.differences]


def timeless(moments: list[Moment], *streams: str) -> list[AnyEvent]:
    """Events in their order without what this machine's speed says of itself."""
    measured = ("engine_s", "took_s", "waited_s")
    found = []
    for one in moments:
        if one.stream in streams:
            event = decode(one.payload)
            zero = {name: 0.0 for name in measured if hasattr(event, name)}
            found.append(msgspec.structs.replace(event, **zero))
    return found
