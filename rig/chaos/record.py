"""One visit as the check sees it: its streams, and what visitor and kiosk truly said, heard and missed. Pure values."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from rig.loudspeaker import Sounded
from shared.events import AnyEvent
from shared.streams import StreamId


class Noted(NamedTuple):
    """One entry of a stream, in the order in which it lay there."""

    stream: str
    id: StreamId
    event: AnyEvent | None
    """None: it cannot be decoded."""
    is_poison: bool = False
    """It was put there to do harm."""


class Burst(NamedTuple):
    """One thing the visitor said. Host clock, seconds."""

    began_at: float
    ended_at: float


class Span(NamedTuple):
    """A stretch of time. Host clock, seconds."""

    begins_at: float
    ends_at: float


class VisitRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All that is needed to say whether a visit was whole."""

    session: str
    entries: Sequence[Noted] = ()
    """Of every stream but the mirror's, each stream in its order."""
    spoken: Sequence[Burst] = ()
    sounded: Sequence[Sounded] = ()
    """What left the loudspeaker, in order."""
    away: Sequence[Span] = ()
    """When the kiosk had no connection: what was said then never left it, and nothing reached it."""
    cuts: Sequence[Span] = ()
    """Of these, when its cable had been pulled: then nobody could have done better."""
    began_at: float = 0.0
    """When the visitor stepped up."""
    ends_at: float = 0.0
    """When the play was to end: host clock, seconds."""
    must_say: Mapping[str, Sequence[str]] = {}
    """Per scene: its lines that must be said."""
    closing_lines: frozenset[str] = frozenset()
    """The lines that a visit ends with."""
    forgotten_at: float = 0.0
    """When the kiosk was told that all is forgotten; 0: never."""
    keys_left: int = 0
    """Keys of the session, by the receipt or found afterwards."""
    files_left: int = 0
    """Files with a key of the session in them, found afterwards."""
    poisons: int = 0
    """Events that cannot be handled, each of which must lie in one dead-letter stream."""
    was_left: bool = False
    """The kiosk stayed away so long that the visit had to end early."""


class Fault(NamedTuple):
    """Something that must not be. Holds numbers and names, no words."""

    kind: str
    """lost, twice, out_of_order, late or left_over."""
    rule: str
    what: str
    at: float = 0.0
    """Host clock, seconds; 0: not known."""


LOST, TWICE, OUT_OF_ORDER, LATE, LEFT_OVER = "lost", "twice", "out_of_order", "late", "left_over"
KINDS = (LOST, TWICE, OUT_OF_ORDER, LATE, LEFT_OVER)
