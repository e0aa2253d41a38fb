"""OBS's side of RTMP, as its librtmp speaks it, and as strict: `python -m tests.peers.obs --url rtmp://127.0.0.1:1935/live --key mirror`.

Chunk size before anything else, connect, releaseStream, FCPublish, createStream, publish; @setDataFrame; the decoder's setup;
then pictures whose headers leave out whatever the last one said. It gives up if it is refused, as OBS does.
"""

import argparse
import os
import socket
import struct
import time
from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.video.reformatter import Colorspace
from numpy.typing import NDArray

CHUNK = 4096
VIDEO_CHANNEL = 4


class Refused(Exception):
    """The server said no; the code it gave."""


class NotRtmp(Exception):
    """The server broke the protocol."""


class Obs:
    """One connection to a server. Blocking; nothing is sent that is not asked for."""

    def __init__(self, host: str, port: int, app: str = "live", key: str = "mirror") -> None:
        self._socket = socket.create_connection((host, port), timeout=10)
        self._stream = self._socket.makefile("rb")
        self._app, self._key = app, key
        self._url = f"rtmp://{host}:{port}/{app}"
        self._last: tuple[int, int, int] | None = None
        self._partial: dict[int, tuple[int, int, bytes]] = {}
        self._their_chunk = 128

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.vanish()

    # --- before pictures ------------------------------------------------------------------------------------------------

    def publish(self) -> Self:
        """Everything up to the server's yes. Raises Refused or NotRtmp."""
        self.shake_hands()
        self.send(2, 1, struct.pack(">I", CHUNK), chunk=128)
        wishes = {
            "app": self._app,
            "type": "nonprivate",
            "flashVer": "FMLE/3.0 (compatible; FMSc/1.0)",
            "tcUrl": self._url,
        }
        self.command("connect", 1, wishes)
        self._result_of(1)
        self.command("releaseStream", 2, None, self._key)
        self.command("FCPublish", 3, None, self._key)
        self.command("createStream", 4, None)
        stream = self._result_of(4)[-1]
        if stream != 1.0:
            raise NotRtmp(f"createStream gave {stream}")
        self.command("publish", 5, None, self._key, "live", channel=4, stream=1)
        status = self._wait_for(lambda words: words[0] == "onStatus")[3]
        if status["code"] != "NetStream.Publish.Start":
            raise Refused(status["code"], status["description"])
        return self

    def shake_hands(self) -> None:
        mine = struct.pack(">II", 12345, 0) + os.urandom(1528)
        self._socket.sendall(b"\x03" + mine)
        if self._stream.read(1) != b"\x03":
            raise NotRtmp("another version")
        theirs = self._stream.read(1536)
        self._socket.sendall(theirs)
        if self._stream.read(1536) != mine:
            raise NotRtmp("client signature does not match")

    def _result_of(self, number: int) -> list[Any]:
        words = self._wait_for(lambda words: words[0] in ("_result", "_error") and words[1] == number)
        if words[0] == "_error":
            raise Refused(words[3]["code"], words[3]["description"])
        return words

    def _wait_for(self, is_it: Any) -> list[Any]:
        while True:
            kind, payload = self.reply()
            if kind == 1:
                (self._their_chunk,) = struct.unpack(">I", payload)
            if kind == 20:
                words = list(_read_amf(payload))
                if is_it(words):
                    return words

    def reply(self) -> tuple[int, bytes]:
        """The server's next message: kind and payload."""
        while True:
            first = self._read(1)[0]
            form, channel = first >> 6, first & 63
            if form == 0:
                head = self._read(11)
                length, kind = int.from_bytes(head[3:6], "big"), head[6]
                self._partial[channel] = (length, kind, b"")
            elif form != 3:
                raise NotRtmp("our server always sends full headers")
            length, kind, body = self._partial[channel]
            body += self._read(min(self._their_chunk, length - len(body)))
            self._partial[channel] = (length, kind, body)
            if len(body) == length:
                return kind, body

    def _read(self, count: int) -> bytes:
        got = self._stream.read(count)
        if len(got) < count:
            raise ConnectionResetError("the server hung up")
        return got

    # --- sending --------------------------------------------------------------------------------------------------------

    def command(self, name: str, number: int, *values: Any, channel: int = 3, stream: int = 0) -> None:
        self.send(channel, 20, b"".join(map(_amf, (name, float(number), *values))), stream=stream)

    def send(
        self, channel: int, kind: int, payload: bytes, *, stream: int = 0, chunk: int = CHUNK, time_ms: int = 0
    ) -> None:
        """A message with a full header."""
        short, extended = min(time_ms, 0xFFFFFF), struct.pack(">I", time_ms) if time_ms >= 0xFFFFFF else b""
        head = bytes([channel]) + short.to_bytes(3, "big") + len(payload).to_bytes(3, "big") + bytes([kind])
        self._cut(channel, head + struct.pack("<I", stream) + extended, extended, payload, chunk)

    def _cut(self, channel: int, head: bytes, extended: bytes, payload: bytes, chunk: int) -> None:
        pieces = [payload[at : at + chunk] for at in range(0, len(payload), chunk)] or [b""]
        self._socket.sendall(head + (bytes([0xC0 | channel]) + extended).join(pieces))

    def words(self, **fields: Any) -> None:
        """@setDataFrame onMetaData, as OBS sends it: an array with names."""
        pairs = b"".join(struct.pack(">H", len(name)) + name.encode() + _amf(value) for name, value in fields.items())
        array = b"\x08" + struct.pack(">I", len(fields)) + pairs + b"\x00\x00\x09"
        self.send(VIDEO_CHANNEL, 18, _amf("@setDataFrame") + _amf("onMetaData") + array, stream=1)
        self._last = None

    def setup(self, avcc: bytes) -> None:
        self._video(b"\x17\x00\x00\x00\x00" + avcc, 0)

    def picture(self, coded: bytes, time_ms: int, *, is_key: bool, shown_after_ms: int = 0) -> None:
        head = bytes([0x17 if is_key else 0x27, 1]) + shown_after_ms.to_bytes(3, "big", signed=True)
        self._video(head + coded, time_ms)

    def sound(self, time_ms: int, size: int = 200) -> None:
        """A block of sound between pictures: interleaved on the same channel, as OBS does."""
        self._media(8, b"\xaf\x01" + bytes(size), time_ms)

    def _video(self, payload: bytes, time_ms: int) -> None:
        self._media(9, payload, time_ms)

    def _media(self, kind: int, payload: bytes, time_ms: int) -> None:
        """With as short a header as librtmp writes: it leaves out what has not changed."""
        if self._last is None or time_ms < self._last[0]:
            self.send(VIDEO_CHANNEL, kind, payload, stream=1, time_ms=time_ms)
        else:
            before_ms, length, before_kind = self._last
            step = time_ms - before_ms
            is_same = (len(payload), kind) == (length, before_kind)
            form = 3 if is_same and step == 0 else 2 if is_same else 1
            head = bytes([form << 6 | VIDEO_CHANNEL])
            head += step.to_bytes(3, "big") if form < 3 else b""
            head += len(payload).to_bytes(3, "big") + bytes([kind]) if form == 1 else b""
            self._cut(VIDEO_CHANNEL, head, b"", payload, CHUNK)
        self._last = (time_ms, len(payload), kind)

    def raw(self, octets: bytes) -> None:
        """Anything at all."""
        self._socket.sendall(octets)

    def goodbye(self) -> None:
        self.command("FCUnpublish", 6, None, self._key)
        self.command("deleteStream", 7, None, 1.0)

    def vanish(self) -> None:
        """Gone without a word."""
        self._stream.close()
        self._socket.close()


# --- values -------------------------------------------------------------------------------------------------------------


def _amf(value: Any) -> bytes:
    match value:
        case None:
            return b"\x05"
        case bool():
            return bytes([1, value])
        case float() | int():
            return b"\x00" + struct.pack(">d", value)
        case str():
            return b"\x02" + struct.pack(">H", len(value)) + value.encode()
        case dict():
            body = b"".join(struct.pack(">H", len(name)) + name.encode() + _amf(one) for name, one in value.items())
            return b"\x03" + body + b"\x00\x00\x09"
    raise TypeError(type(value))


def _read_amf(payload: bytes) -> Iterator[Any]:
    while payload:
        value, payload = _one(payload)
        yield value


def _one(payload: bytes) -> tuple[Any, bytes]:
    marker, rest = payload[0], payload[1:]
    if marker == 0:
        return struct.unpack(">d", rest[:8])[0], rest[8:]
    if marker == 1:
        return rest[0] != 0, rest[1:]
    if marker == 2:
        length = int.from_bytes(rest[:2], "big")
        return rest[2 : 2 + length].decode(), rest[2 + length :]
    if marker == 5:
        return None, rest
    if marker == 3:
        fields: dict[str, Any] = {}
        while rest[:3] != b"\x00\x00\x09":
            length = int.from_bytes(rest[:2], "big")
            name, rest = rest[2 : 2 + length].decode(), rest[2 + length :]
            fields[name], rest = _one(rest)
        return fields, rest[3:]
    raise NotRtmp(f"a value of type {marker}")


# --- pictures -----------------------------------------------------------------------------------------------------------


class Camera:
    """Codes pictures with x264 as OBS does: avcC setup, pictures with a length in front of each unit."""

    def __init__(self, width: int = 320, height: int = 240, fps: int = 24, *, b_frames: int = 0, gop: int = 24) -> None:
        self._context = av.CodecContext.create("libx264", "w")
        self._context.width, self._context.height, self._context.pix_fmt = width, height, "yuv420p"
        self._context.time_base, self._context.framerate = Fraction(1, fps), Fraction(fps)
        self._context.gop_size = gop
        # BT.709, said so in the stream: what OBS sends unless told otherwise.
        self._context.colorspace = self._context.color_primaries = self._context.color_trc = (
            self._context.color_range
        ) = 1
        self._context.flags |= int(av.codec.context.Flags.global_header)
        tune = {} if b_frames else {"tune": "zerolatency"}
        self._context.options = {"preset": "ultrafast", "crf": "18", "bf": str(b_frames), "b-adapt": "0", **tune}
        self._context.open()
        self.fps, self._count = fps, 0

    @property
    def parameter_sets(self) -> list[bytes]:
        """SPS and PPS."""
        return [unit for unit in _units(bytes(self._context.extradata or b"")) if unit[0] & 31 in (7, 8)]

    @property
    def setup(self) -> bytes:
        """AVCDecoderConfigurationRecord."""
        sps, pps = self.parameter_sets
        return (
            b"\x01" + sps[1:4] + b"\xff\xe1" + len(sps).to_bytes(2, "big") + sps
            + b"\x01" + len(pps).to_bytes(2, "big") + pps
        )  # fmt: skip

    def code(self, pixels: NDArray[np.uint8]) -> list[tuple[bytes, int, int, bool]]:
        """Coded picture, when it is decoded and how much later it is shown (ms), whether it is a key picture."""
        frame = av.VideoFrame.from_ndarray(pixels, format="bgr24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709
        )
        frame.pts, self._count = self._count, self._count + 1
        return [self._told(packet) for packet in self._context.encode(frame)]

    def _told(self, packet: Any) -> tuple[bytes, int, int, bool]:
        units = b"".join(
            len(unit).to_bytes(4, "big") + unit for unit in _units(bytes(packet)) if unit[0] & 31 not in (7, 8)
        )
        shift = 1000 / self.fps
        return units, round((packet.dts + 10) * shift), round((packet.pts - packet.dts) * shift), packet.is_keyframe


def _units(annex_b: bytes) -> list[bytes]:
    return [unit.rstrip(b"\x00") for unit in annex_b.split(b"\x00\x00\x01") if unit.rstrip(b"\x00")]


def main() -> None:
    """Send a moving picture until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="rtmp://127.0.0.1:1935/live")
    parser.add_argument("--key", default="mirror")
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    host, _, app = given.url.removeprefix("rtmp://").partition("/")
    name, _, port = host.partition(":")
    camera = Camera(640, 480)
    began = time.monotonic()
    with Obs(name, int(port or 1935), app, given.key).publish() as obs:
        obs.words(width=640.0, height=480.0, framerate=24.0, encoder="obs-output module (a peer of the tests)")
        obs.setup(camera.setup)
        for number in range(int(given.seconds * camera.fps)):
            time.sleep(max(0.0, began + number / camera.fps - time.monotonic()))
            for coded, time_ms, after_ms, is_key in camera.code(np.roll(_GRADIENT, number * 4, axis=1)):
                obs.picture(coded, time_ms, is_key=is_key, shown_after_ms=after_ms)
        obs.goodbye()


_GRADIENT = np.repeat(np.tile(np.linspace(20, 230, 640, dtype=np.uint8)[None, :, None], (480, 1, 1)), 3, axis=2)

if __name__ == "__main__":
    main()
