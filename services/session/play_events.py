"""What the director is told, and what it orders: the contract between the pure play and the shell that carries it out.

`director.step(state, told, now) -> (state, orders)` is pure. `now` is seconds since the visit began. The shell knows about
streams, sound, turns and epochs; the director knows about scenes, lines, facts and the clock.
"""

import msgspec

from shared.events import ScenePrompt, SignalSpec


class Told(msgspec.Struct, frozen=True, kw_only=True, tag_field="told"):
    """Something that happened."""


class VisitBegan(Told, frozen=True, kw_only=True):
    """Someone stands before the mirror; `now` is 0."""

    language: str


class Tick(Told, frozen=True, kw_only=True):
    """Time passed; sent at least every 100 ms, whatever else happens."""


class LineMeasured(Told, frozen=True, kw_only=True):
    """A line has been rendered in its voice: this is how long it truly takes."""

    line: str
    seconds: float


class LineDone(Told, frozen=True, kw_only=True):
    """A line the director ordered is over at the loudspeaker."""

    line: str
    was_cut: bool = False
    """The visitor spoke over the rest of it, or its voice broke off. The director decides whether a must-say line is said again."""
    failed: bool = False
    """It could not be spoken at all (tts down)."""
    said: str = ""
    """If it was cut: its words that sounded."""


class ReplyDone(Told, frozen=True, kw_only=True):
    """An improvised answer is over at the loudspeaker."""

    said: str
    was_cut: bool = False
    failed: bool = False
    """No words came (model down, blocked or empty): the play should cover for it."""


class VisitorSpeaking(Told, frozen=True, kw_only=True):
    """The visitor began or ended speaking (voice activity)."""

    is_speaking: bool


class UtteranceHeard(Told, frozen=True, kw_only=True):
    """The visitor said something and it is over. Signals follow separately and may follow late or never."""

    utterance: int
    text: str
    speech_s: float


class SignalGiven(Told, frozen=True, kw_only=True):
    """What an utterance meant for the play. Always follows UtteranceHeard, at once or up to a second later."""

    utterance: int
    name: str = ""
    """A signal of the scene that was current when the utterance ended, or empty."""
    captured: str = ""
    other: str = ""
    """refusal, off_topic, dictation, unsafe, second_person, language or empty."""


class Captured(Told, frozen=True, kw_only=True):
    """An enrolment passed its gates and the copy can use it."""

    what: str
    """face or voice."""


class CaptureRefused(Told, frozen=True, kw_only=True):
    """An enrolment did not pass. The director speaks to the visitor in plain words, at most twice, then goes on without."""

    what: str
    reason: str
    """As in VoiceSampleRefused.reason or FaceRefused.reason; no_camera or no_microphone from the kiosk; timeout."""


class VisitorLeft(Told, frozen=True, kw_only=True):
    """Nobody stands before the mirror any more."""


class TakenUp(Told, frozen=True, kw_only=True):
    """Another process goes on with the visit. Nobody could tell of a line that ended meanwhile: it is waited for anew."""


class OperatorSaid(Told, frozen=True, kw_only=True):
    """The operator pressed something: hold (the clock of the scene stands, the visit's clock does not), resume, skip (next scene) or stop."""

    action: str


class StageDown(Told, frozen=True, kw_only=True):
    """A stage the play needs is away."""

    stage: str


class StageUp(Told, frozen=True, kw_only=True):
    """It is back."""

    stage: str


class Order(msgspec.Struct, frozen=True, kw_only=True, tag_field="order"):
    """Something to do."""


class EnterScene(Order, frozen=True, kw_only=True):
    """A scene begins: tell asr and the kiosk. Replies still on their way from the scene before are cancelled; its lines were waited for."""

    scene: str
    expects: str
    """yes_no, name, short, open, story or none."""
    look: str
    """consent, mirror, crossing, copy, farewell or dark: what the glass shows."""
    mood: str = "listening"
    """For Attention."""
    is_listening: bool = True
    """False: what the visitor says now is not for the play (and never barges in)."""


class SayLine(Order, frozen=True, kw_only=True):
    """Say a line of the play. Orders are carried out one after another; the next begins when the last is over."""

    line: str
    text: str
    voice: str
    """host or self. self is only ordered once a voice is enrolled, or the play goes on veiled with host."""
    may_be_cut: bool = True
    """False: speaking over it does not stop it (disclosure, farewell)."""
    starts_at: float = 0.0
    """Seconds since the visit began at which its first sample must sound; 0: as soon as the floor is free."""


class Ahead(msgspec.Struct, frozen=True):
    """A line to be rendered before it is wanted."""

    line: str
    text: str
    voice: str
    due: float | None = None
    """Seconds since the visit began from when on it may be wanted; None: it may never be."""


class PrepareLines(Order, frozen=True, kw_only=True):
    """Render these ahead: first what is due, then the rest in this order."""

    lines: tuple[Ahead, ...]


class Answer(Order, frozen=True, kw_only=True):
    """Let the model answer the utterance (the reply may already be half made, on a guess). Follows UtteranceHeard."""

    utterance: int


class ShowLine(Order, frozen=True, kw_only=True):
    """One line of type on the glass; empty takes it away."""

    text: str


class StartCapture(Order, frozen=True, kw_only=True):
    """Begin an enrolment. Only ever ordered after consent."""

    what: str
    """face: a burst now. voice: gather from what the visitor says from now on."""
    min_speech_s: float = 5.0
    max_speech_s: float = 9.0


class StopCapture(Order, frozen=True, kw_only=True):
    """End an enrolment that is still gathering."""

    what: str


class Show(Order, frozen=True, kw_only=True):
    """What the mirror's picture is now: nothing, the copy, or the copy veiled."""

    is_shown: bool
    is_veiled: bool = False


class CancelReply(Order, frozen=True, kw_only=True):
    """Drop a reply that is being made or spoken (scene change by the clock, operator skip)."""


class EndVisit(Order, frozen=True, kw_only=True):
    """The visit is over: farewell picture, wipe, receipt, attract."""

    reason: str
    """finished, declined, left, operator or failed."""


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply to whatever the visitor says next should know: `director.brief(state, now)`, also for guesses."""

    prompt: ScenePrompt
    signals: tuple[SignalSpec, ...]
    wants_reply: bool
    expects: str
    filler: tuple[str, str, str] | None = None
    """(line, text, voice) to say if no clause is ready in time; chosen so that it is seldom and never twice the same. None: stay silent."""


AnyTold = (
    VisitBegan | Tick | LineMeasured | LineDone | ReplyDone | VisitorSpeaking | UtteranceHeard | SignalGiven | Captured
    | CaptureRefused | VisitorLeft | TakenUp | OperatorSaid | StageDown | StageUp
)  # fmt: skip
AnyOrder = (
    EnterScene | SayLine | PrepareLines | Answer | ShowLine | StartCapture | StopCapture | Show | CancelReply | EndVisit
)
