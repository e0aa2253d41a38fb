"""The edge to Unreal: datagrams to one host, never a wait, never a death."""

import asyncio
import ipaddress
import logging
import socket
from typing import Any

LOG = logging.getLogger(__name__)

RESOLVE_AGAIN_S = 5.0
"""How often the host is looked up: a container that was replaced has another address."""


class LiveLinkSender:
    """Sends datagrams. UDP has no peer: whether anyone listens cannot be known, and Unreal may come and go."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._socket: socket.socket | None = None
        self._to: list[Any] = []  # what getaddrinfo says, as sendto wants it: its shape depends on the family
        self._family: int | None = None
        self.sent = 0
        self.failed = 0
        self.last_error = ""

    async def resolve(self) -> None:
        """Look the host up. A name of several addresses, as replicas have in common, gets each datagram at all of them."""
        if self._to and _is_address(self._host):
            return
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)
        except OSError as error:
            if not self._to:  # else the old address is the best there is
                self._note(error)
            return
        family = found[0][0]
        if self._socket is None or family != self._family:
            self.close()
            self._socket, self._family = socket.socket(family, socket.SOCK_DGRAM), family
            self._socket.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        self._to = list(dict.fromkeys(to for kind, *_, to in found if kind == family))

    def send(self, datagram: bytes) -> bool:
        """One datagram; False if it was dropped, for the next one comes in 17 ms anyway."""
        if self._socket is None:
            return False
        refused: OSError | None = None
        for to in self._to:
            try:
                self._socket.sendto(datagram, to)
            except OSError as error:  # also a full buffer: a late pose is worth nothing
                refused = error
        if refused:
            self._note(refused)
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


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
