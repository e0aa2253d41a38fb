"""The error tree. A message says what happened, where, and what to do about it.

MirrorError
├── ConfigError            a setting is unknown, missing or out of range
├── BadInput               something from outside (a frame, a photo, a play, a file) cannot be used
├── EngineUnavailable      an engine cannot be opened: package, weights, device or peer is missing
├── EngineFailed           an engine was open and failed on one input
├── BusUnavailable         Redis is absent, refuses us, or is too old
├── ContextLost            what an engine lives on is broken until its process starts again
└── Fenced                 another worker owns this (session, stage) now; what we have is void
"""


class MirrorError(Exception):
    """Root of everything we raise ourselves."""


class ConfigError(MirrorError):
    """A setting is unknown, missing or out of range."""


class BadInput(MirrorError):
    """Something from outside cannot be used; nothing else is harmed by it."""


class EngineUnavailable(MirrorError):
    """An engine cannot be opened: its package, weights, device or peer is missing."""


class EngineFailed(MirrorError):
    """An engine was open and failed on one input."""


class BusUnavailable(MirrorError):
    """Redis is absent, refuses us, or is too old."""


class ContextLost(MirrorError):
    """What an engine lives on is broken until its process starts again."""


class Fenced(MirrorError):
    """Another worker owns this (session, stage) now; whatever we hold of it is void."""
