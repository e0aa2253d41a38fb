"""What the stages say now against what they said then: ids and order exactly, words exactly, sound and picture by ear and eye.

Pure. How long anything took is never compared: another machine, another day.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec

from rig.record.moment import Moment
from rig.replay.measures import picture_difference, pose_difference, sound_difference
from shared.audio import MICROPHONE_HZ, VOICE_HZ
from shared.events import (
    AnyEvent,
    GuessTranscript,
    MirrorFrame,
    PartialTranscript,
    PoseTrack,
    SpeechChunk,
    TurnDiscarded,
    VoiceSampleTaken,
    decode,
)
from shared.streams import StreamId


class Tolerances(msgspec.Struct, frozen=True, kw_only=True):
    """How much may differ."""

    length_s: float = 0.06
    length_share: float = 0.02
    """Of the longer; the larger of the two counts."""
    level_db: float = 1.5
    spectral_db: float = 3.0
    pose: float = 0.03
    picture: float = 12.0
    picture_within_s: float = 1.0
    """Pictures are compared with the nearest in time."""
    instant_s: float = 0.3
    """Of instants inside events, such as the end of an utterance."""
    share: float = 0.05
    """Of any other number with a fraction, such as a confidence."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it was."""

    stream: str
    id: str
    what: str
    """missing, extra, event, or the field or measure that differs."""
    then: Any = None
    now: Any = None


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
})  # fmt: skip
"""What depends on how fast a machine was."""

RAW = frozenset({"pcm", "weights", "jpeg"})
"""Compared by ear and eye."""

_Found = tuple[list[Difference], dict[str, float]]


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
    kinds: dict[str, Callable[..., _Found]] = {"voice": _voice, "face": _face, "mirror": _pictures}
    special = kinds.get(name)
    differences, worst = special(name, old, new, allowed) if special else ([], {})
    whole = [[pair for pair in side if not isinstance(pair[1], _PIECES)] for side in (old, new)]
    whole = _without_single_guesses(*whole)
    differences += _events(name, whole[0], whole[1], allowed)
    if name == "voice_sample":
        more, worst = _samples(name, whole[0], whole[1], allowed)
        differences += more
    return StreamReport(stream=name, then=len(then), now=len(now), differences=differences, worst=worst)


END_S = 2.0
"""What began to be said so shortly before a recording's end may have come after it then, and before it now."""

_PIECES = (SpeechChunk, PoseTrack, MirrorFrame, PartialTranscript)
"""Pieces of a whole that is compared. asr paces partial transcripts by how long the last one took: never the same twice."""

Pair = tuple[Moment, AnyEvent]


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
    if not isinstance(then, float) or not isinstance(now, float | int):
        return then == now
    instant = field.endswith("_at") or field == "now"
    return abs(then - now) <= (allowed.instant_s if instant else max(1.0, abs(then)) * allowed.share)


def _tag(event: AnyEvent) -> str:
    return str(event.__struct_config__.tag)


def _plain(value: object) -> object:
    return f"{len(value)} bytes" if isinstance(value, bytes) else msgspec.to_builtins(value)


# --- sound ------------------------------------------------------------------------------------------------------------


def _speeches(pairs: Sequence[Pair]) -> dict[tuple[int, int], bytes]:
    """(turn, rev) -> its whole sound."""
    found: dict[tuple[int, int], bytes] = {}
    for _, event in pairs:
        if isinstance(event, SpeechChunk):
            found[event.turn, event.rev] = found.get((event.turn, event.rev), b"") + event.pcm
    return found


def _voice(name: str, old: Sequence[Pair], new: Sequence[Pair], allowed: Tolerances) -> _Found:
    before, after = _speeches(old), _speeches(new)
    found, worst = _pairwise(name, before, after)
    for turn in before.keys() & after.keys():
        more, measures = _sound(name, f"{turn[0]}-{turn[1]}", (before[turn], after[turn], VOICE_HZ), allowed)
        found += more
        worst = {key: max(value, worst.get(key, 0.0)) for key, value in measures.items()}
    order = [list(side) for side in (before, after)]
    if not found and order[0] != order[1]:
        found.append(Difference(stream=name, id="", what="order"))
    return found, worst


def _samples(name: str, old: Sequence[Pair], new: Sequence[Pair], allowed: Tolerances) -> _Found:
    before, after = ({str(one.id): e.pcm for one, e in side if isinstance(e, VoiceSampleTaken)} for side in (old, new))
    found: list[Difference] = []
    worst: dict[str, float] = {}
    for at in before.keys() & after.keys():
        more, worst = _sound(name, at, (before[at], after[at], MICROPHONE_HZ), allowed)
        found += more
    return found, worst


def _sound(name: str, at: str, sounds: tuple[bytes, bytes, int], allowed: Tolerances) -> _Found:
    then, now, rate = sounds
    apart = sound_difference(then, now, rate)
    longest_s = max(len(then), len(now)) / 2 / rate
    limits = {
        "length_s": max(allowed.length_s, allowed.length_share * longest_s),
        "level_db": allowed.level_db,
        "spectral_db": allowed.spectral_db,
    }
    measures = {key: round(getattr(apart, key), 3) for key in limits}
    return [
        Difference(stream=name, id=at, what=key, then=f"within {limits[key]:g}", now=value)
        for key, value in measures.items()
        if value > limits[key]
    ], measures


def _pairwise(name: str, before: dict[tuple[int, int], bytes], after: dict[tuple[int, int], bytes]) -> _Found:
    gone = [Difference(stream=name, id=f"{a}-{b}", what="missing") for a, b in before.keys() - after.keys()]
    new = [Difference(stream=name, id=f"{a}-{b}", what="extra") for a, b in after.keys() - before.keys()]
    return sorted(gone + new, key=lambda one: one.id), {}


# --- face and picture -------------------------------------------------------------------------------------------------


def _face(name: str, old: Sequence[Pair], new: Sequence[Pair], allowed: Tolerances) -> _Found:
    before, after = _tracks(old), _tracks(new)
    found, worst = _pairwise(name, before, after)
    for turn in before.keys() & after.keys():
        apart = round(pose_difference(before[turn], after[turn]), 4)
        worst["pose"] = max(apart, worst.get("pose", 0.0))
        if apart > allowed.pose:
            found.append(
                Difference(
                    stream=name, id=f"{turn[0]}-{turn[1]}", what="pose", then=f"within {allowed.pose:g}", now=apart
                )
            )
    return found, worst


def _tracks(pairs: Sequence[Pair]) -> dict[tuple[int, int], bytes]:
    found: dict[tuple[int, int], bytes] = {}
    for _, event in pairs:
        if isinstance(event, PoseTrack):
            found[event.turn, event.rev] = found.get((event.turn, event.rev), b"") + event.weights
    return found


def _pictures(name: str, old: Sequence[Pair], new: Sequence[Pair], allowed: Tolerances) -> _Found:
    """Each picture of then beside the nearest of now that shows the same: swapped or veiled."""
    found, worst = list[Difference](), 0.0
    shown = [(one.at, event) for one, event in new if isinstance(event, MirrorFrame)]
    for one, then in old:
        if not isinstance(then, MirrorFrame):
            continue
        near = [(abs(at - one.at), at, event) for at, event in shown if abs(at - one.at) <= allowed.picture_within_s]
        same = [entry for entry in near if entry[2].is_swapped == then.is_swapped]
        what = "missing" if not near else "is_swapped"
        if not same:
            found.append(Difference(stream=name, id=str(one.id), what=what, then=then.is_swapped))
            continue
        now = min(same, key=lambda entry: entry[:2])[2]
        if (now.width, now.height) != (then.width, then.height):
            size = f"{then.width}x{then.height}"
            found.append(
                Difference(stream=name, id=str(one.id), what="size", then=size, now=f"{now.width}x{now.height}")
            )
            continue
        apart = round(picture_difference(then.jpeg, now.jpeg), 2)
        worst = max(worst, apart)
        if apart > allowed.picture:
            limit = f"within {allowed.picture:g}"
            found.append(Difference(stream=name, id=str(one.id), what="picture", then=limit, now=apart))
    return found, {"picture": worst} if worst else {}
