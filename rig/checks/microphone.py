"""This machine's microphone, where one can be heard. The visitor's is the kiosk browser's, which may be another machine's.

Runs in a process of its own (`rig.checks.child`): a sound server can hang whoever opens it.
"""

import importlib
import importlib.util
import math
from collections.abc import Callable, Iterator
from typing import Any

from shared.checkup import Finding

LISTEN_S = 1.0
RATE = 16000
SILENT_DBFS = -90.0
"""Below this there is no microphone behind the jack, or it is muted: the quietest room is above it."""
LOUD_DBFS = -12.0
_KIOSK = "the kiosk page's own level counts; see that it moves when you speak before the glass"


def run_checkup(settings: dict[str, Any], progress: Callable[[float, str], None]) -> Iterator[Finding]:
    """Listen for a second."""
    del settings
    if importlib.util.find_spec("sounddevice") is None:
        yield Finding(check="microphone", state="missing", found="cannot be heard from here", cure=_KIOSK)
        return
    progress(0.2, "listening")
    yield _listen()


def _listen() -> Finding:
    try:
        sounddevice = importlib.import_module("sounddevice")
        device = sounddevice.query_devices(kind="input")
        sound = sounddevice.rec(round(LISTEN_S * RATE), samplerate=RATE, channels=1, dtype="float32", blocking=True)
    except Exception as error:  # noqa: BLE001 - PortAudio and its absence raise whatever they like
        return Finding(
            check="microphone", state="missing", found=f"none on this machine ({_first_line(error)})", cure=_KIOSK
        )
    return judge(str(device["name"]), float((sound**2).mean()) ** 0.5)


def judge(name: str, rms: float) -> Finding:
    """What a level means.

    Args:
        name: Of the device.
        rms: Root mean square of a second of the room, full scale 1.
    """
    level = 20 * math.log10(rms) if rms > 0 else -math.inf
    figures = {"level_dbfs": round(max(level, -120.0), 1)}
    found = f"{name}: the room is at {max(level, -120.0):.0f} dBFS"
    if level < SILENT_DBFS:
        cure = f"muted, or not plugged in; if the kiosk runs elsewhere: {_KIOSK}"
        return Finding(check="microphone", state="missing", found=found, cure=cure, figures=figures)
    if level > LOUD_DBFS:
        cure = "turn the gain down: speech on top of this will clip"
        return Finding(check="microphone", state="missing", found=found, cure=cure, figures=figures)
    return Finding(check="microphone", state="right", found=found, figures=figures)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
