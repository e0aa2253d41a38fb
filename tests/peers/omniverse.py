"""The headless Omniverse Audio2Face as it speaks on the wire: its streaming player and its remote control.

    python -m tests.peers.omniverse --port 50051 --rest-port 8011

Sound is refused in band, with gRPC's code OK. The player plays at 1x from the first sample it gets; what comes later than
it should have sounded is an underrun.
"""

import argparse
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import numpy as np

from services.a2f_bridge.engines.protos import PUSH_AUDIO, PUSH_AUDIO_STREAM

PLAYER = "/World/audio2face/PlayerStreaming"
LIVE_LINK = "/World/audio2face/StreamLivelink"


@dataclass
class Stretch:
    """One PushAudioStream, or one PushAudio."""

    rate: int = 0
    began_at: float = 0.0
    """time.monotonic() of its first sound."""
    pcm: Any = field(default_factory=lambda: np.zeros(0, np.float32))
    messages: int = 0
    underruns: int = 0
    refused: str = ""
    is_complete: bool = False


class Refused(Exception):
    """success = false."""


class OmniversePeer:
    """The application: gRPC on one port, REST on another."""

    def __init__(self, port: int = 0, rest_port: int = 0, *, has_scene: bool = True) -> None:
        self.has_scene = has_scene
        """A scene is open; else its nodes exist only after one was loaded."""
        self.asked: list[tuple[str, Any]] = []
        """Path and body of every REST request."""
        self.boot_polls = 0
        """So many times /status says that it is still starting."""
        self.stretches: list[Stretch] = []
        self.pushed: list[Stretch] = []
        """Sounds in one message."""
        self.hang = False
        self._gone = threading.Event()
        self._server = grpc.server(ThreadPoolExecutor(8))
        self._server.add_generic_rpc_handlers((_Handlers(self),))
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        self.address = f"127.0.0.1:{self.port}"
        self._server.start()
        self._rest = ThreadingHTTPServer(("127.0.0.1", rest_port), _rest(self))
        self.url = f"http://127.0.0.1:{self._rest.server_address[1]}"
        self._thread = threading.Thread(target=self._rest.serve_forever, args=(0.02,))
        self._thread.start()

    def kill(self) -> None:
        """Break every line, now."""
        self._gone.set()
        self._server.stop(None).wait()
        self._rest.shutdown()
        self._thread.join()
        self._rest.server_close()

    def push(self, request: Any, _context: Any) -> Any:
        stretch = Stretch()
        self.pushed.append(stretch)
        return self._believe(PUSH_AUDIO, stretch, lambda: self._take_whole(stretch, request))

    def push_stream(self, requests: Iterator[Any], _context: Any) -> Any:
        stretch = Stretch()
        self.stretches.append(stretch)
        return self._believe(PUSH_AUDIO_STREAM, stretch, lambda: self._take_stream(stretch, requests))

    def _take_whole(self, stretch: Stretch, request: Any) -> None:
        self._begin(stretch, request.instance_name, request.samplerate)
        self._hear(stretch, request.audio_data)

    def _take_stream(self, stretch: Stretch, requests: Iterator[Any]) -> None:
        for request in requests:
            if self.hang:
                self._gone.wait()
            if request.WhichOneof("streaming_request") == "start_marker":
                if stretch.rate:
                    raise Refused("a second start marker")
                self._begin(stretch, request.start_marker.instance_name, request.start_marker.samplerate)
            elif not stretch.rate:
                raise Refused("the first message must be the start marker")
            else:
                self._hear(stretch, request.audio_data)

    def _begin(self, stretch: Stretch, instance: str, rate: int) -> None:
        if not self.has_scene or instance != PLAYER:
            raise Refused(f"there is no streaming player {instance}")
        if rate <= 0:
            raise Refused(f"sample rate {rate}")
        stretch.rate = rate

    def _hear(self, stretch: Stretch, octets: bytes) -> None:
        if len(octets) % 4:
            raise Refused(f"{len(octets)} bytes are not whole 32-bit samples")
        pcm = np.frombuffer(octets, "<f4")
        if not (np.abs(pcm) <= 1.0).all():  # also what is no number: int16 read as float
            raise Refused("samples are not within -1 and 1")
        now = time.monotonic()
        if not stretch.messages:
            stretch.began_at = now
        elif now - stretch.began_at > len(stretch.pcm) / stretch.rate:
            stretch.underruns += 1
        stretch.messages += 1
        stretch.pcm = np.concatenate((stretch.pcm, pcm))

    def _believe(self, method: Any, stretch: Stretch, take: Any) -> Any:
        try:
            take()
        except Refused as refused:
            stretch.refused = str(refused)
            return method.response(success=False, message=str(refused))
        stretch.is_complete = True
        return method.response(success=True, message="")

    def ask(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """REST: HTTP status and answer."""
        self.asked.append((path, body))
        if path == "/status":
            if method != "GET":
                return 405, "method not allowed"
            self.boot_polls -= 1
            return (503, "starting") if self.boot_polls >= 0 else (200, "OK")
        wanted = _BODIES.get(path)
        if wanted is None:
            return 404, "not found"
        if method != "POST" or not isinstance(body, dict) or set(body) != wanted:
            return 422, {"status": "ERROR", "message": f"needs {sorted(wanted)}"}
        if path == "/A2F/USD/Load":
            self.has_scene = str(body["file_name"]).endswith((".usd", ".usda"))
            return 200, {"status": "OK" if self.has_scene else "ERROR", "message": "Failed to load the USD file"}
        if not self.has_scene or body["node_path"] != LIVE_LINK:
            return 200, {"status": "ERROR", "message": f"no node {body['node_path']}"}
        return 200, {"status": "OK", "message": ""}


_BODIES = {
    "/A2F/USD/Load": {"file_name"},
    "/A2F/Exporter/ActivateStreamLivelink": {"node_path", "value"},
    "/A2F/Exporter/SetStreamLivelinkSettings": {"node_path", "values"},
}


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types
    def __init__(self, peer: OmniversePeer) -> None:
        self._by_path = {
            PUSH_AUDIO.path: grpc.unary_unary_rpc_method_handler(
                peer.push, PUSH_AUDIO.request.FromString, lambda message: message.SerializeToString()
            ),
            PUSH_AUDIO_STREAM.path: grpc.stream_unary_rpc_method_handler(
                peer.push_stream, PUSH_AUDIO_STREAM.request.FromString, lambda message: message.SerializeToString()
            ),
        }

    def service(self, details: Any) -> Any:
        return self._by_path.get(details.method)


def _rest(peer: OmniversePeer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            code, answer = peer.ask(self.command, self.path, body)
            payload = json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = _answer  # noqa: N815 - the base's own names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's own name
            return

    return Handler


@contextlib.contextmanager
def omniverse_peer(port: int = 0, rest_port: int = 0, *, has_scene: bool = True) -> Iterator[OmniversePeer]:
    peer = OmniversePeer(port, rest_port, has_scene=has_scene)
    try:
        yield peer
    finally:
        peer.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=50_051)
    parser.add_argument("--rest-port", type=int, default=8011)
    parser.add_argument("--empty", action="store_true", help="no scene is open")
    given = parser.parse_args()
    with omniverse_peer(given.port, given.rest_port, has_scene=not given.empty) as peer:
        print(peer.address, peer.url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
