"""A face that is alive at every instant, whatever the mouth is doing."""

import math
from typing import NamedTuple

from services.a2f_bridge.blendshapes import Pose, index, neutral, pair
from services.a2f_bridge.idle.gaze import VISITOR, Direction, Gaze
from services.a2f_bridge.idle.head import Head, Turn
from services.a2f_bridge.idle.lids import Lids
from services.a2f_bridge.idle.moods import MOODS, Dice, Mood, ease

DEFAULT_MOOD = "asleep"
_EYE_FULL_YAW_DEG = 32.0
_EYE_FULL_PITCH_DEG = 26.0
"""How far an eye is turned when its blendshape is 1."""
_LONGEST_STEP_S = 0.1
"""After a pause of the ticker a face goes on from where it was; it does not make up for the time."""


class Look(NamedTuple):
    """What a face does by itself."""

    weights: Pose
    """Added to the mouth's own pose."""
    head: tuple[float, float, float]
    """Yaw, pitch, roll, radians."""
    eyes: tuple[float, float]
    """Yaw and pitch of both eyes relative to the head, radians."""


class IdleLife:
    """Blinks, breath, gaze and sway of one face, coloured by its mood. `now` rises."""

    def __init__(self, dice: Dice, now: float) -> None:
        self.mood = DEFAULT_MOOD
        self._manner: Mood = MOODS[DEFAULT_MOOD]
        self._lids, self._gaze, self._head = Lids(dice), Gaze(dice), Head(dice)
        self._last = now

    def feel(self, mood: str, now: float) -> None:
        """From now on this mood; one that is not known is taken as listening."""
        if mood == self.mood:
            return
        before, self.mood = self.mood, mood
        goal = self._goal()
        self._lids.expect(now, goal.blink_s)
        self._head.expect(now, goal)
        if mood in ("thinking", "waking"):
            self._head.draw_breath(now)
            self._gaze.look(now, VISITOR, stay_s=0.9)
        if before == "asleep" or mood == "farewell":
            self._lids.blink(now + 0.9)

    def look(self, now: float, jaw: float = 0.0) -> Look:
        """The face at `now`; `jaw` (0..1) is how far speech opens the mouth."""
        step_s = min(_LONGEST_STEP_S, max(0.0, now - self._last))
        self._last = now
        self._manner = ease(self._manner, self._goal(), step_s)
        turn = self._head.turn(now, step_s, self._manner, jaw)
        if self._gaze.wander(now, self._manner) > 9.0:
            self._lids.blink(now)  # eyes that jump far shut on the way
        gaze = self._gaze.at(now)
        # the eyes hold their point while the head moves under them
        eyes = Direction(gaze.yaw - turn.yaw, gaze.pitch + self._manner.eyes_deg - 0.7 * turn.pitch)
        return Look(self._weights(now, eyes), _radians(turn), (math.radians(eyes.yaw), math.radians(eyes.pitch)))

    def _goal(self) -> Mood:
        return MOODS.get(self.mood, MOODS["listening"])

    def _weights(self, now: float, eyes: Direction) -> Pose:
        manner, sip = self._manner, self._head.sip(now)
        right, up = eyes.yaw / _EYE_FULL_YAW_DEG, eyes.pitch / _EYE_FULL_PITCH_DEG
        lids = max(manner.lids + 0.3 * max(0.0, -up), self._lids.closure(now, manner.blink_s))
        pose = neutral()
        pose[list(pair("EyeBlink"))] = min(1.0, lids)
        pose[list(pair("EyeWide"))] = 0.10 * sip * (1.0 - lids)
        pose[list(pair("EyeLookUp"))] = max(0.0, up)
        pose[list(pair("EyeLookDown"))] = max(0.0, -up)
        pose[[index("EyeLookInLeft"), index("EyeLookOutRight")]] = max(0.0, right)
        pose[[index("EyeLookOutLeft"), index("EyeLookInRight")]] = max(0.0, -right)
        pose[index("BrowInnerUp")] = manner.brow + 0.18 * sip
        pose[list(pair("BrowOuterUp"))] = 0.4 * manner.brow + 0.10 * sip
        pose[list(pair("MouthSmile"))] = manner.smile
        pose[list(pair("CheekSquint"))] = 0.5 * manner.smile
        pose[list(pair("NoseSneer"))] = 0.06 * sip
        pose[index("JawOpen")] = 0.045 * sip  # the lips part for the breath
        return pose


def _radians(turn: Turn) -> tuple[float, float, float]:
    return math.radians(turn.yaw), math.radians(turn.pitch), math.radians(turn.roll)
