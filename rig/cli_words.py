"""Options that more than one command of `mirror` takes."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Over the settings; may be repeated.")
]
Config = Annotated[Path | None, typer.Option(help="Settings file; else MIRROR_CONFIG or config/mirror.toml.")]
Script = Annotated[str, typer.Option(help="The play: a file of scripts/; else the settings' one.")]
Language = Annotated[str, typer.Option(help="Language of the visit: en or nl.")]
Port = Annotated[int | None, typer.Option(help="Port of the pages; 0 picks a free one; else the settings' one.")]
Profile = Annotated[str, typer.Option(help="embedded (no GPU) or rig.")]
