"""Every command of `mirror`: what it takes and says. What it does is imported only when it is called."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from rig.cli_bench import bench_app
from rig.cli_models import models_app
from rig.cli_record import add_to as add_record_and_replay
from rig.cli_stage import stage_app
from rig.cli_words import Config, Json, Language, Port, Script, Sets

app = typer.Typer(
    name="mirror",
    help="The people's side of the mirror: start it, rehearse it, try one stage, fetch its models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 something checked or measured is not right, 2 the command was not understood, 3 bad "
    "input, 4 settings, 5 an engine or model is missing, 6 an engine failed, 7 no Redis, 130 stopped by Ctrl-C.",
)
app.add_typer(models_app, name="models")
script_app = typer.Typer(no_args_is_help=True, help="Plays: check, draw, simulate.")
app.add_typer(script_app, name="script")
app.add_typer(bench_app, name="bench")
add_record_and_replay(app)
app.add_typer(stage_app, name="stage")
rig_app = typer.Typer(no_args_is_help=True, help="Calibrate the rig on site: docs/rig.md.")
app.add_typer(rig_app, name="rig")
clap_app = typer.Typer(no_args_is_help=True, help="Does the sound meet the lips at the glass?")
rig_app.add_typer(clap_app, name="clap")


def main() -> None:
    """Run one command; our own errors are one line on stderr and an exit code."""
    from shared.errors import MirrorError

    try:
        app()
    except MirrorError as error:
        from rig.console import fail

        sys.exit(fail(error))


@app.command()
def demo(
    script: Script = "",
    language: Language = "",
    port: Port = None,
    sets: Sets = None,
    config: Config = None,
    replicas: Annotated[
        list[str] | None, typer.Option(metavar="STAGE=N", help="So many processes of a stage; may be repeated.")
    ] = None,
    mirrors: Annotated[
        int,
        typer.Option(
            min=0,
            help="So many mirrors beside each other, named by [session] kiosks, or mirror-1, mirror-2 ...; 0: one, unnamed.",
        ),
    ] = 0,
    should_open: Annotated[bool, typer.Option("--open/--no-open", help="Open the mirror in a browser.")] = True,
    browser: Annotated[
        str, typer.Option(help="`kiosk`: full-screen Chromium with microphone and camera allowed.")
    ] = "",
    kiosk_args: Annotated[str, typer.Option(help="More switches for that Chromium, as one string.")] = "",
    as_json: Json = False,
) -> None:
    """Start the whole mirror on this machine: its own Redis, six services, the pages. Ctrl-C stops it without a trace."""
    from msgspec.structs import replace

    from rig.demo import run_demo
    from rig.options import options_from, with_replicas

    options = options_from(config, script=script, language=language, port=port, sets=sets)
    options = replace(with_replicas(options, replicas or []), mirrors=mirrors)
    sys.exit(run_demo(options, should_open=should_open, browser=browser, kiosk_args=kiosk_args, as_json=as_json))


@app.command("rehearse")
def rehearse_visit(
    visitor: Annotated[Path, typer.Argument(help="Folder of a recorded visitor, for example tests/visitors/terse.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report here.")] = None,
    film: Annotated[Path | None, typer.Option(help="Write an mp4 of what the visitor saw and heard here.")] = None,
    record_file: Annotated[
        Path | None, typer.Option("--record", help="Write all streams of the visit here (.mcap).")
    ] = None,
    script: Script = "",
    sets: Sets = None,
    config: Config = None,
    url: Annotated[str, typer.Option(help="Kiosk socket of a running mirror; else one is started.")] = "",
    token: Annotated[str, typer.Option(help="Kiosk token of that mirror.", envvar="MIRROR_KIOSK_TOKEN")] = "",
    redis_url: Annotated[str, typer.Option(help="Its Redis: stage times and transcripts are read there.")] = "",
    kiosk: Annotated[str, typer.Option(help="Which of its mirrors, where it has several.")] = "mirror",
) -> None:
    """A recorded visitor goes through the real kiosk socket in real time; a report and a film come out."""
    from rig.options import options_from
    from rig.rehearse import Place
    from rig.rehearse_command import run_rehearse

    options = options_from(config, script=script, language="", port=0, sets=sets)
    is_taped = record_file is not None
    place = Place(options=options, url=url, token=token, redis_url=redis_url, kiosk=kiosk, is_taped=is_taped)
    is_stdout = json_file == Path("-")
    sys.exit(
        run_rehearse(
            visitor,
            place,
            json_file=None if is_stdout else json_file,
            film_file=film,
            record_file=record_file,
            as_json=is_stdout,
        )
    )


@app.command("try")
def try_one(
    stage: Annotated[str, typer.Argument(help="asr, llm, tts, a2f_bridge or faceswap.")],
    what: Annotated[str, typer.Argument(metavar="INPUT", help="A file or a text, as the stage takes it.")],
    engine: Annotated[str, typer.Option(help="Another engine than the settings'.")] = "",
    sets: Sets = None,
    voice: Annotated[str | None, typer.Option(help="tts: a recording of the voice to speak in.")] = None,
    face: Annotated[str | None, typer.Option(help="faceswap: the photo of the face to show.")] = None,
    out: Annotated[str | None, typer.Option(help="Write what comes out here.")] = None,
    language: Annotated[str | None, typer.Option(help="en or nl.")] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """One engine alone on one input: a wav to text, a text to a wav, a wav to blendshapes, a film and a photo to a film."""
    from rig.options import options_from
    from rig.try_command import try_stage

    options = options_from(config, script="", language="", port=0, sets=None)
    inputs = {"input": what, "voice": voice, "face": face, "out": out, "language": language}
    try_stage(stage, inputs, engine=engine, sets=sets or [], options=options, as_json=as_json)


PlayFile = Annotated[Path, typer.Argument(help="A play, for example scripts/mirror.yaml.")]


@script_app.command("check")
def script_check(play: PlayFile, as_json: Json = False) -> None:
    """Every fault of a play: unreachable scenes, times that do not fit, a capture before consent, a missing language."""
    from rig.script_commands import check_script

    sys.exit(check_script(play, as_json=as_json))


@script_app.command("graph")
def script_graph(play: PlayFile, as_json: Json = False) -> None:
    """The scenes and the ways between them, as a Mermaid drawing."""
    from rig.script_commands import graph_script

    graph_script(play, as_json=as_json)


@script_app.command("simulate")
def script_simulate(
    play: PlayFile,
    runs: Annotated[int, typer.Option(help="Visits of each kind of invented visitor.")] = 50,
    seed: Annotated[int, typer.Option(help="The same seed gives the same visits.")] = 1,
    language: Language = "",
    as_json: Json = False,
) -> None:
    """Invented visitors on a virtual clock: does it end sharp, is all said, how long is nobody speaking?"""
    from rig.script_commands import simulate_script

    sys.exit(simulate_script(play, runs, seed, language, as_json=as_json))


@app.command()
def wipe(
    redis_url: Annotated[str, typer.Option(envvar="REDIS_URL", help="Also every visit in this running Redis.")] = "",
    as_json: Json = False,
) -> None:
    """Forget everyone: what a crashed mirror left on the RAM disk, and the visits in a running Redis."""
    from rig.wipe import wipe as forget

    sys.exit(forget(redis_url, as_json=as_json))


@app.command(hidden=True)
def docs(
    is_check: Annotated[bool, typer.Option("--check", help="Write nothing; 1 if a page is out of date.")] = False,
) -> None:
    """Write the generated pages anew: docs/models.md, docs/events.md and the browser's coder."""
    from rig.docs_command import write_docs

    sys.exit(write_docs(is_check=is_check))


@app.command()
def doctor(
    is_quick: Annotated[bool, typer.Option("--quick", help="Seconds: open no engine, hash no model.")] = False,
    sets: Sets = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Can the mirror open here, with these settings? Under a minute; exit code 1 if something keeps it from it."""
    from rig.doctor import run_doctor
    from rig.options import options_from

    options = options_from(config, script="", language="", port=None, sets=sets)
    sys.exit(run_doctor(options, is_quick=is_quick, as_json=as_json))


@clap_app.command("measure")
def clap_measure(
    film: Annotated[
        Path, typer.Argument(help="The mirror, filmed with a telephone while it speaks (or a filmed clap film).")
    ],
    method: Annotated[str, typer.Option("--by", help="flash: claps. lips: the mirror's own speech. auto.")] = "auto",
    baseline_ms: Annotated[float, typer.Option("--baseline", help="The telephone's own error, milliseconds.")] = 0.0,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """How late the sound is at the glass, and what to set av_offset_ms to. Exit code 1 if it must be set."""
    from rig.clap.command import measure_clap
    from rig.options import options_from

    options = options_from(config, script="", language="", port=None, sets=None)
    sys.exit(measure_clap(film, method=method, baseline_ms=baseline_ms, options=options, as_json=as_json))


@clap_app.command("make")
def clap_make(
    film: Annotated[Path, typer.Argument(help="Where to write it, an .mp4.")],
    fps: Annotated[int, typer.Option(min=10, max=120, help="Pictures a second.")] = 30,
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT, pixels.")] = "1280x720",
    as_json: Json = False,
) -> None:
    """A film in which mouth, flash and click come together ten times: to find a telephone's own error with."""
    from rig.clap.command import make_clap

    make_clap(film, fps=fps, size=size, as_json=as_json)
