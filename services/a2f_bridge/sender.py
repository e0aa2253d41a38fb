"""The edge to Unreal: datagrams to one address, never a wait, never a death."""

import asyncio
import logging
import socket
from typing import Any

LOG = logging.getLogger(__name__)

RESOLVE_AGAIN_S = 5.0
"""How often a host that has no address yet is looked up."""


class LiveLinkSender:
    """Sends datagrams. UDP has no peer: whether anyone listens cannot be known, and Unreal may come and go."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._socket: socket.socket | None = None
        self._to: Any = None  # what getaddrinfo says, as sendto wants it: its shape depends on the family
        self.sent = 0
        self.failed = 0
        self.last_error = ""

    async def resolve(self) -> None:
        """Look the host up; does nothing once it is known."""
        if self._socket:
            return
        loop = asyncio.get_running_loop()
        try:
            family, kind, protocol, _, self._to = (
                await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)
            )[0]
        except OSError as error:
            self._note(error)
            return
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setblocking(False)  # noqa: FBT003 - the standard library's own signature

    def send(self, datagram: bytes) -> bool:
        """One datagram; False if it was dropped, for the next one comes in 17 ms anyway."""
        if self._socket is None:
            return False
        try:
            self._socket.sendto(datagram, self._to)
        except OSError as error:  # also a full buffer: a late pose is worth nothing
            self._note(error)
            return False
        self.sent += 1
        self.last_error = ""
        return True

    def _note(self, error: OSError) -> None:
        self.failed += 1
        text = f"live link: cannot send to {self._host}:{self._port}: {error.strerror or error}; see [a2f_bridge] live_link"
        if text != self.last_error:
            LOG.warning("live link cannot send", extra={"reason": text})
        self.last_error = text

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket:
            self._socket.close()
            self._socket = None
