"""What the kiosk page and the session service say to each other: MessagePack over one WebSocket, both ways.

The browser's coder and `docs/events.md` are generated from this file; `mirror rehearse` speaks it too. Times are seconds on
the host clock of the session service; the kiosk learns its offset from Ping and Pong.
"""

import msgspec

MAX_MESSAGE = 4_500_000
"""Bytes; a longer message closes the socket with code 1009."""


class Up(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="type",
    omit_defaults=True,
    forbid_unknown_fields=False,
):
    """Kiosk to session."""


class Hello(Up, frozen=True, kw_only=True, tag="hello"):
    """First message. Anything else first, or a wrong token, closes the socket (4401); a second kiosk is refused (4409)."""

    token: str
    kiosk: str = "mirror"
    language: str = ""
    """Wished for; empty: the script's first."""
    resume: str = ""
    """Session to go on with after a lost connection, or empty."""
    heard_turn: int = 0
    """Of that session: the turn of the mirror's speech that sounded last; 0: none."""
    heard_sample: int = 0
    """How much of it has sounded: what comes next is said, what was heard is not said again."""


class Ping(Up, frozen=True, kw_only=True, tag="ping"):
    """Clock question: answered at once by Pong."""

    sent: float
    """The kiosk's own clock, seconds; comes back unchanged."""


class Approach(Up, frozen=True, kw_only=True, tag="approach"):
    """A visitor stands before the mirror (seen by the camera, or a touch): begin a visit."""


class Leave(Up, frozen=True, kw_only=True, tag="leave"):
    """Nobody is there any more."""


class Audio(Up, frozen=True, kw_only=True, tag="audio"):
    """20 ms from the microphone, 16 kHz mono int16 little-endian: 640 bytes. `seq` rises by one; a gap is filled with silence."""

    seq: int
    pcm: bytes
    rate: int = 16_000
    captured_at: float = 0.0
    """Host clock, seconds, when the last of these samples reached the microphone; 0: not known."""


class Camera(Up, frozen=True, kw_only=True, tag="camera"):
    """One frame of the burst that Capture asked for. JPEG, unmirrored."""

    burst: int
    index: int
    jpeg: bytes
    is_last: bool = False


class Played(Up, frozen=True, kw_only=True, tag="played"):
    """Truth about the loudspeaker: sample `sample` of the turn left it at `at`. Sent every 100 ms, at start, cut and end."""

    turn: int
    sample: int
    at: float
    """Host clock, seconds (kiosk clock plus its offset), device latency included."""
    is_end: bool = False


class Shown(Up, frozen=True, kw_only=True, tag="shown"):
    """Truth about the glass: frame `frame` was painted at `at`. Also the acknowledgement: at most two frames are in flight."""

    frame: int
    at: float


class Trouble(Up, frozen=True, kw_only=True, tag="trouble"):
    """The kiosk cannot do its part: no microphone, no camera, sound blocked, clock lost. Shown to the operator."""

    what: str
    detail: str = ""
    is_over: bool = False
    """It has healed: no longer shown."""


class Down(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """Session to kiosk."""


class Welcome(Down, frozen=True, kw_only=True, tag="welcome"):
    """You are the kiosk."""

    kiosk: str
    languages: tuple[str, ...]
    subtitles: bool
    version: str
    invitation: dict[str, str] = {}
    """Per language: the one line of the attract picture."""


class Pong(Down, frozen=True, kw_only=True, tag="pong"):
    """Clock answer."""

    sent: float
    """As asked."""
    host: float
    """Host clock, seconds, when the question was read."""


class Scene(Down, frozen=True, kw_only=True, tag="scene"):
    """Where the visit is. The page's look follows `look` alone."""

    look: str
    """attract (waiting), consent (asking), mirror (plain reflection), crossing (reflection becomes copy), copy (the copy), farewell, dark."""
    session: str = ""
    scene: str = ""
    language: str = "en"
    ends_at: float = 0.0
    """Host clock, seconds, when the visit ends; 0 outside one."""
    crossing_s: float = 4.0


class Line(Down, frozen=True, kw_only=True, tag="line"):
    """One line of type on the glass, or none (empty). Not a subtitle: the play's own words for the eye."""

    text: str


class Subtitle(Down, frozen=True, kw_only=True, tag="subtitle"):
    """What is being said, if subtitles are on."""

    speaker: str
    text: str
    is_final: bool = True


class Listening(Down, frozen=True, kw_only=True, tag="listening"):
    """Whether the mirror listens now, and whether it hears speech: a sign of life, drawn not written."""

    is_open: bool
    hears_speech: bool = False


class Speech(Down, frozen=True, kw_only=True, tag="speech"):
    """Up to 100 ms of the mirror's voice, 24 kHz mono int16 little-endian, due at the loudspeaker at `due`.

    Chunks of one turn without a gap have dues that follow each other exactly. A chunk that comes late is played at once and
    what follows is shifted with it; the next Speech with `restart` sets the schedule again.
    """

    turn: int
    from_sample: int
    pcm: bytes
    due: float
    restart: bool = False
    """`due` is a new anchor: the first chunk, after a gap, after a hold."""
    is_last: bool = False


class Hold(Down, frozen=True, kw_only=True, tag="hold"):
    """The visitor may be speaking: fade to `gain` within 30 ms and, if `stop`, stand still at once and say where (Played).

    With `stop` the queue of the turn is dropped; if it goes on, the session sends it again from there with `restart`.
    Without it, a later Hold with `gain` 1 ends the ducking.
    """

    turn: int
    gain: float
    stop: bool = False


class Flush(Down, frozen=True, kw_only=True, tag="flush"):
    """Forget every queued sample up to and including `turn`; fade out within 20 ms; report with Played is_end."""

    turn: int


class Frame(Down, frozen=True, kw_only=True, tag="frame"):
    """One picture of the mirror; show it now, the newest wins, answer with Shown."""

    frame: int
    jpeg: bytes
    captured_at: float
    pose_due_at: float = 0.0


class Capture(Down, frozen=True, kw_only=True, tag="capture"):
    """Take a burst with the camera: `frames` pictures over `seconds`."""

    burst: int
    frames: int = 8
    seconds: float = 1.0


class Forgotten(Down, frozen=True, kw_only=True, tag="forgotten"):
    """The wipe's receipt: the kiosk drops its own buffers too, then shows the attract picture."""

    session: str
    keys_left: int
    files_left: int
    at: float


class Refused(Down, frozen=True, kw_only=True, tag="refused"):
    """One message could not be used; nothing else was harmed. After a refused Hello the socket is closed."""

    reason: str
    detail: str


UpMessage = Hello | Ping | Approach | Leave | Audio | Camera | Played | Shown | Trouble
DownMessage = (
    Welcome | Pong | Scene | Line | Subtitle | Listening | Speech | Hold | Flush | Frame | Capture | Forgotten | Refused
)

_ENCODER = msgspec.msgpack.Encoder()
_UP: msgspec.msgpack.Decoder[UpMessage] = msgspec.msgpack.Decoder(UpMessage)
_DOWN: msgspec.msgpack.Decoder[DownMessage] = msgspec.msgpack.Decoder(DownMessage)


def encode(message: Up | Down) -> bytes:
    """The message as MessagePack."""
    return _ENCODER.encode(message)


def decode_up(payload: bytes) -> UpMessage:
    """A message from a kiosk; raises msgspec.DecodeError or msgspec.ValidationError."""
    try:
        return _UP.decode(payload)
    except UnicodeDecodeError as error:  # msgspec lets it through
        raise msgspec.DecodeError("a text that is no UTF-8") from error


def decode_down(payload: bytes) -> DownMessage:
    """A message from the session service; raises msgspec.DecodeError or msgspec.ValidationError."""
    return _DOWN.decode(payload)
