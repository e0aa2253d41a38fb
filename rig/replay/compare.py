"""What the stages say now against what they said then: ids and order exactly, words exactly, sound and picture by ear and eye.

Pure. How long anything took is never compared: another machine, another day.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import msgspec

from rig.record.moment import Moment
from rig.replay.ear_and_eye import Difference, Found, Pair, Tolerances, face, pictures, samples, voice
from shared.events import (
    AnyEvent,
    GuessTranscript,
    MirrorFrame,
    PartialTranscript,
    PoseTrack,
    SpeechChunk,
    TurnDiscarded,
    decode,
)
from shared.streams import StreamId


class StreamReport(msgspec.Struct, frozen=True, kw_only=True):
    """One stream, compared."""

    stream: str
    then: int
    now: int
    """Events."""
    differences: list[Difference]
    worst: dict[str, float]
    """The largest difference by measure, within tolerance or not."""


IGNORED = frozenset({
    "at", "trace", "session", "engine", "engine_s", "took_s", "waited_s", "lead_s", "asr_s", "llm_s", "tts_s", "own_s",
    "is_rendered", "clause_samples", "asked_at", "clause_at", "chunk_at", "captured_at", "pose_due_at", "final_at",
    "sound_from", "sound_to",
})  # fmt: skip
"""What depends on how fast a machine was."""

RAW = frozenset({"pcm", "weights", "jpeg", "kept"})
"""Compared by ear and eye, or (a voice, kept for its own engine) by what is said in it."""


def compare(
    then: Iterable[Moment], now: Iterable[Moment], ends_at: float, tolerances: Tolerances | None = None
) -> list[StreamReport]:
    """Stream by stream.

    Args:
        then: What was recorded of the streams that were replayed.
        now: What was said this time.
        ends_at: When the recording ends: what is said after it was not missing then.
        tolerances: How much may differ.
    """
    allowed = tolerances or Tolerances()
    sides = _by_stream(then), _by_stream(now)
    return [
        _stream(name, sides[0].get(name, []), sides[1].get(name, []), (ends_at, allowed))
        for name in sorted(set(sides[0]) | set(sides[1]))
    ]


def discarded(control: Iterable[Moment]) -> dict[int, int]:
    """Turn -> newest revision that the session took back, of a recorded control stream."""
    found: dict[int, int] = {}
    for one in control:
        event = decode(one.payload)
        if isinstance(event, TurnDiscarded):
            found[event.discarded_turn] = max(event.discarded_rev, found.get(event.discarded_turn, -1))
    return found


def lasting(moments: Iterable[Moment], void: dict[int, int]) -> list[Moment]:
    """Without guesses that were taken back: how far a stage came with one, the machine's speed decides."""
    return [
        one
        for one in moments
        if one.stream not in GUESSED or one.id.turn not in void or decode(one.payload).rev > void[one.id.turn]
    ]


GUESSED = ("reply", "voice", "face")
"""Streams in which a guess may be half done when it is taken back."""


def _by_stream(moments: Iterable[Moment]) -> dict[str, list[Moment]]:
    ordered = sorted(moments, key=lambda one: one.stream)
    return {name: list(group) for name, group in groupby(ordered, key=lambda one: one.stream)}


def _stream(name: str, then: list[Moment], now: list[Moment], limits: tuple[float, Tolerances]) -> StreamReport:
    ends_at, allowed = limits
    old, new = ([(one, decode(one.payload)) for one in side] for side in (then, now))
    last = max((one.id for one in then), default=StreamId(0, 0))
    new = [pair for pair in new if pair[0].id <= last or pair[0].at < ends_at - END_S]
    kinds: dict[str, Callable[..., Found]] = {"voice": voice, "face": face, "mirror": pictures}
    special = kinds.get(name)
    differences, worst = special(name, old, new, allowed) if special else ([], {})
    whole = [[pair for pair in side if not isinstance(pair[1], _PIECES)] for side in (old, new)]
    whole = _without_single_guesses(*whole)
    differences += _events(name, whole[0], whole[1], allowed)
    if name == "voice_sample":
        more, worst = samples(name, whole[0], whole[1], allowed)
        differences += more
    return StreamReport(stream=name, then=len(then), now=len(now), differences=differences, worst=worst)


END_S = 2.0
"""What began to be said so shortly before a recording's end may have come after it then, and before it now."""

_PIECES = (SpeechChunk, PoseTrack, MirrorFrame, PartialTranscript)
"""Pieces of a whole that is compared. asr paces partial transcripts by how long the last one took: never the same twice."""


def _without_single_guesses(old: list[Pair], new: list[Pair]) -> list[list[Pair]]:
    """How often there is time for a guess, the machine's speed decides: those made both times are compared."""
    both = {one.id for one, _ in old} & {one.id for one, _ in new}
    return [
        [pair for pair in side if pair[0].id in both or not isinstance(pair[1], GuessTranscript)] for side in (old, new)
    ]


def _events(name: str, old: Sequence[Pair], new: Sequence[Pair], allowed: Tolerances) -> list[Difference]:
    before, after = ({one.id: event for one, event in side} for side in (old, new))
    found = [
        Difference(stream=name, id=str(at), what="missing", then=_tag(event))
        for at, event in before.items()
        if at not in after
    ]
    found += [
        Difference(stream=name, id=str(at), what="extra", now=_tag(event))
        for at, event in after.items()
        if at not in before
    ]
    for at in before.keys() & after.keys():
        found += _fields(name, at, (before[at], after[at]), allowed)
    order = ([one.id for one, _ in side] for side in (old, new))
    if not found and [*next(order)] != [*next(order)]:
        found.append(Difference(stream=name, id="", what="order"))
    return sorted(found, key=lambda one: StreamId.parse(one.id) if one.id else StreamId(0, 0))


def _fields(name: str, at: StreamId, events: tuple[AnyEvent, AnyEvent], allowed: Tolerances) -> list[Difference]:
    then, now = events
    if type(then) is not type(now):
        return [Difference(stream=name, id=str(at), what="event", then=_tag(then), now=_tag(now))]
    found = []
    for field in then.__struct_fields__:
        a, b = getattr(then, field), getattr(now, field)
        if field not in IGNORED | RAW and not _is_same(field, a, b, allowed):
            found.append(Difference(stream=name, id=str(at), what=field, then=_plain(a), now=_plain(b)))
    return found


def _is_same(field: str, then: object, now: object, allowed: Tolerances) -> bool:
    if field == "told" and isinstance(then, bytes) and isinstance(now, bytes):
        told, tells = msgspec.msgpack.decode(then), msgspec.msgpack.decode(now)
        return all(tells.get(name) == value for name, value in told.items())  # a later version may tell more
    if not isinstance(then, float) or not isinstance(now, float | int):
        return then == now
    instant = field.endswith("_at") or field == "now"
    return abs(then - now) <= (allowed.instant_s if instant else max(1.0, abs(then)) * allowed.share)


def _tag(event: AnyEvent) -> str:
    return str(event.__struct_config__.tag)


def _plain(value: object) -> object:
    return f"{len(value)} bytes" if isinstance(value, bytes) else msgspec.to_builtins(value)
