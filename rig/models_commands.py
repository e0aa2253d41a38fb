"""`mirror models list|pull|check`: what the terminal sees of them."""

import os
import sys
from collections.abc import Sequence

import msgspec

from rig.console import bytes_bar, fail, print_json, progress_bar, say, table_of, words
from rig.licences import Ask, check_names, refused, terms
from rig.manifest import Model, chosen, of_profile, read_manifest
from rig.models import Found, check
from rig.models_lock import lock_path, read_lock
from rig.models_pull import Errand, Ways, errands, pull
from rig.places import places_from
from shared.errors import ConfigError, MirrorError

PROFILES = ("embedded", "rig")


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """What was agreed to on the command line."""

    names: tuple[str, ...] = ()
    is_all: bool = False


def list_models(profile: str, *, as_json: bool) -> None:
    """Print the manifest."""
    models = _of_profile(profile)
    if as_json:
        print_json({"models": models})
        return
    rows = [
        {
            **msgspec.to_builtins(model),
            "from": model.origin,
            "MB": f"{model.size / 1e6:.1f}" if model.size else "",
            "pulled": "" if not model.is_fetched else "by default" if model.is_default else "by name",
            "exhibit for money": "yes" if model.commercial else "NO",
        }
        for model in models
    ]
    table_of(rows, ["name", "stage", "profile", "from", "MB", "pulled", "licence", "exhibit for money"])


def pull_models(profile: str, names: Sequence[str], agreed: Agreement, *, is_all: bool, as_json: bool) -> int:
    """Fetch and check; returns the exit code."""
    ways = Ways(places=places_from(os.environ), lock=lock_path())
    models = chosen(_of_profile(profile), tuple(names), is_all=is_all)
    check_names(_of_profile(profile), agreed.names)
    with progress_bar("checking") as checking:
        before = check(models, read_lock(ways.lock), checking)
    wanted = errands(models, before)
    no = set(refused([errand.model for errand in wanted], agreed.names, _asker(), is_all_accepted=agreed.is_all))
    coming = [errand for errand in wanted if errand.model.name not in no]
    _announce(coming)
    with bytes_bar() as progress:
        done = pull(coming, progress, ways)
    _tell_first_pulls(coming, done, ways)
    found = [_after(one, done, no) for one in before]
    status = _tell(found, as_json=as_json)
    errors = list(dict.fromkeys(error for error in done.values() if error))
    return max((fail(error) for error in errors), default=status)


def check_models(profile: str, *, is_all: bool, as_json: bool) -> int:
    """Check; returns the exit code."""
    with progress_bar("checking") as progress:
        found = check(chosen(_of_profile(profile), (), is_all=is_all), read_lock(lock_path()), progress)
    return _tell(found, as_json=as_json)


def _of_profile(profile: str) -> tuple[Model, ...]:
    if profile not in PROFILES:
        raise ConfigError(f"--profile {profile}: there are {' and '.join(PROFILES)}")
    return of_profile(read_manifest(), profile)


def _asker() -> Ask | None:
    return _ask if sys.stdin.isatty() and words.is_terminal else None


def _ask(model: Model) -> bool:
    say(terms(model))
    return words.input("Fetch it all the same? Type yes: ").strip().lower() == "yes"


def _announce(coming: Sequence[Errand]) -> None:
    if coming:
        size = sum(errand.size for errand in coming)
        say(f"fetching {', '.join(errand.model.name for errand in coming)}: {size / 1e6:,.0f} MB")


def _tell_first_pulls(coming: Sequence[Errand], done: dict[str, MirrorError | None], ways: Ways) -> None:
    """Trust on first use is only worth something if somebody is told."""
    paths = [file.path for one in coming for file in one.files if not file.sha256 and done.get(file.path, ...) is None]
    lock = read_lock(ways.lock)
    for path in paths:
        say(f"first pull of {path}: sha256 {lock[path].sha256}, locked in {ways.lock.name}; commit that file")


def _after(one: Found, done: dict[str, MirrorError | None], no: set[str]) -> Found:
    if one.path in done:
        error = done[one.path]
        return msgspec.structs.replace(
            one, state="failed" if error else "right", detail=_why(one.path, error) if error else "fetched"
        )
    if one.name in no and one.state != "right":
        detail = f"not for a paying audience; agree with --accept-licence {one.name}"
        return msgspec.structs.replace(one, state="refused", detail=detail)
    return one


def _why(path: str, error: MirrorError) -> str:
    """The reason at the file that has it; of a model's other files, that they waited for it."""
    where, _, why = str(error).removeprefix("models: ").partition(": ")
    return why if where == path else "not fetched: another file of it failed"


def _tell(found: list[Found], *, as_json: bool) -> int:
    if as_json:
        print_json({"models": found})
    else:
        table_of([msgspec.to_builtins(one) for one in found], ["name", "stage", "path", "state", "detail"])
    bad = [one for one in found if one.state != "right"]
    if bad:
        say(f"{len(bad)} of {len(found)} files are not right")
    return 1 if bad else 0
