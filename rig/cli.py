"""Every command of `mirror`: what it takes and says. What it does is imported only when it is called."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="mirror",
    help="The people's side of the mirror: start it, rehearse it, try one stage, fetch its models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 something checked or measured is not right, 2 the command was not understood, 3 bad "
    "input, 4 settings, 5 an engine or model is missing, 6 an engine failed, 7 no Redis, 130 stopped by Ctrl-C.",
)
models_app = typer.Typer(no_args_is_help=True, help="Model files: list, fetch, check.")
app.add_typer(models_app, name="models")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Over the settings; may be repeated.")
]
Config = Annotated[Path | None, typer.Option(help="Settings file; else MIRROR_CONFIG or config/mirror.toml.")]
Script = Annotated[str, typer.Option(help="The play: a file of scripts/; else the settings' one.")]
Language = Annotated[str, typer.Option(help="Language of the visit: en or nl.")]
Port = Annotated[int | None, typer.Option(help="Port of the pages; 0 picks a free one; else the settings' one.")]
Profile = Annotated[str, typer.Option(help="embedded (no GPU) or rig.")]


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
    should_open: Annotated[bool, typer.Option("--open/--no-open", help="Open the mirror in a browser.")] = True,
    browser: Annotated[
        str, typer.Option(help="`kiosk`: full-screen Chromium with microphone and camera allowed.")
    ] = "",
    kiosk_args: Annotated[str, typer.Option(help="More switches for that Chromium, as one string.")] = "",
    as_json: Json = False,
) -> None:
    """Start the whole mirror on this machine: its own Redis, six services, the pages. Ctrl-C stops it without a trace."""
    from rig.demo import run_demo
    from rig.options import options_from

    options = options_from(config, script=script, language=language, port=port, sets=sets)
    sys.exit(run_demo(options, should_open=should_open, browser=browser, kiosk_args=kiosk_args, as_json=as_json))


@models_app.command("list")
def models_list(profile: Profile = "rig", as_json: Json = False) -> None:
    """Every model: where it comes from, who needs it, its licence, and whether it may be exhibited for money."""
    from rig.models_commands import list_models

    list_models(profile, as_json=as_json)


@models_app.command("pull")
def models_pull(profile: Profile = "embedded", as_json: Json = False) -> None:
    """Fetch what is missing or wrong, and check it. What is right is left alone."""
    from rig.models_commands import pull_models

    sys.exit(pull_models(profile, as_json=as_json))


@models_app.command("check")
def models_check(profile: Profile = "embedded", as_json: Json = False) -> None:
    """Compare every model on this machine with its hash. Exit code 1 if one is missing or wrong."""
    from rig.models_commands import check_models

    sys.exit(check_models(profile, as_json=as_json))


@app.command("rehearse")
def rehearse_visit(
    visitor: Annotated[Path, typer.Argument(help="Folder of a recorded visitor, for example tests/visitors/terse.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report here.")] = None,
    film: Annotated[Path | None, typer.Option(help="Write an mp4 of what the visitor saw and heard here.")] = None,
    script: Script = "",
    sets: Sets = None,
    config: Config = None,
    url: Annotated[str, typer.Option(help="Kiosk socket of a running mirror; else one is started.")] = "",
    token: Annotated[str, typer.Option(help="Kiosk token of that mirror.", envvar="MIRROR_KIOSK_TOKEN")] = "",
    redis_url: Annotated[str, typer.Option(help="Its Redis: stage times and transcripts are read there.")] = "",
) -> None:
    """A recorded visitor goes through the real kiosk socket in real time; a report and a film come out."""
    from rig.options import options_from
    from rig.rehearse import Place
    from rig.rehearse_command import run_rehearse

    options = options_from(config, script=script, language="", port=0, sets=sets)
    place = Place(options=options, url=url, token=token, redis_url=redis_url)
    is_stdout = json_file == Path("-")
    sys.exit(
        run_rehearse(visitor, place, json_file=None if is_stdout else json_file, film_file=film, as_json=is_stdout)
    )
