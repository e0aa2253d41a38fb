"""What is compared by ear and eye: a turn's sound, a voice sample, poses, pictures. Pure."""

from collections.abc import Sequence
from typing import Any

import msgspec

from rig.record.moment import Moment
from rig.replay.measures import picture_difference, pose_difference, sound_difference
from shared.audio import MICROPHONE_HZ, VOICE_HZ
from shared.events import AnyEvent, MirrorFrame, PoseTrack, SpeechChunk, VoiceSampleTaken


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


Pair = tuple[Moment, AnyEvent]

Found = tuple[list[Difference], dict[str, float]]
"""What differs, and the largest difference by measure."""


# --- sound ------------------------------------------------------------------------------------------------------------


def _speeches(pairs: Sequence[Pair]) -> dict[tuple[int, int], bytes]:
    """(turn, rev) -> its whole sound."""
    found: dict[tuple[int, int], bytes] = {}
    for _, event in pairs:
        if isinstance(event, SpeechChunk):
            found[event.turn, event.rev] = found.get((event.turn, event.rev), b"") + event.pcm
    return found


def voice(name: str, old: Sequence[Pair], new: Sequence[Pair], allowed: Tolerances) -> Found:
    """The mirror's speech, a turn at a time."""
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


def samples(name: str, old: Sequence[Pair], new: Sequence[Pair], allowed: Tolerances) -> Found:
    """Voice samples, one by one."""
    before, after = ({str(one.id): e.pcm for one, e in side if isinstance(e, VoiceSampleTaken)} for side in (old, new))
    found: list[Difference] = []
    worst: dict[str, float] = {}
    for at in before.keys() & after.keys():
        more, worst = _sound(name, at, (before[at], after[at], MICROPHONE_HZ), allowed)
        found += more
    return found, worst


def _sound(name: str, at: str, sounds: tuple[bytes, bytes, int], allowed: Tolerances) -> Found:
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


def _pairwise(name: str, before: dict[tuple[int, int], bytes], after: dict[tuple[int, int], bytes]) -> Found:
    gone = [Difference(stream=name, id=f"{a}-{b}", what="missing") for a, b in before.keys() - after.keys()]
    new = [Difference(stream=name, id=f"{a}-{b}", what="extra") for a, b in after.keys() - before.keys()]
    return sorted(gone + new, key=lambda one: one.id), {}


# --- face and picture -------------------------------------------------------------------------------------------------


def face(name: str, old: Sequence[Pair], new: Sequence[Pair], allowed: Tolerances) -> Found:
    """Poses, a turn at a time."""
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


def pictures(name: str, old: Sequence[Pair], new: Sequence[Pair], allowed: Tolerances) -> Found:
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
