"""`mirror bench video`: how long a picture is on its way into the mirror, by the time that is drawn in it.

A sender in a process of its own draws the host clock into each picture, codes it as OBS does and sends it; here it is read
from the pixels that the stage would be handed. What that leaves out is OBS's own capture (one or two pictures) and the swap.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from services.faceswap.sources.pull import Options as PullOptions
from services.faceswap.sources.pull import Pull
from services.faceswap.sources.rtmp import Options as RtmpOptions
from services.faceswap.sources.rtmp import Rtmp
from services.faceswap.timed_card import read_card
from services.faceswap.video_publisher import Sending
from services.faceswap.video_source import VideoSource
from shared.benchmark import Benchmark, Cell, Table
from shared.errors import EngineFailed

WARM_S = 1.0
"""Left out at the beginning: connecting, and the first key picture."""
STALL_AT_S, STALL_S = 3.0, 2.0
_POLL_S = 0.001
_PATIENCE_S = 20.0


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way in, and what is sent over it."""

    key: str
    title: str
    sending: Sending
    is_pulled: bool = False
    """We fetch it; otherwise the sender comes to us."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One picture that arrived."""

    at: float
    """Host clock, seconds."""
    drawn_at: float


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What came over one way."""

    way: Way
    seen: list[Seen]
    skipped: int
    own_ms: float
    """Median from a packet's arrival in this process until its picture was ready."""


def run_benchmark(
    settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Callable[[float, str], None]
) -> Benchmark:
    """Measure every way in; the settings do not matter, ports are chosen free."""
    del settings
    seconds = 4.0 if inputs.get("quick") else 12.0
    ways = _ways(seconds)
    taken = []
    for number, way in enumerate(ways):
        progress(number / len(ways), way.title)
        taken.append(measure(way))
    return Benchmark(
        name="video",
        tables=(_delays(taken), _after_stall(taken[-1])),
        figures=_figures(taken),
        notes=(
            "No OBS and no Unreal here: the sender is x264 (ultrafast, zerolatency, a key picture a second) through FFmpeg's muxers.",
            "RTSP and SRT are not in the table: they need a server between sender and mirror.",
        ),
    )


def _ways(seconds: float) -> list[Way]:
    plain = Sending(url="", seconds=seconds)
    change = msgspec.structs.replace
    return [
        Way(key="rtmp_720p", title="RTMP 1280x720", sending=plain),
        Way(key="rtmp_1080p", title="RTMP 1920x1080", sending=change(plain, width=1920, height=1080)),
        Way(key="rtmp_b_frames", title="RTMP 1280x720, 2 B-frames", sending=change(plain, b_frames=2)),
        Way(key="nut_720p", title="NUT over TCP 1280x720", sending=change(plain, container="nut"), is_pulled=True),
        Way(
            key="mpegts_720p",
            title="MPEG-TS over TCP 1280x720",
            sending=change(plain, container="mpegts"),
            is_pulled=True,
        ),
        Way(
            key="stall",
            title="RTMP 1280x720, nothing for 2 s, then all at once",
            sending=change(plain, seconds=STALL_AT_S + STALL_S + 3.0, stall_at_s=STALL_AT_S, stall_s=STALL_S),
        ),
    ]


def measure(way: Way) -> Taken:
    """Everything that comes over one way. Raises EngineFailed if nothing does."""
    with _receiving(way) as (source, url), _sending(msgspec.structs.replace(way.sending, url=url)) as sender:
        seen: list[Seen] = []
        delays: list[float] = []
        limit = time.monotonic() + way.sending.seconds + _PATIENCE_S
        while sender.poll() is None and time.monotonic() < limit:
            time.sleep(_POLL_S)
            shot = source.newest(time.monotonic())
            if shot is None:
                continue
            at, drawn_at = time.monotonic(), read_card(shot.pixels)
            delays.append(source.status().delay_ms)
            if drawn_at is not None:
                seen.append(Seen(at=at, drawn_at=drawn_at))
        status = source.status()
    warm = [one for one in seen if one.at > seen[0].at + WARM_S]
    if not warm:
        raise EngineFailed(
            f"bench video: no picture came over {way.title}: {status.trouble or 'the sender ended at once'}"
        )
    return Taken(way=way, seen=warm, skipped=status.skipped, own_ms=float(np.median(delays)))


@contextmanager
def _receiving(way: Way) -> Iterator[tuple[VideoSource, str]]:
    """The open source, and where the sender shall send."""
    source: Rtmp | Pull
    # Nothing may be cut off the card: the same shape, at half the size.
    size = (way.sending.width // 2, way.sending.height // 2)
    if way.is_pulled:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        source = Pull(PullOptions(address=f"tcp://127.0.0.1:{port}", retry_s=0.05))
        url = f"tcp://127.0.0.1:{port}?listen=1"
    else:
        source = Rtmp(RtmpOptions(listen="127.0.0.1:0"))
        url = ""
    source.open(*size)
    try:
        yield source, url or f"rtmp://127.0.0.1:{source.port}/live/mirror"  # type: ignore[union-attr]  # only Rtmp leaves it empty
    finally:
        source.close()


@contextmanager
def _sending(sending: Sending) -> Iterator[subprocess.Popen[bytes]]:
    words = [
        word
        for name, value in msgspec.structs.asdict(sending).items()
        for word in (f"--{name.replace('_', '-')}", str(value))
    ]
    sender = subprocess.Popen([sys.executable, "-m", "services.faceswap.video_publisher", *words])
    try:
        yield sender
    finally:
        sender.kill()
        sender.wait()


def _ages_ms(seen: list[Seen]) -> list[float]:
    return [1000.0 * (one.at - one.drawn_at) for one in seen]


def _fps(seen: list[Seen]) -> float:
    return (len(seen) - 1) / (seen[-1].at - seen[0].at)


def _delays(taken: list[Taken]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in taken[:-1]:
        shares = [round(float(share), 1) for share in np.percentile(_ages_ms(one.seen), [50, 95, 100])]
        rows.append((one.way.title, round(_fps(one.seen), 1), *shares, round(one.own_ms, 1), one.skipped))
    return Table(
        title="From drawing a picture to having it",
        columns=("way", "fps", "p50 ms", "p95 ms", "longest ms", "of that our own p50 ms", "skipped"),
        rows=tuple(rows),
        note="24 pictures a second are sent; drawing (about 2 ms) and coding are in the figures. B-frames cost 3 pictures and more.",
    )


def stall_of(seen: list[Seen]) -> tuple[float, float, int]:
    """After the longest gap: its length (s), the age of the first picture then (ms), and how many were shown within 100 ms."""
    gaps = [after.at - before.at for before, after in pairwise(seen)]
    first = int(np.argmax(gaps)) + 1
    at_once = sum(1 for one in seen[first:] if one.at - seen[first].at <= 0.1)
    return gaps[first - 1], 1000.0 * (seen[first].at - seen[first].drawn_at), at_once


def _after_stall(one: Taken) -> Table:
    gap_s, age_ms, at_once = stall_of(one.seen)
    return Table(
        title="After a stall",
        columns=("way", "gap s", "age of the first picture after it ms", "shown within 100 ms", "skipped"),
        rows=((one.way.title, round(gap_s, 2), round(age_ms, 1), at_once, one.skipped),),
        note=f"{STALL_S * 24:.0f} pictures pile up. Played, they would race by; here only those of the last moment are shown.",
    )


def _figures(taken: list[Taken]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for one in taken[:-1]:
        p50, p95 = np.percentile(_ages_ms(one.seen), [50, 95])
        figures |= {
            f"{one.way.key}.p50_ms": round(float(p50), 1),
            f"{one.way.key}.p95_ms": round(float(p95), 1),
            f"{one.way.key}.fps": round(_fps(one.seen), 2),
            f"{one.way.key}.skipped": one.skipped,
        }
    gap_s, age_ms, at_once = stall_of(taken[-1].seen)
    return figures | {
        "stall.gap_s": round(gap_s, 2),
        "stall.first_age_ms": round(age_ms, 1),
        "stall.shown_at_once": at_once,
        "stall.skipped": taken[-1].skipped,
    }
