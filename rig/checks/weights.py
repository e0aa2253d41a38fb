"""Is every weight here that the chosen engines load, with the right content?"""

from collections.abc import Callable, Iterator

from rig.checks.ground import Ground
from rig.manifest import Model, read_manifest
from rig.models import Found, check
from rig.models_lock import lock_path, read_lock
from shared.checkup import Finding


def weights(ground: Ground, progress: Callable[[str, float], None] | None = None) -> Iterator[Finding]:
    """One line a model; a choice that is not here is passed over (its engine says whether it wanted it)."""
    lock = read_lock(lock_path())
    wanted = [model for model in read_manifest() if is_wanted(model, ground)]
    found = check(wanted, lock, progress, is_quick=ground.is_quick)
    for model in wanted:
        files = [one for one in found if one.name == model.name]
        is_named = ground.option(model.stage, model.engine, "model") == model.name
        if files and (model.is_default or is_named or any(one.state != "missing" for one in files)):
            yield _line(model, files, ground)


def is_wanted(model: Model, ground: Ground) -> bool:
    """Whether an engine that may come to speak loads it. One that is told another model, or a folder, does not."""
    if not model.engine:
        return True
    if model.engine not in ground.engines(model.stage):
        return False
    named = ground.option(model.stage, model.engine, "model")
    return not named or named == model.name or not model.is_fetched


def _line(model: Model, files: list[Found], ground: Ground) -> Finding:
    bad = [one for one in files if one.state != "right"]
    terms = "" if model.commercial else "; not for a paying audience"
    if not bad:
        trust = next((one.detail for one in files if one.detail), "hash right")
        return Finding(
            check=f"model {model.name}",
            state="right",
            found=f"{len(files)} file{'s' * (len(files) > 1)}, {trust}{terms}",
        )
    # Without the preferred engine's weights the second one speaks; without the last one's nobody does.
    engines = ground.engines(model.stage)
    has_other = model.engine in engines and engines[-1] != model.engine
    found = f"{bad[0].path} is {bad[0].state}" + (f", and {len(bad) - 1} more" if len(bad) > 1 else "")
    return Finding(
        check=f"model {model.name}", state="missing" if has_other else "wrong", found=found + terms, cure=bad[0].detail
    )
