"""Audio2Face-3D as it speaks on the wire: it refuses in band what the real one refuses, and moves JawOpen with loudness.

    python -m tests.peers.audio2face --port 52000

Frame n (30 a second) leaves once the sound up to n/30 + 0.26 s has come, or the clip is over. `Manners` are its bad ones.
"""

import argparse
import contextlib
import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np

from services.a2f_bridge.blendshapes import NAMES
from services.a2f_bridge.engines.protos import CHECK_HEALTH, PROCESS_AUDIO_STREAM

FPS = 30
LOOK_AHEAD_S = 0.26
NAMES_55 = (*NAMES, "HeadRoll", "HeadPitch", "HeadYaw")
NAMES_68 = (
    *NAMES,
    "TongueTipUp", "TongueTipDown", "TongueTipLeft", "TongueTipRight", "TongueRollUp", "TongueRollDown",
    "TongueRollLeft", "TongueRollRight", "TongueUp", "TongueDown", "TongueLeft", "TongueRight", "TongueIn",
    "TongueStretch", "TongueWide", "TongueNarrow",
)  # fmt: skip
EMOTIONS = {
    "amazement", "anger", "cheekiness", "disgust", "fear", "grief", "joy", "outofbreath", "pain", "sadness",
}  # fmt: skip
SUCCESS, INFO, WARNING, ERROR = range(4)


@dataclass
class Manners:
    """How it behaves; as it comes, well."""

    names: tuple[str, ...] = NAMES
    extra: dict[str, float] = field(default_factory=dict)
    """Weights of other blendshapes, in every frame."""
    gain: float = 4.0
    rows_per_message: int = 1
    is_serving: bool | None = True
    """None: there is no health service."""
    hang_after: int = -1
    """Frames after which it falls silent."""
    error_after: int = -1
    """Frames after which it reports an error in band."""
    cancel_after: int = -1
    """Frames after which it cancels the call, as a proxy in between may."""
    remark: str = ""
    """A warning in the middle."""
    skip_header: bool = False
    row_length: int | None = None
    first_time_code: float = 0.0
    slow_s: float = 0.0
    """Pause before each frame."""
    lose: range = range(0)
    """Frames that never leave."""


@dataclass
class Log:
    """What one clip was like, seen from here."""

    header: Any = None
    samples: int = 0
    messages: list[int] = field(default_factory=list)
    """Bytes of each buffer."""
    emotions: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    frames: int = 0
    refused: str = ""
    is_ended: bool = False
    """EndOfAudio came, and the answer was read to its status."""


class CallCancelled(Exception):
    """The call ends by the transport's own word."""


class Refused(Exception):
    """The clip is no good; said in band, with gRPC's code OK."""


class Audio2FacePeer:
    """A server on a port of its own."""

    def __init__(self, port: int = 0, credentials: Any = None) -> None:
        self.manners = Manners()
        self.clips: list[Log] = []
        self._gone = threading.Event()
        self._server = grpc.server(ThreadPoolExecutor(8))
        self._server.add_generic_rpc_handlers((self._handlers(),))
        where = f"127.0.0.1:{port}"
        self.port = (
            self._server.add_secure_port(where, credentials) if credentials else self._server.add_insecure_port(where)
        )
        self.address = f"127.0.0.1:{self.port}"
        self._server.start()

    def kill(self) -> None:
        """Break every line, now."""
        self._gone.set()
        self._server.stop(None).wait()

    def _handlers(self) -> Any:
        return _Handlers(
            {
                PROCESS_AUDIO_STREAM.path: grpc.stream_stream_rpc_method_handler(
                    self._process, PROCESS_AUDIO_STREAM.request.FromString, _serialize
                ),
                CHECK_HEALTH.path: grpc.unary_unary_rpc_method_handler(
                    self._check, CHECK_HEALTH.request.FromString, _serialize
                ),
            }
        )

    def _check(self, _request: Any, context: Any) -> Any:
        if self.manners.is_serving is None:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "no such service")
        return CHECK_HEALTH.response(status=1 if self.manners.is_serving else 2)

    def _process(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        log = Log()
        self.clips.append(log)
        try:
            yield from _Clip(self.manners, log, self._gone).answers(requests)
        except Refused as refused:
            log.refused = str(refused)
            yield _status(ERROR, str(refused))
        except CallCancelled:
            context.abort(grpc.StatusCode.CANCELLED, "the proxy was restarted")


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types
    def __init__(self, by_path: dict[str, Any]) -> None:
        self._by_path = by_path

    def service(self, details: Any) -> Any:
        return self._by_path.get(details.method)


class _Clip:
    """One call."""

    def __init__(self, manners: Manners, log: Log, gone: threading.Event) -> None:
        self._manners, self._log, self._gone = manners, log, gone
        self._pcm = bytearray()
        self._rate = 0
        self._made = 0
        self._is_over = False

    def answers(self, requests: Iterator[Any]) -> Iterator[Any]:
        for request in requests:
            part = request.WhichOneof("stream_part")
            if self._is_over:
                raise Refused(f"{part} after the end of audio")
            if self._rate == 0:
                yield from self._begin(request, part)
            elif part == "audio_with_emotion":
                self._hear(request.audio_with_emotion)
            elif part == "end_of_audio":
                self._is_over = True
            else:
                raise Refused(f"{part} in the middle of a clip")
            yield from self._frames()
        if self._is_over:
            yield _answer("event", event_type=0)
            yield _status(SUCCESS, "sent all data")
            self._log.is_ended = True

    def _begin(self, request: Any, part: str) -> Iterator[Any]:
        if part != "audio_stream_header":
            raise Refused("the first message must be the header")
        head = request.audio_stream_header
        sound = head.audio_header
        if sound.audio_format or sound.channel_count != 1 or sound.bits_per_sample != 16:
            raise Refused("audio must be PCM, one channel, 16 bits")
        if not 16_000 <= sound.samples_per_second <= 144_000:
            raise Refused(f"sample rate {sound.samples_per_second} is not within 16000 and 144000")
        _check_emotion(head.emotion_params.beginning_emotion)
        self._log.header, self._rate = head, sound.samples_per_second
        if not self._manners.skip_header:
            message = PROCESS_AUDIO_STREAM.response()
            message.animation_data_stream_header.audio_header.CopyFrom(sound)
            message.animation_data_stream_header.skel_animation_header.blend_shapes.extend(self._manners.names)
            yield message

    def _hear(self, said: Any) -> None:
        octets = said.audio_buffer
        if len(octets) % 2:
            raise Refused(f"{len(octets)} bytes are not whole 16-bit samples")
        if len(octets) > 2 * 10 * self._rate:
            raise Refused("a buffer is longer than 10 seconds")
        self._pcm += octets
        self._log.samples = len(self._pcm) // 2
        self._log.messages.append(len(octets))
        if self._log.samples > 300 * self._rate:
            raise Refused("the clip is longer than 300 seconds")
        for key in said.emotions:
            _check_emotion(key.emotion)
            if self._log.emotions and key.time_code < self._log.emotions[-1][0]:
                raise Refused("emotion keys go back in time")
            self._log.emotions.append((key.time_code, dict(key.emotion)))

    def _frames(self) -> Iterator[Any]:
        heard_s = self._log.samples / self._rate
        due = math.ceil(heard_s * FPS) if self._is_over else math.floor((heard_s - LOOK_AHEAD_S) * FPS + 1e-9) + 1
        step = self._manners.rows_per_message
        while self._made < due and (self._is_over or due - self._made >= step):
            rows = range(self._made, min(due, self._made + step))
            yield from self._misbehave()
            self._made = rows.stop
            if kept := [n for n in rows if n not in self._manners.lose]:
                self._log.frames += len(kept)
                yield self._animation(kept)

    def _misbehave(self) -> Iterator[Any]:
        manners = self._manners
        if self._made == manners.hang_after:
            self._gone.wait()
        if self._made == manners.error_after:
            raise Refused("the model ran into an error")
        if self._made == manners.cancel_after:
            raise CallCancelled
        if manners.remark and self._made == 3:
            yield _status(WARNING, manners.remark)
        if manners.slow_s:
            self._gone.wait(manners.slow_s)

    def _animation(self, rows: list[int]) -> Any:
        message = PROCESS_AUDIO_STREAM.response()
        data = message.animation_data
        for n in rows:
            begin, end = (2 * round(k * self._rate / FPS) for k in (n, n + 1))
            octets = bytes(self._pcm[begin:end]).ljust(end - begin, b"\0")
            weights = self._weights(np.frombuffer(octets, "<i2") / 32768.0)
            time_code = self._manners.first_time_code + n / FPS
            data.skel_animation.blend_shape_weights.add(time_code=time_code, values=weights)
            data.audio.time_code = n / FPS
            data.audio.audio_buffer += octets
        return message

    def _weights(self, pcm: Any) -> list[float]:
        jaw = self._manners.gain * float(np.sqrt(np.mean(np.square(pcm))))
        by_name = {**self._manners.extra, "JawOpen": jaw}
        weights = [by_name.get(name, 0.0) for name in self._manners.names]
        return weights[: self._manners.row_length]


def _check_emotion(emotion: Any) -> None:
    for name, weight in emotion.items():
        if name not in EMOTIONS or not 0.0 <= weight <= 1.0:
            raise Refused(f"emotion {name} = {weight} is unknown or out of range")


def _answer(part: str, **fields: Any) -> Any:
    message = PROCESS_AUDIO_STREAM.response()
    getattr(message, part).SetInParent()
    for name, value in fields.items():
        setattr(getattr(message, part), name, value)
    return message


def _status(code: int, text: str) -> Any:
    return _answer("status", code=code, message=text)


def _serialize(message: Any) -> bytes:
    return bytes(message.SerializeToString())


@contextlib.contextmanager
def audio2face_peer(port: int = 0, credentials: Any = None) -> Iterator[Audio2FacePeer]:
    peer = Audio2FacePeer(port, credentials)
    try:
        yield peer
    finally:
        peer.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=52_000)
    parser.add_argument("--names", type=int, choices=(52, 55, 68), default=52)
    parser.add_argument("--hang-after", type=int, default=-1)
    parser.add_argument("--error-after", type=int, default=-1)
    given = parser.parse_args()
    with audio2face_peer(given.port) as peer:
        peer.manners.names = {52: NAMES, 55: NAMES_55, 68: NAMES_68}[given.names]
        peer.manners.hang_after, peer.manners.error_after = given.hang_after, given.error_after
        print(peer.address, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
