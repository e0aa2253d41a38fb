"""How the head moves by itself: it sways, it rises with the breath, it nods."""

import math
from typing import NamedTuple

from services.a2f_bridge.idle.moods import Dice, Mood, smooth, wait_s

_SWAY_HZ = (0.083, 0.19, 0.31)
"""Slow, and without a common period: it never repeats within a visit."""
_NOD_S = 0.7
_SIP_RISE_S = 0.28
_SIP_FALL_S = 1.1


class Turn(NamedTuple):
    """How the head is turned, degrees: yaw > 0 toward its own right, pitch > 0 up, roll > 0 right ear down."""

    yaw: float
    pitch: float
    roll: float


class Head:
    """Sway, breath and nods of one face."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._phases = [[dice() * math.tau for _ in _SWAY_HZ] for _ in range(3)]
        self._breath = dice()
        self._sip_at = -math.inf
        self._nod_at = -math.inf
        self._next_nod_at = math.inf
        self._stress = 0.0

    def draw_breath(self, now: float) -> None:
        """As before speaking: the visitor sees that the mirror is about to."""
        self._sip_at = now

    def expect(self, now: float, mood: Mood) -> None:
        """A mood began."""
        self._next_nod_at = now + wait_s(self._dice, mood.nod_s, least_s=2.0)

    def sip(self, now: float) -> float:
        """How much of a drawn breath shows, 0..1."""
        since = now - self._sip_at
        if since <= _SIP_RISE_S:
            return smooth(since / _SIP_RISE_S)
        return 1.0 - smooth((since - _SIP_RISE_S) / _SIP_FALL_S)

    def turn(self, now: float, step_s: float, mood: Mood, jaw: float) -> Turn:
        """The head at `now`, `step_s` after the last time; `jaw` (0..1) is the mouth's stress, which the head follows."""
        self._breath = (self._breath + step_s / mood.breath_s) % 1.0
        self._stress += (1.0 - math.exp(-step_s / 0.15)) * (jaw - self._stress)
        yaw, pitch, roll = (self._sway(now, phases) for phases in self._phases)
        lift = 0.5 - 0.5 * math.cos(math.tau * self._breath)
        return Turn(
            yaw=mood.sway_deg * yaw,
            pitch=mood.pitch_deg + mood.breath_deg * lift + 0.6 * mood.sway_deg * pitch
            + 1.5 * self.sip(now) - 2.2 * self._nod(now, mood) - 5.0 * self._stress,
            roll=0.5 * mood.sway_deg * roll,
        )  # fmt: skip

    def _sway(self, now: float, phases: list[float]) -> float:
        parts = zip(_SWAY_HZ, phases, strict=True)
        return sum(math.sin(math.tau * hertz * now + phase) / (i + 1) for i, (hertz, phase) in enumerate(parts))

    def _nod(self, now: float, mood: Mood) -> float:
        if now >= self._next_nod_at:
            self._nod_at = now
            self.expect(now + _NOD_S, mood)
        since = (now - self._nod_at) / _NOD_S
        return math.sin(math.pi * since) ** 2 if 0.0 <= since <= 1.0 else 0.0
