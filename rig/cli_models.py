"""`mirror models`: what it takes and says."""

import sys
from typing import Annotated

import typer

from rig.cli_words import Json, Profile

models_app = typer.Typer(no_args_is_help=True, help="Model files: list, fetch, check.")


@models_app.command("list")
def models_list(profile: Profile = "rig", as_json: Json = False) -> None:
    """Every model: where it comes from, who needs it, its licence, and whether it may be exhibited for money."""
    from rig.models_commands import list_models

    list_models(profile, as_json=as_json)


@models_app.command("pull")
def models_pull(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these; else the defaults.")
    ] = None,
    profile: Profile = "embedded",
    is_all: Annotated[bool, typer.Option("--all", help="Also the models that are a choice.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Agree to every licence, also those that forbid commerce.")
    ] = False,
    licences: Annotated[
        list[str] | None,
        typer.Option("--accept-licence", metavar="NAME", help="Agree to this model's; may be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Fetch what is missing or wrong, resume what was cut, and check it. Asks before weights that forbid commerce."""
    from rig.models_commands import Agreement, pull_models

    agreed = Agreement(names=tuple(licences or ()), is_all=yes)
    sys.exit(pull_models(profile, names or [], agreed, is_all=is_all, as_json=as_json))


@models_app.command("check")
def models_check(
    profile: Profile = "embedded",
    is_all: Annotated[bool, typer.Option("--all", help="Also the models that are a choice.")] = False,
    as_json: Json = False,
) -> None:
    """Compare every model on this machine with its hash. Exit code 1 if one is missing or wrong."""
    from rig.models_commands import check_models

    sys.exit(check_models(profile, is_all=is_all, as_json=as_json))
