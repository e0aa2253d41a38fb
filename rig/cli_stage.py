"""`mirror stage`: what it takes and says."""

import sys
from typing import Annotated

import typer

from rig.cli_words import Json

stage_app = typer.Typer(no_args_is_help=True, help="The mirror's containers, one stage at a time.")
Stage = Annotated[str, typer.Argument(help="asr, llm, tts, a2f_bridge, faceswap, session or redis.")]


@stage_app.command("ls")
def stage_ls(as_json: Json = False) -> None:
    """How every container is: engine, device, warm time, lag, restarts, memory. Exit code 1 if one is not well."""
    from rig.containers.command import list_stages

    sys.exit(list_stages(as_json=as_json))


@stage_app.command("logs")
def stage_logs(
    stage: Stage,
    tail: Annotated[int, typer.Option(min=0, help="So many of the last lines.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
) -> None:
    """What a stage logged, all replicas together."""
    from rig.containers.command import show_logs

    sys.exit(show_logs(stage, tail, follow=follow))


@stage_app.command("restart")
def stage_restart(stage: Stage, as_json: Json = False) -> None:
    """Restart a stage: one replica at a time, each when the one before is warm; of a lone one the successor first."""
    from rig.containers.command import restart_stage

    sys.exit(restart_stage(stage, as_json=as_json))


@stage_app.command("scale")
def stage_scale(
    stage: Stage,
    count: Annotated[int, typer.Argument(help="How many replicas there shall be.")],
    as_json: Json = False,
) -> None:
    """More replicas of a stage, or fewer; a visit in progress goes on."""
    from rig.containers.command import scale_stage

    sys.exit(scale_stage(stage, count, as_json=as_json))
