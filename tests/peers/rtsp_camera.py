"""An RTSP camera that sends H.264 inside its own TCP connection, one watcher at a time: `python -m tests.peers.rtsp_camera --port 8554`.

Strict: it wants CSeq, refuses UDP (461), refuses SETUP and PLAY out of order (455), and knows one address only (404).
"""

import argparse
import base64
import socket
import struct
import threading
import time
from contextlib import suppress
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tests.peers.obs import Camera

_MTU = 1400


class RtspCamera:
    """A server with one picture to show. `send` codes a picture and sends it to whoever watches."""

    def __init__(self, camera: Camera, *, port: int = 0, name: str = "live", password: str = "") -> None:
        self._camera, self._name, self._password = camera, name, password
        self._server = socket.create_server(("127.0.0.1", port))
        self._watcher: socket.socket | None = None
        self._seq, self._is_closed = 0, False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self.refused: list[int] = []
        self.is_playing = threading.Event()

    @property
    def address(self) -> str:
        return f"rtsp://127.0.0.1:{self._server.getsockname()[1]}/{self._name}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_closed = True
        self.hang_up()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def hang_up(self) -> None:
        """Drop the watcher without a word."""
        if self._watcher is not None:
            with suppress(OSError):
                self._watcher.shutdown(socket.SHUT_RDWR)

    def send(self, pixels: NDArray[np.uint8]) -> None:
        for coded, time_ms, after_ms, _ in self._camera.code(pixels):
            stamp = (time_ms + after_ms) * 90
            units = _units(coded)
            for number, unit in enumerate(units):
                self._send_unit(unit, stamp, is_last=number == len(units) - 1)

    def _send_unit(self, unit: bytes, stamp: int, *, is_last: bool) -> None:
        if len(unit) <= _MTU:
            self._rtp(unit, stamp, is_last=is_last)
            return
        body, head = unit[1:], unit[0]
        pieces = [body[at : at + _MTU] for at in range(0, len(body), _MTU)]
        for number, piece in enumerate(pieces):
            edges = (0x80 if number == 0 else 0) | (0x40 if number == len(pieces) - 1 else 0)
            fragment = bytes([head & 0xE0 | 28, edges | head & 0x1F]) + piece
            self._rtp(fragment, stamp, is_last=is_last and number == len(pieces) - 1)

    def _rtp(self, payload: bytes, stamp: int, *, is_last: bool) -> None:
        self._seq = (self._seq + 1) % 2**16
        packet = struct.pack(">BBHII", 0x80, 96 | (0x80 if is_last else 0), self._seq, stamp % 2**32, 4711) + payload
        if self._watcher is not None:
            with suppress(OSError):
                self._watcher.sendall(b"$\x00" + struct.pack(">H", len(packet)) + packet)

    def _serve(self) -> None:
        while not self._is_closed:
            try:
                self._watcher, _ = self._server.accept()
            except OSError:
                return
            with self._watcher, suppress(OSError):
                self._talk(self._watcher)
            self.is_playing.clear()

    def _talk(self, watcher: socket.socket) -> None:
        stream, is_set_up = watcher.makefile("rb"), False
        with stream:
            while request := _request(stream):
                method, url, fields = request
                status, more, body = self._answer(method, url, fields, is_set_up=is_set_up)
                is_set_up = is_set_up or (method == "SETUP" and status == 200)
                if status != 200:
                    self.refused.append(status)
                lines = [f"RTSP/1.0 {status} -", f"CSeq: {fields.get('cseq', '')}", *more]
                if body:
                    lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
                watcher.sendall("\r\n".join([*lines, "", body]).encode())
                if method == "PLAY" and status == 200:
                    self.is_playing.set()
                if method == "TEARDOWN":
                    return

    def _answer(self, method: str, url: str, fields: dict[str, str], *, is_set_up: bool) -> tuple[int, list[str], str]:
        if "cseq" not in fields:
            return 400, [], ""
        if not url.split("://")[-1].partition("/")[2].startswith(self._name) and method != "OPTIONS":
            return 404, [], ""
        expected = "Basic " + base64.b64encode(f"mirror:{self._password}".encode()).decode()
        if self._password and fields.get("authorization") != expected:
            return 401, ['WWW-Authenticate: Basic realm="camera"'], ""
        match method:
            case "OPTIONS":
                return 200, ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"], ""
            case "DESCRIBE":
                return 200, [f"Content-Base: {url}/"], self._sdp()
            case "SETUP" if "interleaved=" not in fields.get("transport", ""):
                return 461, [], ""
            case "SETUP":
                return 200, ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 4711;timeout=60"], ""
            case "PLAY" if not is_set_up:
                return 455, [], ""
            case "PLAY" | "TEARDOWN" | "GET_PARAMETER":
                return 200, ["Session: 4711"], ""
        return 405, [], ""

    def _sdp(self) -> str:
        sets = ",".join(base64.b64encode(unit).decode() for unit in self._camera.parameter_sets)
        return "\r\n".join(
            ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", "t=0 0", "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000",
             f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}", "a=control:trackID=0", ""]
        )  # fmt: skip


def _request(stream: Any) -> tuple[str, str, dict[str, str]] | None:
    """The next request; what the watcher reports about its reception is skipped."""
    first = stream.read(1)
    while first == b"$":
        _, length = struct.unpack(">BH", stream.read(3))
        stream.read(length)
        first = stream.read(1)
    line = (first + stream.readline()).decode().split()
    if len(line) < 3:
        return None
    fields: dict[str, str] = {}
    while (field := stream.readline().decode().strip()) != "":
        name, _, value = field.partition(":")
        fields[name.lower()] = value.strip()
    return line[0], line[1], fields


def _units(coded: bytes) -> list[bytes]:
    """NAL units, each of which had its length in front."""
    units = []
    while coded:
        length = int.from_bytes(coded[:4], "big")
        units.append(coded[4 : 4 + length])
        coded = coded[4 + length :]
    return units


def main() -> None:
    """Show a moving picture until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8554)
    given = parser.parse_args()
    camera = Camera(640, 480)
    ramp = np.repeat(np.tile(np.linspace(20, 230, 640, dtype=np.uint8)[None, :, None], (480, 1, 1)), 3, axis=2)
    with RtspCamera(camera, port=given.port) as server:
        print(server.address, flush=True)
        while True:
            time.sleep(1 / camera.fps)
            ramp = np.roll(ramp, 4, axis=1)
            server.send(ramp)


if __name__ == "__main__":
    main()
