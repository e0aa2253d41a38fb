"""The kiosk's loudspeaker without a sound card: plays speech when it is due and knows what truly sounded. Pure.

The same rules as the page's `playout.js`: the first chunk of a run sounds when due, the rest follow; what comes late is
played at once and shifts what follows; a hold stands still, a flush forgets. Time is counted in frames of 24 kHz on the
host's clock, so a frame is a sample of sound.
"""

from collections import deque

import msgspec
import numpy as np
from numpy.typing import NDArray

from shared.audio import VOICE_HZ

REPORT_EVERY = VOICE_HZ // 10


class Piece(msgspec.Struct, kw_only=True):
    """A stretch of a turn's speech, laid on the loudspeaker's time."""

    turn: int
    from_sample: int
    pcm: NDArray[np.int16]
    at: int
    """Frame at which it begins."""
    is_last: bool

    @property
    def end_sample(self) -> int:
        """The turn's sample after this piece."""
        return self.from_sample + len(self.pcm)


class Sounded(msgspec.Struct, frozen=True, kw_only=True):
    """What left the loudspeaker."""

    turn: int
    from_sample: int
    at: int
    """Frame."""
    late: int
    """Frames later than it was due."""
    gain: float
    pcm: NDArray[np.int16]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All before `sample` of the turn had sounded by `frame`."""

    turn: int
    sample: int
    frame: int
    is_end: bool = False


class Loudspeaker:
    """Queue in, sound and reports out. Call `render` before anything that changes the queue."""

    def __init__(self) -> None:
        self.queue: deque[Piece] = deque()
        self.sounded: list[Sounded] = []
        self.reports: list[Report] = []
        self.turn = -1
        self.heard = 0
        self.gap_count = 0
        """Times the queue ran dry and the same turn went on later."""
        self._dry = -1
        """The turn whose last sample so far sounded, with nothing behind it."""
        self.is_sounding = False
        self.silent_since = 0
        """Frame at which it last fell silent."""
        self.sounding_since = 0
        """Frame at which it last began to sound."""
        self._gone = -1
        self._late = 0
        self._held_at: int | None = None
        self._gain = 1.0
        self._reported = 0

    def push(self, turn: int, from_sample: int, pcm: NDArray[np.int16], due: int, now: int, **flags: bool) -> None:
        """Speech arrives. Flags: `restart` (due is a new anchor) and `is_last`."""
        if turn <= self._gone:
            return
        if (
            flags.get("is_last", False)
            and turn == self.turn
            and not self.queue
            and self.heard >= from_sample + len(pcm)
        ):
            self._report(now, is_end=True)  # all of it had sounded, and the word of it was lost
            return
        piece = Piece(turn=turn, from_sample=from_sample, pcm=pcm, at=due, is_last=flags.get("is_last", False))
        tail = self.queue[-1] if self.queue else None
        if flags.get("restart", False) or turn != (tail.turn if tail else self.turn):
            self._anchor(piece, now)
        else:
            self._follow(piece, tail, now)

    def _anchor(self, piece: Piece, now: int) -> None:
        """A new run: whatever we had of the turn from its first sample on is void, and what of it sounded is not said again."""
        self._resume(now)
        self._gain = 1.0
        self.queue = deque(kept for kept in (_before(old, piece) for old in self.queue) if len(kept.pcm))
        twice = min(len(piece.pcm), max(0, self.heard - piece.from_sample)) if piece.turn == self.turn else 0
        piece.from_sample, piece.pcm, piece.at = piece.from_sample + twice, piece.pcm[twice:], piece.at + twice
        tail_end = self.queue[-1].at + len(self.queue[-1].pcm) if self.queue else 0
        at = max(piece.at, now, tail_end)
        self._late = at - piece.at
        piece.at = at
        if len(piece.pcm):
            self.queue.append(piece)
        else:  # all of it sounded; the rest follows where it was due
            self._late = 0

    def _follow(self, piece: Piece, tail: Piece | None, now: int) -> None:
        known = tail.end_sample if tail else self.heard
        twice = max(0, known - piece.from_sample)
        if twice >= len(piece.pcm):
            return
        place = piece.at + twice + self._late
        piece.pcm = piece.pcm[twice:]
        piece.from_sample += twice
        if tail is None:
            self._late += max(0, now - place)
            piece.at = max(now, place)
        else:
            piece.at = tail.at + len(tail.pcm)
        self.queue.append(piece)

    def hold(self, turn: int, gain: float, now: int, *, stop: bool) -> None:
        """The visitor may be speaking: duck, or stand still; without `stop`, go on where it stands."""
        if turn != self.turn and all(piece.turn != turn for piece in self.queue):
            return
        if not stop:
            self._gain = gain
            self._resume(now)
        elif self._held_at is None:
            self._held_at = now
            self._silence(now)
            self._report(now)

    def flush(self, turn: int, now: int) -> None:
        """Forget every sample up to and including `turn`."""
        self._gone = max(self._gone, turn)
        self.queue = deque(piece for piece in self.queue if piece.turn > turn)
        if 0 <= self.turn <= turn:
            self._held_at = None
            self._gain = 1.0
            self._silence(now)
            self._report(now, is_end=True)
        if turn > self.turn:
            self.reports.append(Report(turn=turn, sample=0, frame=now, is_end=True))

    def render(self, until: int) -> None:
        """Let time pass: everything due before frame `until` sounds."""
        while self.queue and self._held_at is None and self.queue[0].at < until:
            self._sound(self.queue[0], until)

    def _sound(self, piece: Piece, until: int) -> None:
        count = min(len(piece.pcm), until - piece.at)
        if not self.is_sounding:
            self.sounding_since = piece.at
            self.gap_count += self._dry == piece.turn
            self._dry = -1
        if not self.is_sounding or self.turn != piece.turn:
            self.is_sounding = True
            self.turn, self.heard = piece.turn, piece.from_sample
            self._report(piece.at)
        self.sounded.append(
            Sounded(
                turn=piece.turn,
                from_sample=piece.from_sample,
                at=piece.at,
                late=self._late,
                gain=self._gain,
                pcm=piece.pcm[:count],
            )
        )
        self.heard = piece.from_sample + count
        piece.at, piece.from_sample, piece.pcm = piece.at + count, self.heard, piece.pcm[count:]
        if not len(piece.pcm):
            self._finish(piece)
        elif piece.at - self._reported >= REPORT_EVERY:
            self._report(piece.at)

    def _finish(self, piece: Piece) -> None:
        self.queue.popleft()
        if piece.is_last or not self.queue or self.queue[0].at > piece.at:
            self._dry = -1 if piece.is_last else piece.turn
            self._silence(piece.at)
            self._report(piece.at, is_end=piece.is_last)
        elif piece.at - self._reported >= REPORT_EVERY:
            self._report(piece.at)

    def _resume(self, now: int) -> None:
        """Go on: whatever waited is as late as we stood still."""
        if self._held_at is None:
            return
        late = max(0, now - self.queue[0].at) if self.queue else 0
        for piece in self.queue:
            piece.at += late
        self._late += late
        self._held_at = None

    def _silence(self, frame: int) -> None:
        if self.is_sounding:
            self.silent_since = frame
        self.is_sounding = False

    def _report(self, frame: int, *, is_end: bool = False) -> None:
        self._reported = frame
        self.reports.append(Report(turn=self.turn, sample=self.heard, frame=frame, is_end=is_end))


def _before(old: Piece, new: Piece) -> Piece:
    """What of an old piece stays when its turn is laid anew from `new` on."""
    if old.turn == new.turn:
        old.pcm = old.pcm[: max(0, new.from_sample - old.from_sample)]
    return old
