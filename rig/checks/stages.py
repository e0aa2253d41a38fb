"""Every stage's own check, each in a process of its own with a deadline: one that crashes or hangs is one line, not the end.

Two lanes run beside each other: what computes, one after the other, so that each is timed alone; and what asks peers.
"""

import asyncio
import contextlib
import importlib.util
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from rig.checks.child import Line
from rig.checks.gpu import NoCard, read_card
from rig.checks.ground import Ground
from rig.checks.vram import PLANNED_GB, measured
from rig.children import die_with_parent
from shared.checkup import Finding

LANES = (("asr", "tts", "faceswap", "video"), ("llm", "a2f_bridge", "microphone"))
SHOWN = ("asr", "llm", "tts", "a2f_bridge", "faceswap", "video", "microphone")
"""As the visitor's words pass through them."""
OWN = {"video": "rig.checks.video", "microphone": "rig.checks.microphone"}
"""Checks that are the rig's, not a stage's."""
LONGEST_S = 30.0
SHORTEST_S = 6.0
"""Kept for each that still waits, however long the ones before it take."""
SAMPLE_S = 0.5

Progress = Callable[[str, float], None]


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """One check to run."""

    name: str
    module: str
    is_stage: bool = True


async def run_stages(ground: Ground, progress: Progress, lane_s: float) -> dict[str, list[Finding]]:
    """What each check found, by its name.

    Args:
        ground: What to look at.
        progress: Told what is being done, and how much of the whole is done.
        lane_s: For all checks of one lane together.
    """
    lanes = [[_errand(name, ground.package) for name in lane] for lane in LANES]
    found: dict[str, list[Finding]] = {}
    shares: dict[str, float] = {}

    def note(name: str, share: float, what: str) -> None:
        shares[name] = max(shares.get(name, 0.0), min(1.0, share))
        progress(f"{name} {what}".strip(), sum(shares.values()) / sum(len(lane) for lane in lanes))

    async def run_lane(lane: list[Errand], is_metered: bool) -> None:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + lane_s
        for number, errand in enumerate(lane):
            left_s = ends_at - loop.time() - SHORTEST_S * (len(lane) - number - 1)
            patience_s = max(0.1, min(LONGEST_S, left_s))
            note(errand.name, 0.0, "")
            meter = _Meter() if is_metered else None
            async with meter or contextlib.nullcontext():
                found[errand.name] = await run_one(errand, ground.settings, patience_s, note)
            if meter and (line := meter.line(errand.name, ground)):
                found[errand.name].append(line)
            note(errand.name, 1.0, "")

    async with asyncio.TaskGroup() as group:
        for lane in lanes:
            group.create_task(run_lane(lane, lane is lanes[0] and ground.needs_card()))
    return {name: found[name] for name in SHOWN}


def _errand(name: str, package: str) -> Errand:
    return Errand(name=name, module=OWN.get(name, f"{package}.{name}.checkup"), is_stage=name not in OWN)


async def run_one(
    errand: Errand, settings: dict[str, Any], patience_s: float, note: Callable[[str, float, str], None]
) -> list[Finding]:
    """Run one check; whatever happens to it, there is at least one line to read."""
    if not _exists(errand.module):
        engine = settings.get(errand.name, {}).get("engine", "")
        cure = f"try it: mirror try {errand.name} INPUT"
        return [Finding(check=f"engine of {errand.name}", state="missing", found=f"{engine}: not tried", cure=cure)]
    found: list[Finding] = []
    reader, writer = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "rig.checks.child", errand.module, str(writer)),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        pass_fds=(writer,), start_new_session=True, preexec_fn=die_with_parent,
    )  # fmt: skip
    os.close(writer)
    is_late = False
    try:
        async with asyncio.timeout(patience_s):
            _, said = await asyncio.gather(
                _hear(reader, lambda line: _take(line, errand.name, found, note)),
                process.communicate(msgspec.json.encode(settings)),
            )
            errors = said[1].decode(errors="replace")
    except TimeoutError:
        is_late, errors = True, ""
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return found + _ending(errand, process.returncode or 0, patience_s if is_late else 0.0, errors)


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


async def _hear(descriptor: int, take: Callable[[bytes], None]) -> None:
    """Every line that comes, until the other side is gone."""
    stream = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb", buffering=0)
    )
    try:
        while line := await stream.readline():
            take(line)
    finally:
        transport.close()


def _take(raw: bytes, name: str, found: list[Finding], note: Callable[[str, float, str], None]) -> None:
    line = msgspec.json.decode(raw, type=Line)
    if line.finding:
        found.append(line.finding)
    else:
        note(name, line.share, line.what)


def _ending(errand: Errand, code: int, late_s: float, errors: str) -> list[Finding]:
    """A line for an end that was none."""
    check = f"engine of {errand.name}" if errand.is_stage else errand.name
    state: Literal["wrong", "missing"] = "missing" if errand.name == "microphone" else "wrong"
    how = f"see it alone: mirror try {errand.name} INPUT" if errand.is_stage else "see docs/rig.md"
    if late_s:
        found = f"no answer within {late_s:.0f} s: given up"
        cure = f"a peer or a device hangs, or the machine is too busy; {how}"
        return [Finding(check=check, state=state, found=found, cure=cure)]
    if code:
        last = (errors.strip().splitlines() or ["it said nothing"])[-1]
        end = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return [Finding(check=check, state=state, found=f"crashed ({end}): {last[:200]}", cure=how)]
    return []


class _Meter:
    """The card's memory while one check runs alone."""

    def __init__(self) -> None:
        self._before_gb = self._most_gb = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        with contextlib.suppress(NoCard):
            self._before_gb = self._most_gb = (await asyncio.to_thread(read_card)).used_gb
            self._task = asyncio.get_running_loop().create_task(self._watch())

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, NoCard):
                await self._task

    async def _watch(self) -> None:
        while True:
            self._most_gb = max(self._most_gb, (await asyncio.to_thread(read_card)).used_gb)
            await asyncio.sleep(SAMPLE_S)

    def line(self, stage: str, ground: Ground) -> Finding | None:
        """What was taken; None where no card was read or nothing was taken."""
        taken_gb = self._most_gb - self._before_gb
        planned_gb = sum(PLANNED_GB.get(engine, 0.0) for engine in ground.engines(stage))
        if self._task is None or (taken_gb < 0.05 and not planned_gb):
            return None
        return measured(stage, taken_gb, planned_gb)
