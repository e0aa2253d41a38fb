"""The ports that the mirror itself will open."""

import os
import socket
from collections.abc import Iterator

from rig.checks.ground import Ground
from rig.options import DEFAULT_PORT
from shared.checkup import Finding


def ports(ground: Ground) -> Iterator[Finding]:
    """Each is free, or taken by something that must go first (a running mirror, perhaps)."""
    session = ground.stage("session")
    yield _port(
        "pages", socket.SOCK_STREAM, str(session.get("host", "127.0.0.1")), int(session.get("port", DEFAULT_PORT))
    )
    for source in ground.sources():
        options = ground.source_options(source)
        if source == "stand_in":
            yield _address("virtual human", socket.SOCK_DGRAM, str(options.get("live_link_listen", "127.0.0.1:11111")))
        elif source == "rtmp":
            yield _address("video in", socket.SOCK_STREAM, str(options.get("listen", "127.0.0.1:1935")))


def _address(name: str, kind: socket.SocketKind, address: str) -> Finding:
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        cure = "write host:port, for example 127.0.0.1:11111"
        return Finding(check=f"port of the {name}", state="wrong", found=address or "empty", cure=cure)
    return _port(name, kind, host, int(port))


def _port(name: str, kind: socket.SocketKind, host: str, port: int) -> Finding:
    check = f"port {port} ({name})"
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            # A port in TIME_WAIT is free to a server that says so, as ours do.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            cure = "stop what has it (is a mirror running already?), or set another port"
            return Finding(check=check, state="missing", found=reason, cure=cure)
    return Finding(check=check, state="right", found="free")
