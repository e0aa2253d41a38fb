"""Names of streams, who writes them, how long they may grow. One session's keys share a hash tag: one cluster slot."""

from typing import NamedTuple


class StreamId(NamedTuple):
    """An event's place in its stream: `<turn>-<seq>` on the wire, ordered as a pair."""

    turn: int
    seq: int

    def __str__(self) -> str:
        return f"{self.turn}-{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "StreamId":
        """Read `<turn>-<seq>`; raises ValueError if it is not that."""
        turn, _, seq = text.partition("-")
        return cls(int(turn), int(seq))


START = StreamId(0, 0)
"""Before the first event of any stream."""

SESSIONS = "mirror:sessions"
STAGES = "mirror:stages"
RECEIPTS = "mirror:receipts"
CLOCK = "mirror:clock"


def offers(stage: str) -> str:
    """Key of the stream where workers of `stage` hand sessions to each other."""
    return f"mirror:offers:{stage}"


def key(session: str, name: str) -> str:
    """Key of one of a session's streams, or of another thing that belongs to it."""
    return f"mirror:{{{session}}}:{name}"


WRITER = {
    "control": "session", "microphone": "session", "camera": "session", "requests": "session", "lines": "session",
    "playback": "session", "play": "session",
    "hearing": "asr", "voice_sample": "asr",
    "reply": "llm", "signals": "llm",
    "voice": "tts", "voice_ready": "tts",
    "face": "a2f_bridge",
    "mirror": "faceswap", "face_ready": "faceswap",
}  # fmt: skip
"""Each stream of a session has exactly one writing stage."""

CAP = {
    "microphone": 60_000, "play": 20_000, "camera": 64, "mirror": 8, "face": 4_000, "voice": 12_000,
}  # fmt: skip
"""Longest a stream may grow, in events; whatever is not named may hold DEFAULT_CAP."""

DEFAULT_CAP = 8_192

GLOBAL_CAP = 512
"""Longest the streams that are no session's grow, in events."""

FLEETING = frozenset({"mirror"})
"""Streams that need not outlive the server. Pictures are a megabyte a second: in its log they would have it rewritten, by a process
beside it that takes a core, every half minute of a visit."""

HOUSE = "house"
"""Stands where a session's name would: whose lease this is, that session service is in charge of the mirror."""

SESSION_TTL_S = 2 * 3600
"""A session's keys live at most this long after their last use: the last net if every wipe failed. Redis counts it by the wall
clock: one that is set forward by an hour in the middle of a visit must not end it."""
