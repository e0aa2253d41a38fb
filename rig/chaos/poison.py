"""Events that cannot be handled, put behind the last of their stream.

Nothing is displaced by them but a chunk of the microphone, 20 ms: chunks are numbered without a hole, and the poison has its number.
"""

from typing import Any

import msgspec
import redis.asyncio
from redis.exceptions import ResponseError

from shared.events import (
    Event,
    MicrophoneChunk,
    ReplyRequest,
    ScenePrompt,
    SpeechChunk,
    VoiceSampleTaken,
    decode,
    encode,
)
from shared.outlet import LARGEST
from shared.redis_bus import FIELD
from shared.streams import START, StreamId, key

UNDECODABLE = b"\xc1 no MessagePack"
"""0xc1 is never used in MessagePack."""

WHERE = {"asr": "microphone", "llm": "requests", "tts": "voice_sample", "a2f_bridge": "voice", "faceswap": "camera"}
"""The input of each stage that takes the poison."""


async def put_poison(
    client: "redis.asyncio.Redis", session: str, stage: str, *, is_event: bool
) -> tuple[str, StreamId]:
    """Returns the stream and the id it has there."""
    stream = WHERE[stage]
    name = key(session, stream)
    while True:
        newest: Any = await client.xrevrange(name, count=1)
        last = StreamId.parse(newest[0][0].decode()) if newest else START
        at = StreamId(last.turn, last.seq + 1)
        epoch = _epoch_of(newest[0][1][FIELD]) if newest else 0
        payload = encode(_event(stage, session, at, epoch)) if is_event else UNDECODABLE
        try:
            await client.xadd(name, {FIELD: payload}, id=str(at))
        except ResponseError:
            continue  # its writer was faster
        return stream, at


def _epoch_of(payload: bytes) -> int:
    try:
        return decode(payload).epoch
    except msgspec.MsgspecError:  # another poison
        return 0


def _event(stage: str, session: str, at: StreamId, epoch: int) -> Event:
    """Well-formed, and more than the stage can take."""
    prompt = ScenePrompt(scene="s", goal="g", persona="p")
    events: dict[str, Event] = {
        "asr": MicrophoneChunk(pcm=b"odd"),
        # Its answer would have a number that no stream takes.
        "llm": ReplyRequest(utterance=0, said="", language="en", prompt=prompt, rev=LARGEST, wants_reply=False),
        "tts": VoiceSampleTaken(pcm=b"odd", text="", speech_s=0.0, snr_db=0.0),
        "a2f_bridge": SpeechChunk(from_sample=0, pcm=b"odd"),
    }
    return msgspec.structs.replace(events[stage], session=session, turn=at.turn, seq=at.seq, epoch=epoch)
