"""The poses of one turn's speech, and where in which turn the loudspeaker is at an instant. Pure: time is an argument."""

from bisect import bisect_right
from typing import NamedTuple

import numpy as np

from services.a2f_bridge.blendshapes import Pose, Poses
from services.a2f_bridge.face_animator import SAMPLES_PER_POSE, poses_in
from shared.audio import VOICE_HZ


class Speech(NamedTuple):
    """Which speech: a guess at a turn."""

    turn: int
    rev: int


class Timeline:
    """Poses of one speech, 60 a second, without a gap from pose 0."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.is_complete = False
        self._poses: list[Pose] = []

    def __len__(self) -> int:
        return len(self._poses)

    def extend(self, poses: Poses) -> None:
        """The next poses, shape (n, 52)."""
        self._poses.extend(poses)

    def complete(self, samples: int) -> None:
        """The speech has that many samples and no more; poses beyond them are cut off, missing ones stay missing."""
        del self._poses[poses_in(samples) :]
        self.is_complete = True

    def at(self, sample: float) -> Pose | None:
        """The pose at a sample of the speech, between its two neighbours; None where there is none (yet)."""
        position = sample / SAMPLES_PER_POSE
        before = int(position)
        if position < 0.0 or before >= len(self._poses):
            return None
        if before + 1 == len(self._poses):
            return self._poses[before]
        share = np.float32(position - before)
        return self._poses[before] * (np.float32(1.0) - share) + self._poses[before + 1] * share


class Place(NamedTuple):
    """Where the loudspeaker is."""

    speech: Speech
    sample: float
    is_waiting: bool
    """It stands still at that sample: the next ones have not come, or the visitor may be speaking."""
    stretch: float
    """When the stretch of sound it belongs to began, host clock: two places of one stretch follow each other smoothly."""


class _Anchor(NamedTuple):
    due_at: float
    from_sample: int
    speech: Speech


class Schedule:
    """When which sample sounds: what SpeechDue and SpeechHeld have said."""

    def __init__(self) -> None:
        self._anchors: list[_Anchor] = []
        self._held: dict[int, int] = {}

    def due(self, speech: Speech, from_sample: int, due_at: float) -> None:
        """From `due_at` on the samples after `from_sample` sound; overrides whatever was said of them before."""
        self._held.pop(speech.turn, None)
        kept = [
            anchor
            for anchor in self._anchors
            if anchor.due_at < due_at and (anchor.speech.turn != speech.turn or anchor.from_sample < from_sample)
        ]
        self._anchors = [*kept[-8:], _Anchor(due_at, from_sample, speech)]  # older ones cannot matter any more

    def hold(self, turn: int, at_sample: int) -> None:
        """Nothing of a turn sounds beyond a sample until it is due again."""
        self._held[turn] = at_sample

    def drop(self, speeches: set[Speech]) -> None:
        """Forget these: they never sound, or no longer."""
        self._anchors = [anchor for anchor in self._anchors if anchor.speech not in speeches]
        for speech in speeches:
            self._held.pop(speech.turn, None)

    def speeches(self) -> set[Speech]:
        """All that is due, was due a moment ago, or will be."""
        return {anchor.speech for anchor in self._anchors}

    def at(self, now: float) -> Place | None:
        """Where the loudspeaker is at `now`, host clock; None before anything was due."""
        last = bisect_right(self._anchors, now, key=lambda anchor: anchor.due_at) - 1
        if last < 0:
            return None
        anchor = self._anchors[last]
        sample = anchor.from_sample + (now - anchor.due_at) * VOICE_HZ
        end = self._end(last)
        return Place(anchor.speech, min(sample, end), sample >= end, anchor.due_at)

    def _end(self, position: int) -> float:
        """Sample at which the stretch from an anchor on stops: at the hold, or where the next stretch goes on."""
        anchor = self._anchors[position]
        ends = [float(self._held.get(anchor.speech.turn, float("inf")))]
        if position + 1 < len(self._anchors) and self._anchors[position + 1].speech == anchor.speech:
            ends.append(self._anchors[position + 1].from_sample)
        return min(ends)
