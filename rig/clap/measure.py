"""From a film of the mirror to a verdict: by the claps in it, or by its lips."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rig.clap.click import find_clicks
from rig.clap.flash import find_flashes
from rig.clap.lips import Curve, Fit, fit_lips
from rig.clap.pairs import LEAST, pair
from rig.clap.recording import RATE_HZ, Recording, pictures, read_recording
from rig.clap.verdict import Verdict, decide
from services.a2f_bridge.blendshapes import JAW_OPEN, POSE_HZ
from services.a2f_bridge.lipsync.stream import LipSync
from services.faceswap.alignment import mouth_openness
from services.faceswap.face_mesh import FaceMesh
from shared.errors import BadInput

METHODS = ("auto", "flash", "lips")
LEAST_LIKENESS = 0.4
LEAST_LEAD = 0.08
_QUIET = 0.01
"""Loudness, root mean square, below which a frame of sound is no speech."""
_DEFAULT_LEAD_S, _DEFAULT_OFFSET_MS = 0.105, 90.0

Progress = Callable[[str, float], None]
Found = tuple[str, float, float, int]
"""Method, sound late by (ms), spread (ms), how much was measured."""


def measure(path: Path, method: str, baseline_ms: float, settings: Mapping[str, Any], progress: Progress) -> Verdict:
    """The verdict on a film.

    Args:
        path: What a telephone filmed.
        method: flash, lips, or auto: flash where there are claps in it, else lips.
        baseline_ms: What the same telephone measures where sound and picture are together.
        settings: Those the mirror ran with.
        progress: Told what is being done, and the share of it.

    Raises:
        BadInput: Neither claps nor speaking lips can be found in it, or it is no film.
    """
    if method not in METHODS:
        raise BadInput(f"clap: no method {method!r}; there are {', '.join(METHODS)}")
    progress("reading", 0.0)
    recording = read_recording(path)
    found = by_flash(recording) if method != "lips" else None
    if found is None and method == "flash":
        raise BadInput(
            f"clap: fewer than {LEAST} claps with both flash and click in {path}; hold the telephone still, the whole picture in "
            "view, and the loudspeaker loud enough"
        )
    if found is None:
        found = by_lips(recording, path, progress)
    bridge, turns = settings.get("a2f_bridge", {}), settings.get("session", {}).get("turns", {})
    return decide(
        found,
        baseline_ms=baseline_ms,
        av_offset_ms=float(bridge.get("av_offset_ms", _DEFAULT_OFFSET_MS)),
        lead_ms=1000.0 * float(turns.get("lead_s", _DEFAULT_LEAD_S)),
    )


def by_flash(recording: Recording) -> Found | None:
    """By the claps; None if there are too few."""
    clicks = [recording.sound_at + at for at in find_clicks(recording.sound, RATE_HZ)]
    pairs = pair(clicks, find_flashes(recording.grids, recording.times))
    return ("flash", 1000.0 * pairs.late_s, 1000.0 * pairs.spread_s, pairs.count) if pairs else None


def by_lips(recording: Recording, path: Path, progress: Progress) -> Found:
    """By the mirror's lips against its speech. Raises BadInput."""
    filmed = _filmed(path, recording.times[-1], progress)
    if len(filmed[0]) < len(recording.times) / 2:
        raise BadInput(
            f"clap: a face is seen in {len(filmed[0])} of {len(recording.times)} pictures of {path}; film the mirror from the front, "
            "nearer, and nobody else in the picture"
        )
    fit = fit_lips(expected_opening(recording.sound, recording.sound_at), filmed)
    if fit is None or fit.likeness < LEAST_LIKENESS or fit.lead < LEAST_LEAD:
        raise BadInput(_unclear(fit, path))
    # Lips behind the sound: the sound is early.
    return "lips", -1000.0 * fit.delay_s, 0.0, round(_speech_s(recording.sound))


def expected_opening(sound: np.ndarray[Any, np.dtype[np.float32]], sound_at: float) -> tuple[Curve, Curve]:
    """How the mouth should open to this sound: times (s) and JawOpen, sixty a second."""
    lips = LipSync(RATE_HZ)
    poses = np.concatenate((lips.push(sound), lips.finish()))
    return sound_at + np.arange(len(poses)) / POSE_HZ, poses[:, JAW_OPEN].astype(np.float64)


def _filmed(path: Path, end: float, progress: Progress) -> tuple[Curve, Curve]:
    mesh = FaceMesh()
    times, opening = [], []
    for at, pixels in pictures(path):
        progress("watching the lips", min(1.0, at / max(end, 1e-3)))
        points = mesh.track(pixels)
        if points is not None:
            times.append(at)
            opening.append(mouth_openness(points))
    return np.array(times), np.array(opening)


def _speech_s(sound: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    blocks = sound[: len(sound) // 1200 * 1200].reshape(-1, 1200)
    return float((np.sqrt(np.mean(np.square(blocks), axis=1)) > _QUIET).sum() * 1200 / RATE_HZ)


def _unclear(fit: Fit | None, path: Path) -> str:
    if fit is None:
        return f"clap: {path} is too short; film at least 10 s while the mirror speaks"
    return (
        f"clap: the lips in {path} do not fit its sound anywhere clearly (likeness {fit.likeness:.2f}, {fit.lead:.2f} above the next); "
        "film 20 s in which only the mirror speaks, from the front and near, in a quiet room"
    )
