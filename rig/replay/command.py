"""`mirror replay`: a recording into one stage or all of them, and what has changed since."""

import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from rig.console import print_json, progress_bar, say, table_of
from rig.options import Options, script_of, settings_of
from rig.record.manifest import EngineUsed, Manifest, sha256_of, software
from rig.record.moment import STAGES, Moment
from rig.record.read import Recorded, read_recording
from rig.record.write import write_recording
from rig.replay.compare import StreamReport, compare, discarded, lasting
from rig.replay.loop import AS_FAST_AS_IT_GOES, ReplayLoop, run_paced
from rig.replay.session import decided, replay_session
from rig.replay.stages import PIPELINE, Progress, Replay, fed, open_stages, replay, settings_for_replay
from services.session.play_check import load_play
from shared.errors import BadInput, ConfigError
from shared.stage import Health
from shared.streams import WRITER

MOST_SHOWN = 20
"""Differences in the table of a terminal; --json has all."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be replayed, and how."""

    file: Path
    stage: str = ""
    """Empty: the whole."""
    pace: float = AS_FAST_AS_IT_GOES
    until_s: float = 0.0
    """Only so much of the visit, from its beginning; 0: all."""
    is_diff: bool = False
    save: Path | None = None
    """Write what the stages say now as a recording of its own."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    recorded: Recorded
    moments: list[Moment]
    health: dict[str, Health]
    streams: list[StreamReport] = []

    @property
    def is_same(self) -> bool:
        """Whether nothing differs beyond tolerance."""
        return not any(report.differences for report in self.streams)


def pace_of(text: str) -> float:
    """`1`, `2.5` or `max`. Raises ConfigError."""
    if text == "max":
        return AS_FAST_AS_IT_GOES
    try:
        pace = float(text)
    except ValueError:
        pace = -1.0
    if not 0.05 <= pace <= 1000:
        raise ConfigError(f"--speed {text}: write 1 for the recording's own pace, a number from 0.05 to 1000, or max")
    return pace


def replay_file(wish: Wish, options: Options, progress: Progress) -> Outcome:
    """Read, play, compare.

    Raises:
        BadInput: The file holds nothing that could be played into that stage.
        MirrorError: A setting or an engine is not as it must be.
    """
    if wish.stage and wish.stage not in STAGES:
        raise BadInput(f"replay: no stage {wish.stage!r}; there are {', '.join(STAGES)}")
    recorded = read_recording(wish.file)
    if wish.until_s:
        recorded = recorded.until(wish.until_s)
    names = [wish.stage] if wish.stage else [*PIPELINE, "session"]
    moments, health = list[Moment](), dict[str, Health]()
    if pipeline := [name for name in names if name != "session"]:
        done = _replay_pipeline(recorded, pipeline, wish, (options, progress))
        moments, health = done.moments, done.health
    if "session" in names and (wish.stage or recorded.of("play")):
        moments = moments + _replay_play(recorded, wish.pace, options, progress)
    writers = set(names)
    then = [one for one in decided(recorded.moments) if "session" in writers] + [
        one for one in recorded.moments if _writer(one.stream) in writers - {"session"}
    ]
    void = discarded(recorded.of("control"))
    streams = compare(lasting(then, void), lasting(moments, void), recorded.moments[-1].at) if wish.is_diff else []
    return Outcome(recorded=recorded, moments=moments, health=health, streams=streams)


def _writer(stream: str) -> str:
    return WRITER.get(stream) or stream.partition(".")[2]


def _replay_pipeline(recorded: Recorded, names: Sequence[str], wish: Wish, means: tuple[Options, Progress]) -> Replay:
    options, progress = means
    settings = _settings(options)
    stages = open_stages(names, settings)
    if not fed(recorded, stages):
        raise BadInput(f"replay: {wish.file} holds nothing that {', '.join(names)} reads")

    async def play(loop: ReplayLoop) -> Replay:
        return await replay(loop, recorded, stages, progress)

    return run_paced(play, wish.pace)


def _settings(options: Options) -> dict[str, Any]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        live_link = f"127.0.0.1:{probe.getsockname()[1]}"
    wishes = dict(text.partition("=")[::2] for text in options.sets)
    return settings_for_replay(settings_of(options, os.environ), wishes, live_link)


def _replay_play(recorded: Recorded, pace: float, options: Options, progress: Progress) -> list[Moment]:
    script = script_of(options)
    play, wanted = load_play(script), recorded.manifest
    if (wanted.script and play.id != wanted.script) or (
        wanted.script_sha256 and sha256_of(script) != wanted.script_sha256
    ):
        say(f"the play {script.name} is not the one of the recording ({wanted.script}): its words may differ")

    async def play_it(loop: ReplayLoop) -> list[Moment]:
        return await replay_session(loop, recorded, play, progress)

    return run_paced(play_it, pace)


def run_replay(wish: Wish, options: Options, *, as_json: bool) -> int:
    """Replay and tell; returns the exit code: 1 if something differs, or the file is damaged."""
    with progress_bar("replaying") as progress:
        done = replay_file(wish, options, progress)
    for trouble in done.recorded.damage:
        say(f"{wish.file}: {trouble}")
    if wish.save:
        write_recording(wish.save, _manifest_of(done), [*_given(done), *done.moments])
        say(f"what was said now: {wish.save.resolve()}")
    document = _document(done, wish)
    if as_json:
        print_json(document)
    else:
        _show(done, wish)
    return 0 if done.is_same and not done.recorded.damage else 1


def _given(done: Outcome) -> list[Moment]:
    """What the recording holds besides the streams that were made anew."""
    anew = {one.stream for one in done.moments}
    return [one for one in done.recorded.moments if one.stream not in anew]


def _manifest_of(done: Outcome) -> Manifest:
    then = done.recorded.manifest
    now = {stage: EngineUsed(engine=h.engine, device=h.device, version=h.version) for stage, h in done.health.items()}
    return msgspec.structs.replace(then, engines={**then.engines, **now}, version=software(), note="replayed")


def _document(done: Outcome, wish: Wish) -> Mapping[str, object]:
    counts: dict[str, int] = {}
    for one in done.moments:
        counts[one.stream] = counts.get(one.stream, 0) + 1
    return {
        "file": str(wish.file),
        "stage": wish.stage or "all",
        "session": done.recorded.manifest.session,
        "events": len(done.recorded.moments),
        "damage": done.recorded.damage,
        "engines_then": done.recorded.manifest.engines,
        "engines_now": {stage: health.engine for stage, health in done.health.items()},
        "said_now": counts,
        "is_same": done.is_same if wish.is_diff else None,
        "streams": done.streams,
    }


def _show(done: Outcome, wish: Wish) -> None:
    document = _document(done, wish)
    say(f"{document['events']} events of visit {document['session']}; engines {document['engines_now']}")
    if not wish.is_diff:
        table_of([{"stream": name, "events": count} for name, count in sorted(_counts(done))], ["stream", "events"])
        return
    rows = [
        {
            "stream": one.stream,
            "then": one.then,
            "now": one.now,
            "different": len(one.differences),
            "furthest": one.worst or "",
        }
        for one in done.streams
    ]
    table_of(rows, ["stream", "then", "now", "different", "furthest"])
    differences = [one for report in done.streams for one in report.differences]
    if differences:
        table_of(
            [msgspec.structs.asdict(one) for one in differences[:MOST_SHOWN]], ["stream", "id", "what", "then", "now"]
        )
    if len(differences) > MOST_SHOWN:
        say(f"and {len(differences) - MOST_SHOWN} more; --json has all")
    say("the same" if done.is_same else f"{len(differences)} differences")


def _counts(done: Outcome) -> list[tuple[str, int]]:
    names = sorted({one.stream for one in done.moments})
    return [(name, sum(one.stream == name for one in done.moments)) for name in names]
