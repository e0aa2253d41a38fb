"""The mouth of the copy at any instant: the poses of whatever sounds then, and rest when nothing does. Pure: time is an argument."""

from typing import NamedTuple

from services.a2f_bridge.blendshapes import Pose, Poses, neutral
from services.a2f_bridge.closing import CLOSE_S, CROSSFADE_S, Closing
from services.a2f_bridge.timeline import Place, Schedule, Speech, Timeline


class Moment(NamedTuple):
    """The mouth at one instant."""

    mouth: Pose
    is_speaking: bool
    """Poses of a speech are shown."""
    is_starved: bool
    """The speech goes on, but its poses have not come."""


class SpeakingFace:
    """Holds the poses of every speech that may yet sound, and shows them when they are due.

    `now` is always the instant at the glass, and rises.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self._timelines: dict[Speech, Timeline] = {}
        self._schedule = Schedule()
        self._closing = Closing()
        self._movement: object = None
        self._closed_at = 0.0
        self._unflushed: int | None = None

    def timeline(self, speech: Speech, epoch: int) -> Timeline:
        """The poses of a speech, begun if there are none."""
        return self._timelines.setdefault(speech, Timeline(epoch))

    def extend(self, speech: Speech, epoch: int, poses: Poses) -> None:
        """The next poses of a speech."""
        self.timeline(speech, epoch).extend(poses)

    def due(self, speech: Speech, from_sample: int, due_at: float) -> None:
        """A sample of a speech leaves the loudspeaker at `due_at`, and those after it follow. Its poses may come later."""
        self._schedule.due(speech, from_sample, due_at)
        self._forget({old for old in self._timelines if old.turn < speech.turn} - self._schedule.speeches())

    def hold(self, turn: int, at_sample: int) -> None:
        """Nothing of a turn sounds beyond a sample for now: the mouth closes there."""
        self._schedule.hold(turn, at_sample)

    def discard(self, turn: int, rev: int) -> None:
        """A guess and every earlier one of its turn are void."""
        self._forget({speech for speech in self.known() if speech.turn == turn and speech.rev <= rev})

    def advance(self, epoch: int, now: float) -> None:
        """Everything older than `epoch` is void: the mouth closes within CLOSE_S."""
        if epoch <= self.epoch:
            return
        self.epoch = epoch
        void = {speech for speech, timeline in self._timelines.items() if timeline.epoch < epoch}
        unborn = self._schedule.speeches() - set(self._timelines)
        self._forget(void | unborn)
        is_open = bool(self._closing.shown.any())
        self._start(now, None, neutral(), CLOSE_S)
        self._closed_at = now + CLOSE_S if is_open else now
        self._unflushed = epoch

    def flushed(self, now: float) -> int | None:
        """The epoch whose closing is done by `now`; said once."""
        if self._unflushed is None or now < self._closed_at:
            return None
        epoch, self._unflushed = self._unflushed, None
        return epoch

    def scheduled(self) -> set[Speech]:
        """Every speech of which it is known when it sounds, or sounded a moment ago."""
        return self._schedule.speeches()

    @property
    def is_flushing(self) -> bool:
        """A closing has begun and has not been told."""
        return self._unflushed is not None

    def place(self, now: float) -> Place | None:
        """Where the loudspeaker is."""
        return self._schedule.at(now)

    def at(self, now: float) -> Moment:
        """The mouth at `now`."""
        place = self._schedule.at(now)
        timeline = self._timelines.get(place.speech) if place else None
        if place is None or (timeline is not None and timeline.is_complete and timeline.at(place.sample) is None):
            return self._show(now, None, neutral(), is_speaking=False)
        pose = timeline.at(place.sample) if timeline and not place.is_waiting else None
        if pose is None:
            self._movement = place._replace(sample=0.0, is_waiting=True)
            return Moment(self._closing.lose(now), is_speaking=False, is_starved=not place.is_waiting)
        return self._show(now, place._replace(sample=0.0), pose, is_speaking=True)

    def _show(self, now: float, movement: object, wanted: Pose, *, is_speaking: bool) -> Moment:
        if movement != self._movement:
            self._start(now, movement, wanted, CROSSFADE_S)
        return Moment(self._closing.show(now, wanted), is_speaking=is_speaking, is_starved=False)

    def _start(self, now: float, movement: object, wanted: Pose, melt_s: float) -> None:
        self._movement = movement
        self._closing.cut(now, wanted, melt_s)

    def known(self) -> set[Speech]:
        """Every speech that may still sound."""
        return set(self._timelines) | self._schedule.speeches()

    def _forget(self, speeches: set[Speech]) -> None:
        self._schedule.drop(speeches)
        for speech in speeches:
            self._timelines.pop(speech, None)
