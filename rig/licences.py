"""Before weights come that a paying audience may not see, somebody has to say yes. Pure, but for the question itself."""

from collections.abc import Callable, Sequence

from rig.manifest import Model
from shared.errors import ConfigError

Ask = Callable[[Model], bool]


def refused(models: Sequence[Model], accepted: Sequence[str], ask: Ask | None, *, is_all_accepted: bool) -> list[str]:
    """Names of the models whose licence nobody agrees to.

    Args:
        models: What is to be fetched.
        accepted: Names agreed to beforehand.
        ask: Asks a person; None where nobody can be asked: then what was not agreed to is refused.
        is_all_accepted: Everything was agreed to beforehand.
    """
    bound = {model.name: model for model in models if not model.commercial}
    return [
        name
        for name, model in bound.items()
        if not is_all_accepted and name not in accepted and not (ask is not None and ask(model))
    ]


def check_names(models: Sequence[Model], accepted: Sequence[str]) -> None:
    """Raise ConfigError for a name that no model has: a typing mistake must not look like agreement."""
    names = [model.name for model in models if not model.commercial]
    for name in accepted:
        if name not in names:
            raise ConfigError(
                f"--accept-licence {name}: there is no such model to agree to; there are {', '.join(names)}"
            )


def terms(model: Model) -> str:
    """What a person must know before saying yes."""
    lines = [
        f"{model.name} ({model.stage}): {model.licence}. It may NOT be shown to a paying audience.",
        f"  Its terms: {model.licence_url}" if model.licence_url else "",
        f"  {model.note}" if model.note else "",
        f"  Instead: {model.instead}" if model.instead else "",
    ]
    return "\n".join(line for line in lines if line)
