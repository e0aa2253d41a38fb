"""What a publisher and we say to each other before pictures flow: handshake, connect, createStream, publish."""

import hmac
import secrets
import struct
from collections.abc import Callable
from typing import Protocol

from services.faceswap.sources.rtmp import amf
from services.faceswap.sources.rtmp.chunks import (
    COMMAND,
    COMMAND_3,
    METADATA,
    METADATA_3,
    PEER_BANDWIDTH,
    USER_CONTROL,
    VIDEO,
    WINDOW,
    ChunkReader,
    Message,
    chunks,
)
from shared.errors import BadInput

_SIGNATURE = 1536
_PLAIN = 3
_WINDOW_BYTES = 2_500_000
_CONTROL_CHANNEL, _COMMAND_CHANNEL, _STREAM_CHANNEL = 2, 3, 5
_STREAM = 1
"""The one message stream a publisher gets."""
_PING, _PONG, _STREAM_BEGINS = 6, 7, 0


class Desk(Protocol):
    """Who decides whether a publisher may, and takes what it sends."""

    def may_publish(self) -> str:
        """Empty, or why not now: somebody else is sending."""
        ...

    def take_video(self, message: Message) -> None:
        """One video message of the accepted publisher."""
        ...

    def take_words(self, words: dict[str, amf.Value]) -> None:
        """What the publisher says of itself: encoder, rate."""
        ...


class Refused(BadInput):
    """The publisher was told no; the message says why, without the key it offered."""


class Dialogue:
    """One publisher, from its first byte to its last. Blocking."""

    def __init__(self, read: Callable[[int], bytes], write: Callable[[bytes], None], *, path: tuple[str, str]) -> None:
        """`read(n)` returns exactly n bytes or raises; `path` is the application and the key we expect."""
        self._read, self._write = read, write
        self._app, self._key = path
        self._chunks = ChunkReader(read)
        self._acknowledge_every = 0
        self._acknowledged = 0
        self.is_publishing = False

    def run(self, desk: Desk) -> None:
        """Serve it until it says goodbye.

        Raises:
            Refused: It was refused, and told so.
            BadInput: What it says is no RTMP that we understand.
            OSError, EOFError: The connection ended.
        """
        self._shake_hands()
        while True:
            message = self._chunks.next_message()
            self._acknowledge()
            if message.kind == VIDEO and self.is_publishing:
                desk.take_video(message)
            elif message.kind in (COMMAND, COMMAND_3):
                if not self._obey(message, desk):
                    return
            elif message.kind in (METADATA, METADATA_3) and self.is_publishing:
                self._hear_words(message, desk)
            else:
                self._control(message)

    def _shake_hands(self) -> None:
        if self._read(1)[0] != _PLAIN:
            raise BadInput("rtmp: somebody connected who does not speak RTMP (TLS, or a browser?)")
        hello = self._read(_SIGNATURE)
        # Version 0 asks for the plain handshake, in which each side repeats the other's bytes.
        self._write(bytes([_PLAIN]) + bytes(8) + secrets.token_bytes(_SIGNATURE - 8) + hello)
        self._read(_SIGNATURE)

    def _obey(self, message: Message, desk: Desk) -> bool:
        """One command; False if it was goodbye."""
        name, number, *arguments = _command(message)
        if name == "connect":
            self._connect(number, arguments)
        elif name == "createStream":
            self._answer("_result", number, None, float(_STREAM))
        elif name == "publish":
            self._publish(arguments, desk)
        elif name in ("releaseStream", "FCPublish", "_checkbw"):
            self._answer("_result", number, None)
        elif name in ("FCUnpublish", "deleteStream", "closeStream"):
            return False
        elif name == "play":
            self._refuse("NetStream.Play.Failed", "this is a mirror: it takes a picture and gives none out")
        return True

    def _connect(self, number: float, arguments: list[amf.Value]) -> None:
        wishes = arguments[0] if arguments and isinstance(arguments[0], dict) else {}
        # OBS sends what stands after the host; whoever writes a slash too much means the same.
        if str(wishes.get("app", "")).split("?")[0].strip("/") != self._app:
            self._answer(
                "_error", number, None, _status("error", "NetConnection.Connect.InvalidApp", "unknown address")
            )
            raise Refused(f"rtmp: a publisher asked for another address than /{self._app}; see docs/rig.md, OBS")
        self._send(_CONTROL_CHANNEL, WINDOW, struct.pack(">I", _WINDOW_BYTES))
        self._send(_CONTROL_CHANNEL, PEER_BANDWIDTH, struct.pack(">IB", _WINDOW_BYTES, 2))
        properties: amf.Value = {"fmsVer": "FMS/3,0,1,123", "capabilities": 31.0}
        accepted = _status("status", "NetConnection.Connect.Success", "connected")
        self._answer("_result", number, properties, {**accepted, "objectEncoding": 0.0})

    def _publish(self, arguments: list[amf.Value], desk: Desk) -> None:
        offered = str(arguments[1] if len(arguments) > 1 else "").split("?")[0]
        if not hmac.compare_digest(offered.encode(), self._key.encode()):
            # OBS shows its own words for this and does not try again; the description stands in its log.
            self._refuse("NetStream.Publish.Denied", "wrong stream key: write the mirror's stream_key into OBS")
        if busy := desk.may_publish():
            self._refuse("NetStream.Publish.BadName", busy)
        self.is_publishing = True
        self._send(_CONTROL_CHANNEL, USER_CONTROL, struct.pack(">HI", _STREAM_BEGINS, _STREAM))
        self._tell("status", "NetStream.Publish.Start", "go on")

    def _hear_words(self, message: Message, desk: Desk) -> None:
        payload = message.payload[1:] if message.kind == METADATA_3 else message.payload
        words = next((value for value in amf.decode(payload) if isinstance(value, dict)), {})
        desk.take_words(words)

    def _control(self, message: Message) -> None:
        if message.kind == WINDOW and len(message.payload) == 4:
            self._acknowledge_every = int.from_bytes(message.payload, "big")
        elif message.kind == USER_CONTROL and message.payload[:2] == struct.pack(">H", _PING):
            self._send(_CONTROL_CHANNEL, USER_CONTROL, struct.pack(">H", _PONG) + message.payload[2:6])

    def _acknowledge(self) -> None:
        """A publisher that asked for it may stop until it hears how much has come."""
        received = self._chunks.received
        if self._acknowledge_every and received - self._acknowledged >= self._acknowledge_every // 2:
            self._acknowledged = received
            self._send(_CONTROL_CHANNEL, 3, struct.pack(">I", received % 2**32))

    def _refuse(self, code: str, why: str) -> None:
        self._tell("error", code, why)
        raise Refused(f"rtmp: a publisher was refused: {why}")

    def _tell(self, level: str, code: str, why: str) -> None:
        payload = amf.encode("onStatus", 0.0, None, _status(level, code, why))
        self._send(_STREAM_CHANNEL, COMMAND, payload, stream=_STREAM)

    def _answer(self, name: str, number: float, *values: amf.Value) -> None:
        self._send(_COMMAND_CHANNEL, COMMAND, amf.encode(name, number, *values))

    def _send(self, channel: int, kind: int, payload: bytes, stream: int = 0) -> None:
        self._write(chunks(Message(kind=kind, stream=stream, payload=payload), channel))


def _command(message: Message) -> tuple[str, float, *tuple[amf.Value, ...]]:
    """Name, number and arguments of a command."""
    payload = message.payload[1:] if message.kind == COMMAND_3 else message.payload
    values = amf.decode(payload)
    if len(values) < 2 or not isinstance(values[0], str) or not isinstance(values[1], float):
        raise BadInput("rtmp: a command without a name and a number")
    return values[0], values[1], *values[2:]


def _status(level: str, code: str, description: str) -> dict[str, amf.Value]:
    return {"level": level, "code": code, "description": description}
