"""Every event that crosses the bus, declared once.

On the wire an event is MessagePack: a map with a `type` field, so any MessagePack reader opens it. Unknown fields are
ignored, a new field has a default, a field never changes its type or meaning. `docs/events.md` and the browser's decoder
are generated from this file.

The id of an event in its stream is `<turn>-<seq>`: the bus refuses an id that is not above the stream's last, so a
producer that starts again after a crash and says the same things with the same numbers says nothing twice. Every stream
has one writer. A producer must therefore give `seq` values that depend on the work alone (a sample position, a clause
number), never on how far it had come.
"""

from typing import ClassVar

import msgspec

VOCABULARY = 1
"""Version of what is declared here. It rises only if a field changes its meaning or type, which nobody must do without need:
a new event or a new field (with a default) leaves it alone, since whoever does not know it ignores it. Who speaks another
version does not work together: the events that say so (SessionOpened, HouseOpened, Heartbeat) can be read in every version."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """The envelope every event wears."""

    stream: ClassVar[str]
    """Name of the stream this event travels in, within the session's keys."""

    session: str = ""
    """The visit this belongs to; empty for events that belong to no visit."""
    epoch: int = 0
    """Rises at every accepted barge-in, scene change and reset; whatever is older is dropped."""
    turn: int = 0
    """Which turn of the mirror (in `hearing`: which utterance of the visitor). First half of the id."""
    rev: int = 0
    """Which guess at this turn's utterance; only the committed one is ever heard."""
    seq: int = 0
    """Second half of the id: rises within a turn, a function of the work alone."""
    at: float = 0.0
    """House clock, seconds, when this was made."""
    trace: str = ""
    """W3C traceparent of the turn, or empty."""


# --- microphone, camera: the visitor, from the kiosk (writer: session) ------------------------------------------------


class MicrophoneChunk(Event, frozen=True, kw_only=True, tag="microphone.chunk"):
    """20 ms of the visitor, 16 kHz. `seq` counts chunks of the visit from 1; `turn` is 0."""

    stream: ClassVar[str] = "microphone"
    pcm: bytes
    """int16 little-endian mono, 320 samples. A gap in the capture arrives as zeros of the same length."""
    captured_at: float = 0.0
    """Host clock, seconds, when the last of these samples reached the microphone."""


class CameraFrame(Event, frozen=True, kw_only=True, tag="camera.frame"):
    """One picture of the enrolment burst. `turn` is the burst's number, `seq` counts its frames from 1."""

    stream: ClassVar[str] = "camera"
    jpeg: bytes
    """Unmirrored JPEG; at most 4 MB, at most 8 megapixels (session refuses more)."""
    is_last: bool = False
    """The burst is complete: judge it."""


# --- control: session to everyone; overtakes all other streams --------------------------------------------------------


class EpochAdvanced(Event, frozen=True, kw_only=True, tag="control.epoch"):
    """From now on `epoch` holds: all work of an older epoch is void, lips close, sound stops."""

    stream: ClassVar[str] = "control"
    reason: str = ""
    """barge_in, broken_off, scene, skip, reset or end."""


class TurnDiscarded(Event, frozen=True, kw_only=True, tag="control.discard"):
    """The guess `rev` of turn `discarded_turn`, and every earlier one, is void; a later one may follow."""

    stream: ClassVar[str] = "control"
    discarded_turn: int
    discarded_rev: int


class SpeechDue(Event, frozen=True, kw_only=True, tag="control.due"):
    """Sample `from_sample` of a turn's speech leaves the loudspeaker at `due_at`; those after it follow without a gap.

    Sent when a turn is let out, and again after every gap, hold and resume. The face is timed by it.
    """

    stream: ClassVar[str] = "control"
    speech_turn: int
    speech_rev: int
    from_sample: int
    """At VOICE_HZ, from the first sample of the turn."""
    due_at: float
    """Host clock, seconds."""


class SpeechHeld(Event, frozen=True, kw_only=True, tag="control.held"):
    """The loudspeaker stands still after `at_sample` of a turn: the visitor may be speaking. A SpeechDue or a new epoch follows."""

    stream: ClassVar[str] = "control"
    speech_turn: int
    at_sample: int


class MirrorSpeaking(Event, frozen=True, kw_only=True, tag="control.speaking"):
    """The loudspeaker began or ended sounding: asr raises or lowers its guard against echo."""

    stream: ClassVar[str] = "control"
    is_speaking: bool


class VisitorSpeaking(Event, frozen=True, kw_only=True, tag="control.visitor"):
    """The visitor began or ended speaking (voice activity: may be a cough): whoever works ahead leaves the machine to the answer."""

    stream: ClassVar[str] = "control"
    is_speaking: bool


class SceneEntered(Event, frozen=True, kw_only=True, tag="control.scene"):
    """A scene of the play began."""

    stream: ClassVar[str] = "control"
    scene: str
    language: str
    expects: str = "open"
    """What kind of answer is asked for: yes_no, name, short, open, story or none. asr waits accordingly."""


class Attention(Event, frozen=True, kw_only=True, tag="control.attention"):
    """What the copy should seem to be doing, without words."""

    stream: ClassVar[str] = "control"
    mood: str
    """asleep, waking, listening, thinking (the visitor just stopped: draw breath, look), speaking, farewell."""


class CaptureVoice(Event, frozen=True, kw_only=True, tag="control.capture_voice"):
    """From now on asr gathers (or no longer gathers) a voice sample from what the visitor says. Consent was given."""

    stream: ClassVar[str] = "control"
    is_on: bool
    min_speech_s: float = 5.0
    max_speech_s: float = 9.0


class MirrorShown(Event, frozen=True, kw_only=True, tag="control.mirror_shown"):
    """Whether the mirror's picture is wanted now, and what it may show."""

    stream: ClassVar[str] = "control"
    is_shown: bool
    is_veiled: bool = False
    """No face was enrolled: show the virtual human veiled, never bare."""


# --- hearing: what asr understood (writer: asr; `turn` numbers utterances from 1) -------------------------------------


class SpeechStarted(Event, frozen=True, kw_only=True, tag="hearing.started"):
    """The visitor began to speak (voice activity only: may still be a cough)."""

    stream: ClassVar[str] = "hearing"
    started_at: float
    """Host clock, seconds, of the first speech sample."""


class SpeechPaused(Event, frozen=True, kw_only=True, tag="hearing.paused"):
    """About 100 ms of silence: perhaps the end. A sign of life may follow; no words yet."""

    stream: ClassVar[str] = "hearing"
    ended_at: float
    """Host clock, seconds, of the last speech sample."""


class SpeechResumed(Event, frozen=True, kw_only=True, tag="hearing.resumed"):
    """The visitor goes on with the same utterance: what was guessed at the pause is void."""

    stream: ClassVar[str] = "hearing"


class PartialTranscript(Event, frozen=True, kw_only=True, tag="hearing.partial"):
    """What has been understood so far, for the screen and for barge-in."""

    stream: ClassVar[str] = "hearing"
    stable: str
    """Words that two decodes in a row agree on."""
    tail: str = ""
    """Words of the newest decode beyond them."""


class GuessTranscript(Event, frozen=True, kw_only=True, tag="hearing.guess"):
    """The whole utterance as of a pause: good enough to start a reply that nobody hears yet."""

    stream: ClassVar[str] = "hearing"
    text: str
    ended_at: float
    engine_s: float = 0.0


class FinalTranscript(Event, frozen=True, kw_only=True, tag="hearing.final"):
    """The utterance is over and these are its words."""

    stream: ClassVar[str] = "hearing"
    text: str
    language: str = "en"
    confidence: float = 0.0
    """0..1; engines that know none say 0."""
    started_at: float = 0.0
    """Host clock, seconds, of the first speech sample."""
    ended_at: float = 0.0
    """Host clock, seconds, of the last speech sample."""
    speech_s: float = 0.0
    """Seconds of speech in it, pauses left out."""
    engine: str = ""
    engine_s: float = 0.0
    """Seconds of model time on the path from `ended_at` to here (decode and turn detection, as far as not overlapped by waiting)."""
    waited_s: float = 0.0
    """Seconds of deliberate waiting for the end of the turn, counted from `ended_at`."""
    joins: int = 0
    """Number of the utterance this one continues (turn resume), or 0. `text` then holds the words of both."""
    sound_from: int = 0
    """Its sound with the room around it, as a voice sample takes it: the first sample, counted from the visit's first (16 kHz)."""
    sound_to: int = 0
    """The sample after the last of that sound."""


class UtteranceDropped(Event, frozen=True, kw_only=True, tag="hearing.dropped"):
    """What started was no utterance: a cough, noise, a word the model invented."""

    stream: ClassVar[str] = "hearing"
    reason: str
    """too_short, no_words, invented, noise or unclear."""


# --- enrolment: prints and who is ready -------------------------------------------------------------------------------


class VoiceSampleTaken(Event, frozen=True, kw_only=True, tag="voice_sample.taken"):
    """A voice sample passed the gates (writer: asr). `turn` is the utterance that completed it."""

    stream: ClassVar[str] = "voice_sample"
    pcm: bytes
    """int16 little-endian mono, 16 kHz: 5 to 9 s of speech, pauses shortened, silence at both ends."""
    text: str
    """What is said in it: the reference text."""
    speech_s: float
    snr_db: float


class VoiceSampleRefused(Event, frozen=True, kw_only=True, tag="voice_sample.refused"):
    """What has been gathered cannot become a voice, or is not yet enough (writer: asr)."""

    stream: ClassVar[str] = "voice_sample"
    reason: str
    """too_little, too_quiet, too_noisy, clipped, reverberant or several_speakers."""
    speech_s: float = 0.0


class VoiceReady(Event, frozen=True, kw_only=True, tag="voice_ready.ready"):
    """tts can now speak in the visitor's voice (writer: tts)."""

    stream: ClassVar[str] = "voice_ready"
    engine: str
    took_s: float = 0.0
    kept: bytes = b""
    """What the engine needs to have this voice again in another process, and only that engine can read; empty: it makes it again."""


class LineRendered(Event, frozen=True, kw_only=True, tag="voice_ready.rendered"):
    """A LineAhead has been rendered and lies ready (writer: tts). `turn` and `seq` rise as the tts likes: a counter."""

    stream: ClassVar[str] = "voice_ready"
    line: str
    voice: str
    language: str
    samples: int
    """Its length at 24 kHz."""


class VoiceFailed(Event, frozen=True, kw_only=True, tag="voice_ready.failed"):
    """tts could not make a voice of the sample; it goes on with the stock voice (writer: tts)."""

    stream: ClassVar[str] = "voice_ready"
    reason: str


class FaceReady(Event, frozen=True, kw_only=True, tag="face_ready.ready"):
    """A burst passed the gates and faceswap can now show the visitor's face (writer: faceswap). `turn` is the burst."""

    stream: ClassVar[str] = "face_ready"
    engine: str
    frame: int
    """`seq` of the camera frame that was chosen."""
    took_s: float = 0.0


class FaceRefused(Event, frozen=True, kw_only=True, tag="face_ready.refused"):
    """No frame of a burst passed the gates (writer: faceswap). `turn` is the burst."""

    stream: ClassVar[str] = "face_ready"
    reason: str
    """no_face, two_faces, too_small, too_large, turned_away, upside_down, blurred, too_dark, too_bright or unreadable."""


# --- requests and reply: words ----------------------------------------------------------------------------------------


class Heard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stretch of the conversation as it truly sounded in the room."""

    speaker: str
    """visitor or mirror."""
    text: str
    """For the mirror: only the words that left the loudspeaker."""
    was_cut: bool = False
    """The visitor spoke over the rest."""


class ScenePrompt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a model needs to know of the scene it improvises in."""

    scene: str
    goal: str
    """What this scene wants from the visitor, in the play's own words."""
    persona: str
    """Who the mirror is and how it speaks."""
    speaker: str = "self"
    """host (the mirror before it wakes) or self (the copy)."""
    examples: tuple[tuple[str, str], ...] = ()
    """Pairs (visitor, mirror) that show the tone."""
    improvise: tuple[str, ...] = ()
    """Lines of the play with a {slot} that the embedded improviser may fill with the visitor's own words."""
    avoid: tuple[str, ...] = ()
    """Lines already said in this visit; do not say them again."""
    max_words: int = 32
    """Longest reply that still fits the scene's time."""
    steer: str = ""
    """A hint for this one reply (closing, off_topic, refusal, second_person), or empty."""


class SignalSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing a scene listens for."""

    name: str
    means: str
    """When it holds, in the play's words."""
    examples: tuple[str, ...] = ()
    """Things a visitor might say that mean it."""


class ReplyRequest(Event, frozen=True, kw_only=True, tag="requests.reply"):
    """Listen for signals in what the visitor said, and (if `wants_reply`) answer it. `seq` is `rev`."""

    stream: ClassVar[str] = "requests"
    utterance: int
    said: str
    """The visitor's words."""
    language: str
    prompt: ScenePrompt
    history: tuple[Heard, ...] = ()
    signals: tuple[SignalSpec, ...] = ()
    wants_reply: bool = True
    is_guess: bool = False
    """Speculative: the utterance may go on."""
    expects: str = "open"


class ReplyClause(Event, frozen=True, kw_only=True, tag="reply.clause"):
    """A stretch of the reply that can be spoken as one breath. `seq` is rev * 1000 + index + 1."""

    stream: ClassVar[str] = "reply"
    index: int
    """From 0 within the reply."""
    text: str
    language: str = "en"
    voice: str = "self"
    """self or host."""
    engine_s: float = 0.0
    """Model time from the request to this clause."""


class ReplyEnded(Event, frozen=True, kw_only=True, tag="reply.ended"):
    """No more clauses follow for this (turn, rev). Never cancelled. `seq` is rev * 1000 + 999."""

    stream: ClassVar[str] = "reply"
    clauses: int
    reason: str
    """done, too_long, blocked, timeout, failed, empty, fallback or cancelled: how the model ended, in one vocabulary."""
    engine: str = ""


class SignalHeard(Event, frozen=True, kw_only=True, tag="signals.heard"):
    """Which of the scene's signals the visitor gave with an utterance (writer: llm). `seq` is rev + 1."""

    stream: ClassVar[str] = "signals"
    utterance: int
    name: str
    """Name of a SignalSpec; empty if none."""
    captured: str = ""
    """The visitor's own words that the signal names (a name, a fear), or empty."""
    other: str = ""
    """Beyond the scene: refusal, off_topic, dictation, unsafe, second_person, language or empty."""
    certainty: float = 1.0
    engine_s: float = 0.0


# --- lines: what the play itself says (writer: session) ---------------------------------------------------------------


class LineWanted(Event, frozen=True, kw_only=True, tag="lines.wanted"):
    """Say a line of the play now, as turn `turn`. `seq` is 1."""

    stream: ClassVar[str] = "lines"
    line: str
    text: str
    language: str
    voice: str
    """host or self."""


class LineAhead(Event, frozen=True, kw_only=True, tag="lines.ahead"):
    """Render a line before it is needed, so that it starts without a model on the path. `turn` is the newest turn, `seq` >= 2."""

    stream: ClassVar[str] = "lines"
    line: str
    text: str
    language: str
    voice: str
    due_at: float = 0.0
    """Host clock, seconds: it may be wanted from then on; 0: it may never be, render it when there is time."""


# --- voice: what the mirror says (writer: tts) ------------------------------------------------------------------------


class SpeechChunk(Event, frozen=True, kw_only=True, tag="voice.chunk"):
    """Up to 100 ms of the mirror's speech. `seq` is rev * 10_000_000 + from_sample // 240 + 1 (10 ms units)."""

    stream: ClassVar[str] = "voice"
    from_sample: int
    """Where this begins in the turn's speech, at 24 kHz. Chunks of a turn follow without a gap; multiples of 240."""
    pcm: bytes
    """int16 little-endian mono, 24 kHz; a multiple of 240 samples (the last is padded with silence), at most 2,400."""
    clause: int = 0
    """Index of the clause that sounds here."""
    text: str = ""
    """The clause's words, on its first chunk only."""
    clause_samples: int = 0
    """Length of the whole clause if it is known already, on its first chunk only; else 0."""
    is_rendered: bool = False
    """Was rendered ahead: no model stood on its path."""
    engine: str = ""
    engine_s: float = 0.0
    """Model time from the clause (or line) to this chunk; on a clause's first chunk only."""


class SpeechEnded(Event, frozen=True, kw_only=True, tag="voice.ended"):
    """The turn's speech is complete. Never cancelled. `seq` is rev * 10_000_000 + 9_999_999."""

    stream: ClassVar[str] = "voice"
    samples: int
    """Length of the whole, at 24 kHz."""
    reason: str = "done"
    """done, failed or empty."""


# --- face: the copy's face (writer: a2f_bridge) -----------------------------------------------------------------------


class PoseTrack(Event, frozen=True, kw_only=True, tag="face.poses"):
    """Poses of the face along a turn's speech, 60 a second. `seq` is rev * 1_000_000 + first_index + 1."""

    stream: ClassVar[str] = "face"
    first_index: int
    """Pose i belongs to sample i * 400 of the turn's speech (24 kHz)."""
    weights: bytes
    """float32 little-endian, shape (n, 52), values 0..1, order of `services/a2f_bridge/blendshapes.py`."""
    engine: str = ""


class FaceFlushed(Event, frozen=True, kw_only=True, tag="face.flushed"):
    """The lips are closed: nothing of an older epoch is left in the face. `turn` is the highest turn flushed, `seq` 999_999_999."""

    stream: ClassVar[str] = "face"
    flushed_epoch: int


# --- mirror: the picture (writer: faceswap) ---------------------------------------------------------------------------


class MirrorFrame(Event, frozen=True, kw_only=True, tag="mirror.frame"):
    """One picture of the mirror. `turn` is 0, `seq` counts frames of the visit from 1. The newest wins."""

    stream: ClassVar[str] = "mirror"
    jpeg: bytes
    width: int
    height: int
    captured_at: float
    """Host clock, seconds, when the virtual human was captured."""
    pose_due_at: float = 0.0
    """Host clock, seconds, when the pose seen here was meant to be at the glass; 0 if the source does not tell."""
    tracking: str = "searching"
    """locked, tracked, held or searching."""
    is_swapped: bool = False
    """The face in it is the visitor's."""
    engine_s: float = 0.0


# --- ledger: what the visitor truly saw and heard (writer: session) ---------------------------------------------------


class PlaybackReport(Event, frozen=True, kw_only=True, tag="playback.report"):
    """The kiosk's loudspeaker has sounded the turn's speech up to `played_samples`. `turn` is the speech turn, `seq` rises."""

    stream: ClassVar[str] = "playback"
    played_samples: int
    sounded_at: float
    """Host clock, seconds, when that last sample left the loudspeaker."""
    is_end: bool = False
    """Nothing more of this turn will sound: it ended, or was cut here."""


class TurnHeard(Event, frozen=True, kw_only=True, tag="playback.heard"):
    """What was said in the room: the visitor's words when they are final, the mirror's when they have sounded.

    The only source of the conversation's history.
    """

    stream: ClassVar[str] = "playback"
    visitor_said: str = ""
    mirror_said: str = ""
    """Only the words that left the loudspeaker."""
    utterance: int = 0
    was_cut: bool = False
    joins: int = 0
    """These words of the visitor replace those of this utterance, which they continue."""


class TurnTimed(Event, frozen=True, kw_only=True, tag="playback.timed"):
    """Where the time of one turn went. All instants are on the host clock, seconds; 0 where a part did not happen."""

    stream: ClassVar[str] = "playback"
    kind: str
    """reply, line or filler."""
    utterance: int = 0
    """The visitor's utterance it answers, or 0."""
    line: str = ""
    is_rendered: bool = False
    """No model stood on the path of its first sound."""
    visitor_ended_at: float = 0.0
    """Last speech sample of the visitor."""
    final_at: float = 0.0
    """The final transcript reached the session."""
    asked_at: float = 0.0
    """The reply (or line) was asked for; before `final_at` if the guess held."""
    clause_at: float = 0.0
    """The first clause reached the session."""
    chunk_at: float = 0.0
    """The first sound reached the session."""
    released_at: float = 0.0
    """It was let out to the kiosk."""
    sounded_at: float = 0.0
    """Its first sample left the loudspeaker."""
    waited_s: float = 0.0
    """Deliberate waiting for the end of the visitor's turn."""
    lead_s: float = 0.0
    """Deliberate lead of the presentation schedule."""
    asr_s: float = 0.0
    llm_s: float = 0.0
    tts_s: float = 0.0
    """Model time of each stage up to its first output."""
    own_s: float = 0.0
    """What is left on the critical path when waits and models are taken out: bus and code."""


class PlayTold(Event, frozen=True, kw_only=True, tag="play.told"):
    """One input of the director: replayed, they give its state again. `turn` is 0, `seq` counts from 1."""

    stream: ClassVar[str] = "play"
    told: bytes
    """A `Told` of services/session/play_events.py as MessagePack."""
    now: float
    """Seconds since the visit began."""


class StageFailed(Event, frozen=True, kw_only=True, tag="dead.failed"):
    """A stage gave up on one event. Travels in the stage's own dead-letter stream `dead.<stage>`; `seq` counts from 1."""

    stream: ClassVar[str] = "dead"
    stage: str
    reason: str
    """Kind of failure; never the content that caused it."""
    failed_stream: str
    failed_turn: int
    failed_seq: int
    failed_rev: int = 0


class SessionOpened(Event, frozen=True, kw_only=True, tag="sessions.opened"):
    """A visit began: every stage may claim its part."""

    stream: ClassVar[str] = "sessions"
    kiosk: str
    language: str
    script: str
    vocabulary: int = 1
    """VOCABULARY of the session service."""


class HouseOpened(Event, frozen=True, kw_only=True, tag="sessions.house"):
    """A session service takes charge: what it speaks, before anybody steps up to the mirror."""

    stream: ClassVar[str] = "sessions"
    worker: str
    vocabulary: int = 1


class SessionClosed(Event, frozen=True, kw_only=True, tag="sessions.closed"):
    """A visit is over: let go of everything that belongs to it. Its keys are deleted next."""

    stream: ClassVar[str] = "sessions"
    reason: str = ""


class WipeReceipt(Event, frozen=True, kw_only=True, tag="receipts.wipe"):
    """What was forgotten, when, and that nothing is left. Holds no content."""

    stream: ClassVar[str] = "receipts"
    kiosk: str
    reason: str
    """finished, declined, left, operator, failed or watchdog."""
    keys_left: int
    files_left: int
    lasted_s: float


class Heartbeat(Event, frozen=True, kw_only=True, tag="stages.heartbeat"):
    """How one worker of one stage is."""

    stream: ClassVar[str] = "stages"
    stage: str
    worker: str
    state: str
    """warming, ready, degraded, stopping; failed: it did not come up; refused: it speaks another version of events; standby: another
    session service is in charge. `last_error` says why."""
    engine: str = ""
    device: str = ""
    version: str = ""
    warm_s: float = 0.0
    """How long it took from start to the first real inference."""
    sessions: tuple[str, ...] = ()
    lag_s: float = 0.0
    """Age of the oldest event not yet handled."""
    failures: int = 0
    fallbacks: int = 0
    last_error: str = ""
    started_at: float = 0.0
    detail: str = ""
    """What else is worth seeing while all is well, in one line."""
    vocabulary: int = 1
    """VOCABULARY of this worker."""
    kiosks: tuple[str, ...] = ()
    """The only kiosks whose visits it takes; empty: any."""
    restarts: int = 0
    """How often it was started again where it runs, after it had ended by itself."""


class LeaseOffered(Event, frozen=True, kw_only=True, tag="offers.lease"):
    """A worker that stops cleanly lets go of a session: take it now."""

    stream: ClassVar[str] = "offers"


class ClockKept(Event, frozen=True, kw_only=True, tag="clock.kept"):
    """What the house's clock is, for whoever runs on another machine. The newest one holds."""

    stream: ClassVar[str] = "clock"
    host: str
    """Identity of the machine whose monotonic clock is the house's: who runs there need not ask."""
    zero: float
    """Redis' own wall clock when the house's clock was 0, seconds since 1970."""
    told_at: float
    """Redis' own wall clock when this was measured, seconds since 1970."""
    keeper: str
    """Who measures; another takes over when it falls silent."""


AnyEvent = (
    MicrophoneChunk | CameraFrame
    | EpochAdvanced | TurnDiscarded | SpeechDue | SpeechHeld | MirrorSpeaking | VisitorSpeaking | SceneEntered | Attention
    | CaptureVoice | MirrorShown
    | SpeechStarted | SpeechPaused | SpeechResumed | PartialTranscript | GuessTranscript | FinalTranscript | UtteranceDropped
    | VoiceSampleTaken | VoiceSampleRefused | VoiceReady | LineRendered | VoiceFailed | FaceReady | FaceRefused
    | ReplyRequest | ReplyClause | ReplyEnded | SignalHeard | LineWanted | LineAhead
    | SpeechChunk | SpeechEnded | PoseTrack | FaceFlushed | MirrorFrame
    | StageFailed | PlaybackReport | TurnHeard | TurnTimed | PlayTold
    | SessionOpened | HouseOpened | SessionClosed | WipeReceipt | Heartbeat | LeaseOffered | ClockKept
)  # fmt: skip

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[AnyEvent] = msgspec.msgpack.Decoder(AnyEvent)


def encode(event: Event) -> bytes:
    """The event as MessagePack."""
    return _ENCODER.encode(event)


def decode(payload: bytes) -> AnyEvent:
    """The event in `payload`.

    Raises:
        msgspec.DecodeError: Not MessagePack.
        msgspec.ValidationError: An unknown type, a missing field, or a field of the wrong type; says which and where.
    """
    try:
        return _DECODER.decode(payload)
    except UnicodeDecodeError as error:  # msgspec lets it through
        raise msgspec.DecodeError("MessagePack with a text that is no UTF-8") from error


def understood(payload: bytes) -> AnyEvent | None:
    """The event in `payload`, None if it is none of ours: for whoever must go on whatever others write."""
    try:
        return decode(payload)
    except msgspec.MsgspecError:
        return None
