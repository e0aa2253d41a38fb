"""Everything the director remembers of a visit. Holds words of the visitor only until their meaning is known."""

import msgspec

from services.session.play import Play, Scene
from services.session.play_clock import Span, Way, line_s, span, speech_s

AGAIN = "~again"
"""Ending of the id under which a line's shorter wording travels."""


class DueLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that waits for the floor."""

    line: str
    is_must: bool = False
    tries: int = 0
    """How often it has been begun."""
    heard: float = 0.0
    """The share of it that was heard when it was cut."""
    since: float = 0.0


class Saying(msgspec.Struct, frozen=True, kw_only=True):
    """A line at the loudspeaker, or on its way there."""

    due: DueLine
    order: str
    """Id it was ordered under."""
    words: str
    ordered_at: float
    length_s: float
    deadline: float


class Answering(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that is being made or spoken."""

    ordered_at: float
    deadline: float
    is_closing: bool = False
    """It asks nothing more: the scene may be left after it."""


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """An utterance whose meaning has not come yet."""

    utterance: int
    text: str
    deadline: float
    decides: bool
    """The play waits for it (gate)."""


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """One capture, from consent to the copy's use of it."""

    status: str = "idle"
    """idle, on (gathering), judged (enough; the verdict is awaited), captured, or without."""
    tries: int = 0
    """Refusals spoken so far."""
    speech_s: float = 0.0
    deadline: float = 0.0
    """While on or judged: when the waiting ends; 0: the scene's time is the only limit."""
    is_asking: bool = False
    """Words about it are due or being said: what is told of the old try no longer counts."""


class Deciding(msgspec.Struct, frozen=True, kw_only=True):
    """Where the visit goes when the floor is free and nothing is due."""

    go: str
    since: float


class PlayState(msgspec.Struct, frozen=True, kw_only=True):
    """The director's whole memory. Instants are seconds since the visit began."""

    play: Play
    language: str
    now: float = 0.0
    scene: str = ""
    """Empty before the visit begins."""
    way: Way | None = None
    """From this scene on; None before the visit begins."""
    entered_at: float = 0.0
    held_since: float | None = None
    ended: str = ""
    """Reason, once EndVisit was ordered."""

    due: tuple[DueLine, ...] = ()
    saying: Saying | None = None
    coda_left: tuple[str, ...] = ()
    """Coda: lines ordered that are not over yet."""
    coda_deadline: float = 0.0
    is_coda_timed: bool = False
    """Its last word ends at the play's duration; else it is over when it is over."""
    free_from: float = 0.0
    """No line begins before this: the breath after the last."""
    answering: Answering | None = None
    pending: Pending | None = None
    is_visitor_speaking: bool = False
    speaking_since: float = 0.0
    words_until: float = 0.0
    """The visitor stopped speaking a moment ago: until then their words may still come."""
    quiet_since: float = 0.0
    """Since when nobody has spoken."""
    silences: int = 0
    """Lines said into this silence."""
    was_closing: bool = False
    """The last reply asked nothing more."""

    armed: str = ""
    """Exit a signal has opened in this scene."""
    armed_at: float = 0.0
    deciding: Deciding | None = None
    last_utterance: int = 0
    utterances_before: int = 0
    """`last_utterance` when the scene began: meanings of those are no longer asked for."""

    facts: tuple[str, ...] = ()
    face: Enrolment = Enrolment()
    voice: Enrolment = Enrolment()
    is_copy_awake: bool = False
    """A self scene has begun: its voice and veil stay as they are."""
    shown: str = "nothing"
    """nothing, copy or veiled."""
    glass: bool = False
    """Words stand on the glass."""

    measured: dict[str, float] = {}
    said: tuple[str, ...] = ()
    """Must-say lines and others that were said whole, in order."""
    used: tuple[str, ...] = ()
    """Lines begun that must not come again: handlers, covers, words for silence."""
    replies: tuple[str, ...] = ()
    """What the mirror improvised, newest last."""
    answers: int = 0
    unclear: int = 0
    steer: str = ""
    downs: dict[str, float] = {}
    """Stage -> away since."""
    spoken_downs: tuple[str, ...] = ()
    ears_back_at: float = -1000.0
    """When asr last came back: what was said meanwhile is being heard from then on."""
    left_at: float | None = None

    def here(self) -> Scene:
        """The scene being played."""
        return self.remaining[0]

    def ahead(self) -> Way:
        """The way from the scene being played."""
        if self.way is None:
            raise RuntimeError("the visit has not begun")
        return self.way

    @property
    def remaining(self) -> tuple[Scene, ...]:
        """The scene being played and those that follow it."""
        return self.ahead().scenes

    def span(self) -> Span:
        """The time of the scene being played; while held, its own clock stands."""
        entered = self.entered_at
        if self.held_since is not None:
            entered += max(0.0, self.now - self.held_since)
        return span(self.ahead(), entered)

    def length_s(self, order: str, words: str) -> float:
        """Seconds a line takes under the id it is ordered by."""
        return self.measured.get(order) or speech_s(words, self.play.speech_wpm)

    def line_s(self, line: str) -> float:
        """Seconds the full wording of a line takes."""
        return line_s(self.play, line, self.language, self.measured)

    def enrolment(self, what: str) -> Enrolment:
        """The face's or the voice's."""
        return self.face if what == "face" else self.voice


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator page shows of the play. No words of the visitor."""

    scene: str
    facts: tuple[str, ...]
    is_held: bool
