"""The port on which publishers knock: one is let in at a time, whoever else comes is told why not.

It stays open for ever. A publisher that sends is never displaced. One that has been silent is, by the next with the right
key: after a network fault the old connection looks alive for minutes, and OBS gives up for good when it is told that its
key is in use.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from services.faceswap.sources.rtmp import amf
from services.faceswap.sources.rtmp.chunks import Message
from services.faceswap.sources.rtmp.dialogue import Dialogue
from shared.errors import BadInput, EngineUnavailable

_LOG = logging.getLogger(__name__)

SILENT_S = 1.5
"""A publisher that has sent nothing for so long may be displaced. OBS waits 2 s before it tries again."""
_TALK_S = 5.0
"""Handshake and commands must be through by then."""
_LINGER_S = 1.0
"""How long a refused publisher has to read why."""
_MOST_CALLERS = 8
_LOOK_S = 0.25


class Publisher(msgspec.Struct):
    """The one that is let in."""

    connection: socket.socket
    last_at: float
    encoder: str = ""
    """What it calls itself."""
    fps: float = 0.0
    """The rate it says it sends; 0 if it does not say."""


class Listener:
    """Accepts publishers and hands on their video messages. Every caller has a thread of its own."""

    def __init__(
        self,
        address: tuple[str, int],
        path: tuple[str, str],
        take: Callable[[Message, float, bool], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`take(message, arrived_at, is_first)` gets the video messages, `is_first` with the first of each publisher."""
        self._address, self._path, self._take, self._clock = address, path, take, clock
        self._lock = threading.Lock()
        self._callers: dict[socket.socket, threading.Thread] = {}
        self._server: socket.socket | None = None
        self._accepting = threading.Thread(target=self._accept_for_ever, name="rtmp listener", daemon=True)
        self._is_closed = threading.Event()
        self.publisher: Publisher | None = None
        self.accepted = 0
        """Publishers let in so far."""
        self.last_refusal = ""
        """Why the last caller was no publisher; empty once one was let in."""

    @property
    def port(self) -> int:
        """The port listened on: what was asked for, or the one the system chose for 0."""
        return int(self._server.getsockname()[1]) if self._server else self._address[1]

    def open(self) -> None:
        """Listen. Raises EngineUnavailable if the port is taken or the host is not this machine's."""
        host, port = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._server = socket.create_server((host, port), family=family, backlog=_MOST_CALLERS)
        except OSError as error:
            raise EngineUnavailable(
                f"faceswap: cannot listen for OBS on {host}:{port} ({error.strerror or error}); stop what has the port, or "
                "set [faceswap.source_options.rtmp] listen to another (and OBS's server address with it)"
            ) from error
        self._server.settimeout(_LOOK_S)
        self._accepting.start()

    def close(self) -> None:
        """Let go of the port and of every caller."""
        self._is_closed.set()
        if self._server:
            _hang_up(self._server)  # wakes who waits for a caller; where the system does not, they look up soon
        if self._accepting.is_alive():
            self._accepting.join()
        if self._server:
            self._server.close()
        with self._lock:
            callers = dict(self._callers)
        for connection, thread in callers.items():
            _hang_up(connection)
            thread.join()

    def _accept_for_ever(self) -> None:
        assert self._server is not None, "open comes first"
        while not self._is_closed.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError:
                continue  # nobody came, or hung up before we looked
            with self._lock:
                if len(self._callers) >= _MOST_CALLERS:
                    connection.close()
                    continue
                thread = threading.Thread(target=self._serve, args=(connection,), name="rtmp caller", daemon=True)
                self._callers[connection] = thread
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        """One caller, to its end."""
        try:
            with connection, connection.makefile("rb", buffering=1 << 16) as stream:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                connection.settimeout(_TALK_S)
                self._talk(connection, stream.read)
        except (OSError, EOFError) as error:
            _LOG.info("a publisher's connection ended", extra={"reason": str(error)})
        finally:
            with self._lock:
                self._callers.pop(connection, None)
                if self.publisher is not None and self.publisher.connection is connection:
                    self.publisher = None

    def _talk(self, connection: socket.socket, read: Callable[[int], bytes | None]) -> None:
        def exactly(count: int) -> bytes:
            got = read(count) or b""
            if len(got) < count:
                raise EOFError("the publisher hung up")
            self._note_life(connection)
            return got

        dialogue = Dialogue(exactly, connection.sendall, path=self._path)
        try:
            dialogue.run(_Desk(self, connection))
        except BadInput as error:
            if not self._is_closed.is_set():
                _LOG.warning("a caller was no publisher", extra={"reason": str(error)})
                self.last_refusal = str(error)
            # Closing at once would make the system throw away the words that say why.
            connection.settimeout(_LINGER_S)
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
                while read(1 << 16):
                    pass

    def _note_life(self, connection: socket.socket) -> None:
        publisher = self.publisher
        if publisher is not None and publisher.connection is connection:
            publisher.last_at = self._clock()

    def let_in(self, connection: socket.socket) -> str:
        """Make this caller the publisher; or why not."""
        with self._lock:
            before = self.publisher
            if before is not None:
                quiet_s = self._clock() - before.last_at
                if quiet_s < SILENT_S:
                    return "another publisher is sending to this mirror; stop that one first"
                _hang_up(before.connection)
            self.publisher = Publisher(connection=connection, last_at=self._clock())
            self.accepted += 1
            self.last_refusal = ""
        # From here on silence ends nothing: a publisher that stands still may go on, and another may displace it.
        connection.settimeout(None)
        _LOG.info("a publisher was let in", extra={"publishers": self.accepted})
        return ""

    def hand_on(self, connection: socket.socket, message: Message, *, is_first: bool) -> None:
        """A video message, unless its sender was displaced meanwhile."""
        publisher = self.publisher
        if publisher is not None and publisher.connection is connection:
            self._take(message, self._clock(), is_first)


class _Desk:
    """What a dialogue may ask of the listener, for one caller."""

    def __init__(self, listener: Listener, connection: socket.socket) -> None:
        self._listener, self._connection = listener, connection
        self._is_first = True

    def may_publish(self) -> str:
        return self._listener.let_in(self._connection)

    def take_video(self, message: Message) -> None:
        self._listener.hand_on(self._connection, message, is_first=self._is_first)
        self._is_first = False

    def take_words(self, words: dict[str, amf.Value]) -> None:
        publisher = self._listener.publisher
        if publisher is not None and publisher.connection is self._connection:
            encoder, fps = words.get("encoder"), words.get("framerate")
            publisher.encoder = encoder[:100] if isinstance(encoder, str) else ""
            publisher.fps = fps if isinstance(fps, float) else 0.0


def _hang_up(connection: socket.socket) -> None:
    """Wake the thread that waits for it: closing alone would leave it waiting."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
