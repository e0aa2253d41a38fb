"""The embedded engine on recorded people: what a mouth must do whoever speaks."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from services.a2f_bridge.blendshapes import JAW_OPEN, POSE_HZ
from services.a2f_bridge.face_animator import SAMPLES_PER_POSE
from services.a2f_bridge.lipsync.mouth import JAW_STEP
from services.a2f_bridge.lipsync.stream import LipSync
from services.a2f_bridge.sound_file import read_speech
from shared.audio import VOICE_HZ, rms_dbfs

FOUND = importlib.util.find_spec("moonshine_voice")
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(FOUND is None, reason="moonshine_voice is not installed: its recordings are missing"),
]
RECORDINGS = ("beckett.wav", "two_cities.wav", "endgame_nagg_nell.wav")


def recording(name: str) -> np.ndarray:
    assert FOUND
    assert FOUND.origin
    return read_speech(Path(FOUND.origin).parent / "assets" / name)[: 20 * VOICE_HZ]


def loudness(speech: np.ndarray, poses: int) -> np.ndarray:
    around = np.pad(speech, (300, 300 + SAMPLES_PER_POSE))
    return np.array([max(-90.0, rms_dbfs(around[i * SAMPLES_PER_POSE :][:600])) for i in range(poses)])


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_jaw_goes_with_the_voice(name: str) -> None:
    speech = recording(name)
    sync = LipSync(VOICE_HZ)
    jaw = np.concatenate((sync.push(speech), sync.finish()))[:, JAW_OPEN]
    level = loudness(speech, len(jaw))
    assert np.corrcoef(jaw, np.clip(level - level.max(), -40.0, 0.0))[0, 1] > 0.7
    assert np.abs(np.diff(jaw)).max() <= JAW_STEP + 1e-6
    speaking = level > np.percentile(level, 95) - 22.0
    assert 0.08 < np.median(jaw[speaking]) < 0.3


def test_pauses_are_a_shut_mouth() -> None:
    speech = recording("endgame_nagg_nell.wav")
    sync = LipSync(VOICE_HZ)
    jaw = np.concatenate((sync.push(speech), sync.finish()))[:, JAW_OPEN]
    quiet = loudness(speech, len(jaw)) < loudness(speech, len(jaw)).max() - 42.0
    long_quiet = np.convolve(quiet, np.ones(POSE_HZ // 4), "same") >= POSE_HZ // 4
    assert long_quiet.sum() > 60
    assert jaw[long_quiet].max() < 0.02
