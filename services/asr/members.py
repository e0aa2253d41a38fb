"""Which engines may come to hear a visitor, as configured: what a checkup and a benchmark look at."""

import msgspec

from services.asr.config import AsrConfig
from services.asr.engines import ENGINES


def members(config: AsrConfig) -> tuple[str, ...]:
    """Names, the preferred first, the one that must be there last; then whoever only hears partials."""
    partials = config.partials()
    return tuple(dict.fromkeys((*ENGINES.members(config), *((partials.engine,) if partials else ()))))


def needed(config: AsrConfig) -> str:
    """The one without which nobody hears: the last of those that hear whole utterances."""
    return members(msgspec.structs.replace(config, partial_engine=""))[-1]
