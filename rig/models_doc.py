"""docs/models.md, written from rig/models.toml."""

from collections.abc import Sequence
from pathlib import Path

from rig.manifest import Model

PAGE = Path(__file__).resolve().parent.parent / "docs" / "models.md"

_HEAD = """\
# Models

Generated from `rig/models.toml` by `make docs`; do not edit. `mirror models pull` fetches the files, `mirror models check`
compares everything with its hash. No weight lies in this repository, and none is fetched while the mirror runs.

| model | stage | profile | from | MB | licence | may be exhibited for money | sha256 |
|---|---|---|---|---|---|---|---|
"""


def page(models: Sequence[Model]) -> str:
    """The page's text."""
    rows = "".join(_row(model) for model in models)
    notes = "".join(f"- **{model.name}**: {model.note}\n" for model in models if model.note)
    return f"{_HEAD}{rows}\n{notes}"


def _row(model: Model) -> str:
    cells = (
        model.name,
        model.stage,
        model.profile,
        f"{model.package} {model.version}" + (", taken out of the wheel" if model.kind == "file" else ", installed"),
        f"{model.size / 1e6:.1f}",
        model.licence,
        "yes" if model.commercial else "**no**",
        f"`{model.sha256[:12]}…`",
    )
    return f"| {' | '.join(cells)} |\n"
