"""Where poses go. UDP tells little: a refusal is proof that nobody listens, silence is no proof that somebody does."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rig.checks.ground import Ground
from services.a2f_bridge.config import BridgeConfig
from services.a2f_bridge.live_link import VALUES, Encoder
from shared.checkup import Finding
from shared.config import section
from shared.errors import ConfigError

WAIT_S = 0.3
_KERNEL = Path("/proc/version")


def live_link(ground: Ground) -> Iterator[Finding]:
    """Send one neutral pose, and see whether the other side refuses it."""
    face = ground.stage("a2f_bridge")
    subject = str(face.get("subject", "MirrorFace"))
    try:
        destinations = section(ground.settings, "a2f_bridge", BridgeConfig).destinations()
    except ConfigError as error:
        cure = "set [a2f_bridge] live_link to host:port of the machine that runs Unreal"
        yield Finding(check="Live Link", state="wrong", found=str(error), cure=cure)
        return
    sources = ground.sources()
    stand_in = _stand_in_port(ground) if "stand_in" in sources else 0
    for host, port in destinations:
        if port == stand_in or sources == ("stand_in",):
            found = f"{host}:{port}: the built-in virtual human listens once it runs"
            yield Finding(check="Live Link", state="right", found=found)
        elif _is_wsl2() and host in ("127.0.0.1", "localhost", "::1"):
            cure = (
                "under WSL2 UDP does not leave by localhost: set [a2f_bridge] live_link to the Windows host's address"
            )
            yield Finding(check="Live Link", state="wrong", found=f"{host}:{port}, in WSL2", cure=cure)
        else:
            yield _probe(host, port, subject)
    if stand_in and stand_in not in [port for _, port in destinations]:
        cure = f'add it: [a2f_bridge] live_link = [..., "127.0.0.1:{stand_in}"]; else it stands in with a still face'
        found = f"the built-in virtual human listens at port {stand_in}, where no poses go"
        yield Finding(check="Live Link", state="missing", found=found, cure=cure)


def _stand_in_port(ground: Ground) -> int:
    port = str(ground.source_options("stand_in").get("live_link_listen", "127.0.0.1:11111")).rpartition(":")[2]
    return int(port) if port.isdecimal() else 0


def _probe(host: str, port: int, subject: str) -> Finding:
    address = f"{host}:{port}"
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
