"""Where poses go. UDP tells little: a refusal is proof that nobody listens, silence is no proof that somebody does."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rig.checks.ground import Ground
from services.a2f_bridge.live_link import VALUES, Encoder
from shared.checkup import Finding

WAIT_S = 0.3
_KERNEL = Path("/proc/version")


def live_link(ground: Ground) -> Iterator[Finding]:
    """Send one neutral pose, and see whether the other side refuses it."""
    face = ground.stage("a2f_bridge")
    address = str(face.get("live_link", "127.0.0.1:11111"))
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        cure = "set [a2f_bridge] live_link to host:port of the machine that runs Unreal"
        yield Finding(check="Live Link", state="wrong", found=f"{address!r} is no address", cure=cure)
        return
    if ground.sources() == ("stand_in",):
        yield Finding(
            check="Live Link", state="right", found=f"{address}: the built-in virtual human listens once it runs"
        )
        return
    if _is_wsl2() and host in ("127.0.0.1", "localhost", "::1"):
        cure = "under WSL2 UDP does not leave by localhost: set [a2f_bridge] live_link to the Windows host's address"
        yield Finding(check="Live Link", state="wrong", found=f"{address}, in WSL2", cure=cure)
        return
    yield _probe(address, host, int(port), str(face.get("subject", "MirrorFace")))


def _probe(address: str, host: str, port: int, subject: str) -> Finding:
    packet = Encoder(subject.replace(" {session}", "")).packet(np.zeros(VALUES), time.monotonic())
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(WAIT_S)
            probe.connect((host, port))  # only then the kernel tells us of a refusal
            probe.send(packet)
            probe.recv(1)
    except ConnectionRefusedError:
        cure = "start Unreal with a Live Link source of type Apple ARKit Face on this port, then look again"
        return Finding(check="Live Link", state="missing", found=f"{address}: nobody listens there", cure=cure)
    except TimeoutError:
        found = f"{address}: one pose sent, not refused (UDP cannot say more; see that {subject!r} is green in Unreal)"
        return Finding(check="Live Link", state="right", found=found)
    except OSError as error:
        cure = "correct [a2f_bridge] live_link, or the network between the two machines"
        return Finding(check="Live Link", state="wrong", found=f"{address}: {error.strerror or error}", cure=cure)
    return Finding(check="Live Link", state="right", found=f"{address}: one pose sent, and answered")


def _is_wsl2() -> bool:
    return _KERNEL.is_file() and "microsoft" in _KERNEL.read_text(encoding="utf-8").lower()
