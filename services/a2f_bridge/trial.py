"""`mirror try a2f_bridge speech.wav --out poses.csv`: the engine alone on one file."""

import asyncio
import csv
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from services.a2f_bridge.blendshapes import JAW_OPEN, NAMES, POSE_HZ, Poses, gap
from services.a2f_bridge.config import BridgeConfig
from services.a2f_bridge.engines import ENGINES
from services.a2f_bridge.face_animator import FaceAnimator, Speech
from services.a2f_bridge.performing import perform
from services.a2f_bridge.senders import LiveLinkSenders
from services.a2f_bridge.showing import show
from services.a2f_bridge.sound_file import read_speech
from shared.audio import VOICE_CHUNK, VOICE_HZ
from shared.clock import HostClock
from shared.config import section
from shared.errors import BadInput, EngineFailed

SEALED = 0.03
"""Lips closer than this are shut."""


def run_trial(
    settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Callable[[float, str], None]
) -> dict[str, object]:
    """Animate a sound file, write its poses as a table, and show them where that is asked for.

    Args:
        settings: All settings; [a2f_bridge] chooses the engine. An option `live_link` of it (`--set live_link=host:port`)
            says where the poses are to be shown as well, in real time; without it nothing leaves this process but to a peer.
        inputs: `input`: a WAV file. `out`: the CSV file to write (one row a pose: time, then the blendshapes by name), or None.
        progress: Told the share done, 0..1, and what is being done.

    Raises:
        BadInput: The file cannot be used, or the table cannot be written.
        ConfigError: No such engine.
        EngineUnavailable: It cannot be opened.
        EngineFailed: It broke on this file.
    """
    config, shows = _config(settings)
    source = inputs.get("input")
    if not source:
        raise BadInput("a2f_bridge: needs a WAV file: mirror try a2f_bridge speech.wav --out poses.csv")
    speech = read_speech(Path(source))
    tried = asyncio.run(_try(ENGINES.open(config), speech, config if shows else None, progress))
    out = inputs.get("out")
    if out:
        progress(1.0, "writing")
        write_table(Path(out), tried.poses)
    return _report(tried, len(speech) / VOICE_HZ) | {"out": out}


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One file through one engine."""

    engine: str
    lookahead_s: float
    poses: Poses
    wall_s: float
    cpu_s: float
    packets: int


def _config(settings: dict[str, Any]) -> tuple[BridgeConfig, bool]:
    """The settings, and whether the poses are to be shown: `live_link` is the stage's, though it is set like an engine's own."""
    config = section(settings, "a2f_bridge", BridgeConfig)
    own = dict(config.options.get(config.engine, {}))
    where = own.pop("live_link", None)
    if where is None:
        return config, False
    options = {**config.options, config.engine: own}
    live_link = tuple(map(str, where)) if isinstance(where, list) else str(where)
    return msgspec.structs.replace(config, options=options, live_link=live_link), True


def _report(tried: Tried, seconds: float) -> dict[str, object]:
    poses = tried.poses
    return {
        "engine": tried.engine,
        "seconds": round(seconds, 3),
        "poses": len(poses),
        "lookahead_ms": round(tried.lookahead_s * 1000, 1),
        "took_s": round(tried.wall_s, 4),
        "realtime_factor": round(tried.wall_s / seconds, 5),
        "core_share": round(tried.cpu_s / seconds, 5),
        "jaw_open": {
            "mean": round(float(poses[:, JAW_OPEN].mean()), 4),
            "most": round(float(poses[:, JAW_OPEN].max()), 4),
        },
        "sealed_share": round(float((gap(poses) < SEALED).mean()), 4),
        "packets": tried.packets,
    }


async def _try(
    animator: FaceAnimator, speech: Speech, shown: BridgeConfig | None, progress: Callable[[float, str], None]
) -> Tried:
    try:
        await animator.warm_up()
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        poses = await _animate(animator, speech, progress)
        wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
        packets = await _play(animator, speech, poses, shown, progress)
    finally:
        await animator.close()
    if trouble := animator.health().last_error:
        raise EngineFailed(trouble)
    return Tried(
        engine=animator.name, lookahead_s=animator.lookahead_s, poses=poses, wall_s=wall_s, cpu_s=cpu_s, packets=packets
    )


async def _animate(animator: FaceAnimator, speech: Speech, progress: Callable[[float, str], None]) -> Poses:
    utterance = animator.open_utterance()
    pieces: list[Poses] = []
    for begin in range(0, len(speech), VOICE_CHUNK):
        pieces.append(await utterance.push(speech[begin : begin + VOICE_CHUNK]))
        progress(min(1.0, (begin + VOICE_CHUNK) / len(speech)), "animating")
    return np.concatenate([*pieces, await utterance.finish()])


async def _play(
    animator: FaceAnimator,
    speech: Speech,
    poses: Poses,
    shown: BridgeConfig | None,
    progress: Callable[[float, str], None],
) -> int:
    """What takes as long as the sound does: a peer that performs, packets to Unreal. Returns how many packets left."""
    clock = HostClock()
    if animator.performer:
        progress(1.0, "performing, as long as it sounds")
    playing = perform(animator.performer, speech, clock) if animator.performer else asyncio.sleep(0)
    if shown is None:
        await playing
        return 0
    where = ", ".join(f"{host}:{port}" for host, port in shown.destinations())
    progress(1.0, f"showing at {where}, as long as it sounds")
    sender = LiveLinkSenders(shown.destinations())
    await sender.resolve()
    try:
        _, sent = await asyncio.gather(playing, show(shown, poses, sender, clock))
    finally:
        sender.close()
    if sent == 0:
        raise BadInput(sender.last_error)
    return sent


def write_table(path: Path, poses: Poses) -> None:
    """A CSV with a header: time_s, then the 52 blendshapes by name. Raises BadInput if it cannot be written."""
    try:
        with path.open("w", newline="", encoding="ascii") as file:
            table = csv.writer(file)
            table.writerow(["time_s", *NAMES])
            for i, pose in enumerate(poses.tolist()):
                table.writerow([f"{i / POSE_HZ:.6f}", *(f"{weight:.5f}" for weight in pose)])
    except OSError as error:
        raise BadInput(f"a2f_bridge: cannot write {path}: {error.strerror or error}") from error
