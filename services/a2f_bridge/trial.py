"""`mirror try a2f_bridge speech.wav --out poses.csv`: the engine alone on one file."""

import asyncio
import csv
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from services.a2f_bridge.blendshapes import JAW_OPEN, NAMES, POSE_HZ, Poses, gap
from services.a2f_bridge.config import BridgeConfig
from services.a2f_bridge.engines import ENGINES
from services.a2f_bridge.face_animator import FaceAnimator, Speech
from services.a2f_bridge.performing import perform
from services.a2f_bridge.sound_file import read_speech
from shared.audio import VOICE_CHUNK, VOICE_HZ
from shared.config import section
from shared.errors import BadInput, EngineFailed

SEALED = 0.03
"""Lips closer than this are shut."""


def run_trial(
    settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Callable[[float, str], None]
) -> dict[str, object]:
    """Animate a sound file and write its poses as a table.

    Args:
        settings: All settings; [a2f_bridge] chooses the engine.
        inputs: `input`: a WAV file. `out`: the CSV file to write (one row a pose: time, then the blendshapes by name), or None.
        progress: Told the share done, 0..1, and what is being done.

    Raises:
        BadInput: The file cannot be used, or the table cannot be written.
        ConfigError: No such engine.
        EngineUnavailable: It cannot be opened.
        EngineFailed: It broke on this file.
    """
    config = section(settings, "a2f_bridge", BridgeConfig)
    source = inputs.get("input")
    if not source:
        raise BadInput("a2f_bridge: needs a WAV file: mirror try a2f_bridge speech.wav --out poses.csv")
    speech = read_speech(Path(source))
    animator = ENGINES.open(config)
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    poses = asyncio.run(_animate(animator, speech, progress))
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    out = inputs.get("out")
    if out:
        progress(1.0, "writing")
        write_table(Path(out), poses)
    seconds = len(speech) / VOICE_HZ
    return {
        "engine": animator.name,
        "seconds": round(seconds, 3),
        "poses": len(poses),
        "lookahead_ms": round(animator.lookahead_s * 1000, 1),
        "took_s": round(wall_s, 4),
        "realtime_factor": round(wall_s / seconds, 5),
        "core_share": round(cpu_s / seconds, 5),
        "jaw_open": {
            "mean": round(float(poses[:, JAW_OPEN].mean()), 4),
            "most": round(float(poses[:, JAW_OPEN].max()), 4),
        },
        "sealed_share": round(float((gap(poses) < SEALED).mean()), 4),
        "out": out,
    }


async def _animate(animator: FaceAnimator, speech: Speech, progress: Callable[[float, str], None]) -> Poses:
    try:
        await animator.warm_up()
        utterance = animator.open_utterance()
        pieces: list[Poses] = []
        for begin in range(0, len(speech), VOICE_CHUNK):
            pieces.append(await utterance.push(speech[begin : begin + VOICE_CHUNK]))
            progress(min(1.0, (begin + VOICE_CHUNK) / len(speech)), "animating")
        poses = np.concatenate([*pieces, await utterance.finish()])
        if animator.performer:
            progress(0.0, "performing, as long as it sounds")
            await perform(animator.performer, speech)
    finally:
        await animator.close()
    if trouble := animator.health().last_error:
        raise EngineFailed(trouble)
    return poses


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
