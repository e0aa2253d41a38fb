"""The loudspeaker of a simulated visit: lines one after another, a reply between them. Pure."""

from collections.abc import Callable

import msgspec

from services.session.play_events import Answer, SayLine

SOUND_LATENCY_S = 0.3
REPLY_LATENCY_S = 1.0
HANDED_OVER_S = 1.0
"""A line with an appointed time is begun this long before it."""


class Sound(msgspec.Struct, frozen=True, kw_only=True):
    """Something at the loudspeaker."""

    order: SayLine | Answer
    begins: float
    ends: float

    @property
    def name(self) -> str:
        """A line's id, or `reply`."""
        return self.order.line if isinstance(self.order, SayLine) else "reply"

    def words_by(self, now: float) -> str:
        """What of a line has sounded by now."""
        words = self.order.text if isinstance(self.order, SayLine) else ""
        share = (now - self.begins) / max(self.ends - self.begins, 0.1)
        return words[: max(0, round(share * len(words)))]

    @property
    def may_be_cut(self) -> bool:
        """Speaking over it ends it."""
        return not isinstance(self.order, SayLine) or self.order.may_be_cut


class Loudspeaker:
    """Plays one thing at a time."""

    def __init__(self, length_s: Callable[[str], float]) -> None:
        """`length_s`: seconds the voice takes for some words."""
        self._length_s = length_s
        self.queue: list[SayLine] = []
        self.sound: Sound | None = None

    def is_over(self, now: float) -> bool:
        """What sounded has come to its end."""
        return self.sound is not None and now >= self.sound.ends

    def take(self) -> Sound | None:
        """End what sounds, here."""
        sound, self.sound = self.sound, None
        return sound

    def begin_next(self, now: float) -> None:
        """The next line, if nothing sounds and its time has come."""
        if self.sound is not None or not self.queue:
            return
        order = self.queue[0]
        begins = max(order.starts_at, now + SOUND_LATENCY_S)
        if order.starts_at - now < HANDED_OVER_S:
            self.queue.pop(0)
            self.sound = Sound(order=order, begins=begins, ends=begins + self._length_s(order.text))

    def begin_reply(self, order: Answer, now: float, length_s: float) -> None:
        """A reply of that length."""
        begins = now + REPLY_LATENCY_S
        self.sound = Sound(order=order, begins=begins, ends=begins + length_s)
