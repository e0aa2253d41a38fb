"""docs/models.md, written from rig/models.toml."""

from collections.abc import Sequence
from pathlib import Path

from rig.manifest import Elsewhere, File, Model

PAGE = Path(__file__).resolve().parent.parent / "docs" / "models.md"

_HEAD = """\
# Models

Generated from `rig/models.toml` by `make docs`; do not edit. `mirror models pull` fetches the files of the embedded mirror,
`mirror models pull --profile rig` also those of the rig; `mirror models check` compares everything with its hash. No weight
lies in this repository, and none is fetched while the mirror runs.
"""

_PULL = """\
## Fetching

- **It resumes.** What was cut goes on where it was; what is right is left alone. A file is in `models/` only once it is whole
  and its hash is right.
- **It asks.** Weights that may not be shown to a paying audience are fetched only after a yes; scripts say
  `--accept-licence NAME` or `--yes`. Where nobody can be asked they are left out and the exit code is 1.
- **First pull.** Where the table says *first pull*, nobody has told us the hash. What comes first is trusted (if the hub
  declares a hash, it must match), written into `rig/models.lock.json`, and every later pull must bring the same. Commit that
  file: then the second rig verifies what the first one trusted.
- **Without the network.** `MIRROR_MODELS_FROM=/media/stick/models` (or an http address) takes every file from a copy of another
  rig's `models/`; hashes are checked all the same. `MIRROR_HUB` names another hub; `HF_TOKEN` is for repositories that ask who
  reads them and is sent to the hub alone. `MIRROR_MODELS` puts the files on another disk.
- **By name.** Models marked *by name* are choices: `mirror models pull NAME --profile rig`.
"""


def page(models: Sequence[Model]) -> str:
    """The page's text."""
    return (
        "\n".join((_HEAD, _forbidden(models), _table(models), _hashes(models), _PULL, _notes(models))).rstrip() + "\n"
    )


def _forbidden(models: Sequence[Model]) -> str:
    """What may not be shown to a paying audience, first: it decides whether a show may open."""
    rows = "".join(
        f"| **{model.name}** | {model.stage} | {_licence(model)} | {model.instead} |\n"
        for model in models
        if not model.commercial
    )
    return (
        "## What may not be shown to a paying audience\n\n"
        "A free exhibition can be commercial too (a festival, a sponsor, a brand): ask the rights holder, in writing.\n\n"
        f"| model | stage | licence | use instead |\n|---|---|---|---|\n{rows}"
    )


def _table(models: Sequence[Model]) -> str:
    head = "| model | stage | profile | engine | from | MB | licence | for money |\n|---|---|---|---|---|---|---|---|\n"
    return "## Everything\n\n" + head + "".join(_row(model) for model in models)


def _row(model: Model) -> str:
    choice = "" if model.is_default or isinstance(model.source, Elsewhere) else " (by name)"
    cells = (
        f"{model.name}{choice}",
        model.stage,
        model.profile,
        model.engine or "all",
        model.origin,
        f"{model.size / 1e6:,.1f}" if model.size else "",
        _licence(model),
        "yes" if model.commercial else "**no**",
    )
    return f"| {' | '.join(cells)} |\n"


def _licence(model: Model) -> str:
    return f"[{model.licence}]({model.licence_url})" if model.licence_url else model.licence


def _hashes(models: Sequence[Model]) -> str:
    rows = "".join(_file_row(model, file) for model in models for file in model.files)
    return f"## Files\n\n| file | of | bytes | sha256 |\n|---|---|---|---|\n{rows}"


def _file_row(model: Model, file: File) -> str:
    digest = f"`{file.sha256[:16]}…`" if file.sha256 else "*first pull*"
    size = f"{file.size:,}" if file.size else ""
    return f"| {file.path} | {model.name} | {size} | {digest} |\n"


def _notes(models: Sequence[Model]) -> str:
    return "## Notes\n\n" + "".join(f"- **{model.name}**: {model.note}\n" for model in models if model.note)
