"""`mirror record` and `mirror replay`: what they take and say."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from rig.cli_words import Config, Json, Script, Sets


def add_to(app: typer.Typer) -> None:
    """Make them commands of `mirror`."""
    app.command()(record)
    app.command()(replay)


def record(
    folder: Annotated[Path, typer.Argument(help="Where recordings are written.")],
    redis_url: Annotated[str, typer.Option(envvar="REDIS_URL", help="The running mirror's Redis.")],
    licence: Annotated[
        str, typer.Option(help="Who may do what with them, as their manifest shall say.")
    ] = "not to be passed on",
    visits: Annotated[int, typer.Option(min=0, help="End after so many visits; 0: with Ctrl-C.")] = 0,
    script: Script = "",
    sets: Sets = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Keep visits of a running mirror: only with rig.may_record on, only of visitors who say yes to it in the play."""
    from rig.options import options_from
    from rig.record.command import record_visits

    options = options_from(config, script=script, language="", port=None, sets=sets)
    sys.exit(record_visits(folder, redis_url, options, licence=licence, visits=visits, as_json=as_json))


def replay(
    file: Annotated[Path, typer.Argument(help="A recording, .mcap.")],
    stage: Annotated[str, typer.Option(help="asr, llm, tts, a2f_bridge, faceswap or session; else all of them.")] = "",
    speed: Annotated[str, typer.Option(help="1: at its own pace; a number; max: as fast as it goes.")] = "max",
    until_s: Annotated[float, typer.Option("--until", min=0.0, help="Only the first so many seconds; 0: all.")] = 0.0,
    is_diff: Annotated[bool, typer.Option("--diff", help="What is said now against what was said then.")] = False,
    save: Annotated[Path | None, typer.Option(help="Write what is said now as a recording.")] = None,
    script: Script = "",
    sets: Sets = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Play a recorded visit into one stage or all. With --diff the exit code is 1 if anything differs beyond tolerance."""
    from rig.options import options_from
    from rig.replay.command import Wish, pace_of, run_replay

    options = options_from(config, script=script, language="", port=None, sets=sets)
    wish = Wish(file=file, stage=stage, pace=pace_of(speed), until_s=until_s, is_diff=is_diff, save=save)
    sys.exit(run_replay(wish, options, as_json=as_json))
