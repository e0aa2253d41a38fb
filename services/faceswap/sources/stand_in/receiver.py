"""The stand-in's ear: a UDP socket that is drained when a picture is due, like Unreal's once a tick."""

import contextlib
import socket

from services.faceswap.sources.stand_in.live_link import Pose, read_packet
from shared.errors import BadInput, ConfigError, EngineUnavailable

_LARGEST = 2048
_MOST_A_TICK = 1024
"""A flood of packets must not hold up the picture."""


class Receiver:
    """Poses from the network; the newest good one counts."""

    def __init__(self, listen: str) -> None:
        host, _, port = listen.rpartition(":")
        if not host or not port.isdigit():
            raise ConfigError(f"[faceswap] live_link_listen: {listen!r} is not host:port")
        self._address = (host, int(port))
        self._socket: socket.socket | None = None
        self.refused = 0
        """Packets that were none of ours."""

    @property
    def port(self) -> int:
        """The port listened on: what was asked for, or the one the system chose for 0."""
        return int(self._socket.getsockname()[1]) if self._socket else self._address[1]

    def open(self) -> None:
        """Bind. Raises EngineUnavailable if the port is taken."""
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            opened.bind(self._address)
        except OSError as error:
            opened.close()
            raise EngineUnavailable(
                f"faceswap: cannot listen on {self._address[0]}:{self._address[1]} ({error.strerror}); another program "
                "has it: stop it, or set [faceswap.source_options.stand_in] live_link_listen"
            ) from error
        opened.settimeout(0.0)
        self._socket = opened

    def newest(self) -> Pose | None:
        """The last good pose that came since the last call, or None."""
        pose = None
        for _ in range(_MOST_A_TICK):
            try:
                packet = self._socket.recv(_LARGEST) if self._socket else b""
            except BlockingIOError:
                break
            except OSError:
                # An ICMP error of an earlier packet is reported here; it says nothing about the next.
                continue
            if not packet:
                break
            with contextlib.suppress(BadInput):
                pose = read_packet(packet)
                continue
            self.refused += 1
        return pose

    def close(self) -> None:
        """Let go of the port."""
        if self._socket:
            self._socket.close()
            self._socket = None
