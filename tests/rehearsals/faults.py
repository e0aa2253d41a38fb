"""What goes wrong with each engine, when, and how it is mended again."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from shared.events import (
    AnyEvent,
    PartialTranscript,
    PoseTrack,
    ReplyClause,
    ReplyRequest,
    SpeechChunk,
)
from tests.rehearsals.peers import Peer


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What can be broken."""

    gemini: Peer
    audio2face: Peer
    breaks: Path
    """Folder in which a file of a stage's name breaks its engine (tests/support/breakable_services)."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One stage's engine, failing."""

    stage: str
    engine: str
    """The rig's, as its heartbeat names it while all is well."""
    what: str
    stream: str
    is_mid_turn: Callable[[AnyEvent], bool]
    """The event at which it breaks: the turn has begun, and its work with it."""
    breaks: Callable[[World], None]
    mends: Callable[[World], None]
    says: str
    """What the operator must read of the reason."""
    sets: tuple[str, ...] = ()
    """Settings of this rehearsal alone."""


def _file(stage: str) -> tuple[Callable[[World], None], Callable[[World], None]]:
    return lambda world: (world.breaks / stage).touch(), lambda world: (world.breaks / stage).unlink()


FAULTS = {
    "asr": Fault(
        stage="asr", engine="faster_whisper", what="the decoder of faster-whisper fails while the visitor speaks",
        stream="hearing", is_mid_turn=lambda event: isinstance(event, PartialTranscript),
        breaks=_file("asr")[0], mends=_file("asr")[1], says="out of memory",
    ),
    "llm": Fault(
        stage="llm", engine="gemini", what="Gemini holds the line and falls silent when it is asked",
        stream="requests", is_mid_turn=lambda event: isinstance(event, ReplyRequest) and event.wants_reply,
        breaks=lambda world: world.gemini.freeze(), mends=lambda world: world.gemini.thaw(), says="gemini",
        sets=("llm.options.hedge.bad_turns=1",),  # as it comes, one late answer is covered and no more said of it
    ),
    "tts": Fault(
        stage="tts", engine="f5", what="F5 makes NaN of a clause",
        stream="reply", is_mid_turn=lambda event: isinstance(event, ReplyClause),
        breaks=_file("tts")[0], mends=_file("tts")[1], says="no numbers",
    ),
    "a2f_bridge": Fault(
        stage="a2f_bridge", engine="audio2face", what="Audio2Face is killed in the middle of a clause",
        stream="face", is_mid_turn=lambda event: isinstance(event, PoseTrack),
        breaks=lambda world: world.audio2face.kill(), mends=lambda world: world.audio2face.start(), says="a2f_bridge",
    ),
    "faceswap": Fault(
        stage="faceswap", engine="inswapper", what="inswapper draws flat pictures while the mirror speaks",
        stream="voice", is_mid_turn=lambda event: isinstance(event, SpeechChunk),
        breaks=_file("faceswap")[0], mends=_file("faceswap")[1], says="flat picture",
    ),
}  # fmt: skip
