"""What a play is: the Structs one YAML file in `scripts/` is read into. `docs/play.md` explains them to an author.

Words are held per language (`Words`); everything a visitor never hears (goals, persona, meanings) is plain English.
"""

from typing import Literal

import msgspec

from services.session.play_yaml import Problem, read_play_text

Words = dict[str, str]
"""Language -> what is said."""

CLOCK = "clock"
"""The exit every scene has: its time is over."""
CAPTURED = "captured"
"""The exit of an enrolment that passed."""
END = "end"
STAY, NEXT = "stay", "next"

CAPTURE_REASONS = (
    "too_little", "too_quiet", "too_noisy", "clipped", "reverberant", "several_speakers", "no_microphone", "no_face",
    "two_faces", "too_small", "too_large", "turned_away", "upside_down", "blurred", "too_dark", "too_bright",
    "unreadable", "no_camera", "failed", "timeout", "any",
)  # fmt: skip


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file: keys nobody knows are refused."""


class Line(_Strict, frozen=True, kw_only=True):
    """Something that is said word for word."""

    voice: Literal["host", "self", "scene"]
    """host: the mirror. self: the copy. scene: whoever speaks in the scene where it is needed."""
    text: Words
    again: Words = {}
    """Said if the line was cut before it was understood; shorter. Empty: `text` once more."""
    unvoiced: Words = {}
    """Said instead of `text` where the copy has no voice of the visitor's."""
    glass: Words = {}
    """Shown on the glass while the line sounds."""
    may_be_cut: bool = True


class Signal(_Strict, frozen=True, kw_only=True):
    """Something a scene listens for."""

    means: str
    examples: dict[str, tuple[str, ...]]
    gives: tuple[str, ...] = ()
    """Facts that hold from then on."""


class Exit(_Strict, frozen=True, kw_only=True):
    """One way out of a scene."""

    when: str
    """A signal of the scene, `captured` or `clock`."""
    go: str


class Time(_Strict, frozen=True, kw_only=True):
    """Seconds a scene may take: at least, as planned, at most."""

    min: float
    soft: float
    hard: float


class Capture(_Strict, frozen=True, kw_only=True):
    """An enrolment inside a scene."""

    what: Literal["face", "voice"]
    cue: str = ""
    """The must-say line that starts it: a face when the line is over, a voice when it begins. Empty: the last one."""
    retries: int = 2
    words: dict[str, tuple[str, ...]] = {}
    """Refusal reason -> lines that say it plainly; `any` for the rest."""
    more: tuple[str, ...] = ()
    """Questions that gather more voice when there is too little."""
    without: str = ""
    """Line said when the play goes on without."""
    min_speech_s: float = 5.0
    max_speech_s: float = 9.0
    wait_s: float = 6.0
    """Longest wait for the verdict once there is enough."""


class Scene(_Strict, frozen=True, kw_only=True):
    """One scene."""

    id: str
    kind: Literal["gate", "enrol", "talk", "coda"]
    look: Literal["consent", "mirror", "crossing", "copy", "farewell", "dark"]
    time: Time
    speaker: Literal["host", "self"] = "host"
    mood: Literal["asleep", "waking", "listening", "thinking", "speaking", "farewell"] = "listening"
    expects: Literal["yes_no", "name", "short", "open", "story", "none"] = "open"
    goal: str = ""
    needs: tuple[str, ...] = ()
    must_say: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    """Said one after another while the visitor stays silent."""
    covers: tuple[str, ...] = ()
    """Said, each once, where the model gave nothing; instead of `anywhere.model_down`."""
    unclear: tuple[str, ...] = ()
    """Gate: said after an answer that is neither; the answer after the last of them counts as declined."""
    examples: dict[str, tuple[tuple[str, str], ...]] = {}
    improvise: dict[str, tuple[str, ...]] = {}
    signals: dict[str, Signal] = {}
    elastic: bool = False
    capture: Capture | None = None
    next: tuple[Exit, ...] = ()
    max_words: int = 28
    breath_s: float = 0.4
    """Pause between its must-say lines."""
    ends: Literal["finished", "declined", "failed"] = "finished"
    """Coda: why the visit ended."""


class Handler(_Strict, frozen=True, kw_only=True):
    """What is done anywhere when something happens that belongs to no scene."""

    say: tuple[str, ...] = ()
    """One line each time, none of them twice."""
    then: str = STAY
    """stay, next (leave the scene) or a coda's id."""
    afterwards: str = ""
    """What is done when every line has been used; empty: nothing more is said, and `then` holds."""
    after_s: float = 0.0
    """How long it must have lasted."""


class Silence(_Strict, frozen=True, kw_only=True):
    """What is done when nobody says anything."""

    after_s: tuple[float, ...]
    """Seconds of silence before the first, second ... line of a silence; the last value holds on."""
    say: tuple[str, ...] = ()
    """Used when the scene has no `alone` lines left."""


class Left(_Strict, frozen=True, kw_only=True):
    """What is done when nobody stands there."""

    after_s: float = 2.0


class Withdrawn(_Strict, frozen=True, kw_only=True):
    """The visitor takes the yes back, in any scene."""

    means: str
    examples: dict[str, tuple[str, ...]]
    go: str


class Anywhere(_Strict, frozen=True, kw_only=True):
    """Handlers that hold in every scene."""

    silence: Silence
    refusal: Handler
    off_topic: Handler
    second_person: Handler
    left: Left
    model_down: Handler
    unsafe: Handler
    dictation: Handler
    stage_down: Handler
    withdrawn: Withdrawn


class Without(_Strict, frozen=True, kw_only=True):
    """How the play goes on where an enrolment failed. Undeclared: no path may lead there."""

    voice: Literal["host", ""] = ""
    face: Literal["veiled", ""] = ""


class Play(_Strict, frozen=True, kw_only=True):
    """A whole play."""

    id: str
    languages: tuple[str, ...]
    duration_s: float
    coda: str
    """The scene whose last word ends at `duration_s`."""
    persona: str
    facts: tuple[str, ...]
    lines: dict[str, Line]
    anywhere: Anywhere
    scenes: tuple[Scene, ...]
    invitation: dict[str, str] = {}
    """Per language: the one line of the attract picture."""
    fillers: tuple[str, ...] = ()
    nods: tuple[str, ...] = ()
    """Backchannels: a word or two, said where a reply would no longer end in time; the first that fits, each once."""
    without: Without = Without()
    speech_wpm: float = 150.0
    """Words a minute, to guess the length of a line that has not been rendered yet."""

    def scene(self, name: str) -> Scene:
        """The scene called `name`, which must exist."""
        return next(scene for scene in self.scenes if scene.id == name)


def parse_play(text: str, name: str) -> tuple[Play | None, list[Problem]]:
    """The play in `text`, or None with everything that keeps it from being read. Does not check its sense."""
    return read_play_text(text, name, Play)
