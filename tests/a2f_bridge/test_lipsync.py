import numpy as np
import pytest

from services.a2f_bridge.blendshapes import JAW_OPEN, MOUTH_CLOSE, Poses, gap, index
from services.a2f_bridge.lipsync.bands import HOP_HZ, Bands
from services.a2f_bridge.lipsync.mouth import JAW_MOST, JAW_STEP
from services.a2f_bridge.lipsync.norms import RunningNorm, RunningPeak, ramp
from services.a2f_bridge.lipsync.seal import AHEAD, BEHIND, lip_seal
from services.a2f_bridge.lipsync.stream import LipSync
from shared.audio import VOICE_HZ
from tests.support.a2f_bridge_room import silence, tone


def lips(pcm: np.ndarray, cut: int = 2400) -> Poses:
    sync = LipSync(VOICE_HZ)
    pieces = [sync.push(pcm[begin : begin + cut]) for begin in range(0, len(pcm), cut)]
    return np.concatenate([*pieces, sync.finish()])


def syllables(n: int = 6) -> np.ndarray:
    """Louder and softer vowels with pauses."""
    parts = [part for i in range(n) for part in (tone(0.2, level=0.1 + 0.08 * i), silence(0.2))]
    return np.concatenate(parts)


def noise(seconds: float, low_hz: float, high_hz: float) -> np.ndarray:
    spectrum = np.fft.rfft(np.random.default_rng(5).normal(0.0, 1.0, round(seconds * VOICE_HZ)))
    hertz = np.fft.rfftfreq(round(seconds * VOICE_HZ), 1 / VOICE_HZ)
    spectrum[(hertz < low_hz) | (hertz > high_hz)] = 0.0
    sound = np.fft.irfft(spectrum, round(seconds * VOICE_HZ))
    return np.asarray(0.1 * sound / np.abs(sound).max(), np.float32)


def test_there_is_a_pose_for_every_begun_sixtieth_of_a_second() -> None:
    assert [len(lips(tone(1.0)[:n])) for n in (1, 400, 401, 24_000)] == [1, 1, 2, 60]


def test_no_speech_has_no_pose() -> None:
    assert len(LipSync(VOICE_HZ).finish()) == 0


def test_silence_is_a_shut_mouth() -> None:
    assert not lips(silence(1.0)).any()


def test_hum_of_the_room_is_a_shut_mouth() -> None:
    room = np.random.default_rng(1).normal(0.0, 2e-4, VOICE_HZ).astype(np.float32)
    assert lips(room)[:, JAW_OPEN].max() < 0.02


def test_a_vowel_opens_the_mouth_and_its_end_shuts_it_within_100_ms() -> None:
    poses = lips(np.concatenate((tone(0.5), silence(0.5))))
    assert gap(poses)[12:28].min() > 0.1
    assert poses[30 + 6 :, JAW_OPEN].max() < 0.02


@pytest.mark.parametrize("cut", [7, 171, 480, 12_000])
def test_the_same_samples_give_the_same_poses_however_they_are_cut(cut: int) -> None:
    speech = syllables(2)
    assert (lips(speech, cut) == lips(speech)).all()


def test_a_pose_is_final_once_45_8_ms_beyond_it_have_been_heard() -> None:
    sync = LipSync(VOICE_HZ)
    speech = tone(1.0)
    assert sync.lookahead_s == pytest.approx(0.04583, abs=1e-5)
    needed = round(sync.lookahead_s * VOICE_HZ)
    assert len(sync.push(speech[: 400 * 10 + needed - 1])) == 10
    assert len(sync.push(speech[400 * 10 + needed - 1 : 400 * 10 + needed])) == 1


def test_a_pose_does_not_depend_on_what_comes_later() -> None:
    speech = syllables()
    begun = LipSync(VOICE_HZ).push(speech[:VOICE_HZ])
    assert (begun == lips(speech)[: len(begun)]).all()


def test_the_jaw_moves_no_faster_than_a_jaw() -> None:
    jaw = lips(np.concatenate((tone(0.3, level=0.9), silence(0.1), tone(0.3, level=0.9))))[:, JAW_OPEN]
    assert np.abs(np.diff(jaw)).max() <= JAW_STEP + 1e-6
    assert jaw.max() <= JAW_MOST + 1e-6


def test_a_hole_in_a_vowel_that_is_released_is_a_shut_mouth() -> None:
    # /aba/: 70 ms of closure with the murmur that is left of the voice behind closed lips
    murmur = np.asarray(0.03 * np.sin(2 * np.pi * 120 * np.arange(1680) / VOICE_HZ), np.float32)
    poses = lips(np.concatenate((tone(0.4), murmur, tone(0.4))))
    closure = slice(25, 28)
    assert gap(poses)[closure].min() < 0.03
    assert poses[closure, index("MouthPressLeft")].max() > 0.1
    assert gap(poses)[12:20].min() > 0.1


def test_a_hiss_shows_teeth_and_no_open_jaw() -> None:
    poses = lips(np.concatenate((tone(0.4), noise(0.3, 4500, 9000), tone(0.3))))
    hiss = slice(28, 38)
    assert poses[hiss, JAW_OPEN].mean() < 0.5 * poses[12:22, JAW_OPEN].mean()
    assert poses[hiss, index("MouthStretchLeft")].mean() > 0.1


def test_a_hush_brings_the_lips_forward() -> None:
    poses = lips(np.concatenate((tone(0.4), noise(0.3, 2300, 4200), tone(0.3))))
    assert poses[28:38, index("MouthFunnel")].mean() > 0.2


def test_a_soft_voice_opens_the_mouth_as_a_loud_one_once_it_is_known() -> None:
    loud, soft = (lips(np.tile(np.concatenate((tone(0.25, level), silence(0.15))), 12)) for level in (0.5, 0.05))
    assert soft[-60:, JAW_OPEN].max() > 0.7 * loud[-60:, JAW_OPEN].max()


def test_the_mouth_never_closes_further_than_it_is_open() -> None:
    assert gap(lips(syllables())).min() >= 0.0


def test_every_weight_is_one() -> None:
    poses = lips(np.concatenate((syllables(), noise(0.3, 100, 11_000), np.ones(2400, np.float32))))
    assert poses.dtype == np.float32
    assert ((poses >= 0.0) & (poses <= 1.0)).all()


def test_what_was_learnt_of_a_voice_helps_in_its_next_clause() -> None:
    first = LipSync(VOICE_HZ)
    for _ in range(6):
        first.push(np.concatenate((tone(0.25, 0.03), silence(0.15))))
    soft = np.concatenate((tone(0.25, 0.03), silence(0.15)))
    known = np.concatenate([(second := LipSync(VOICE_HZ, first.ear)).push(soft), second.finish()])
    assert known[:, JAW_OPEN].max() > lips(soft)[:, JAW_OPEN].max()


def test_the_bank_hears_each_band_where_it_is() -> None:
    t = np.arange(600) / VOICE_HZ
    bank = Bands(VOICE_HZ)
    found = {
        hz: bank.levels(np.sin(2 * np.pi * hz * t, dtype=np.float32)[None])[0] for hz in (200, 700, 1200, 2000, 6500)
    }
    assert found[200].low > found[200].f1 + 20
    assert found[700].f1 > found[700].low + 20
    assert found[1200].back > found[1200].front + 20
    assert found[2000].front > found[2000].back + 20
    assert found[6500].high > found[6500].mid + 20


def test_a_peak_rises_at_once_and_falls_three_decibels_a_second() -> None:
    peak = RunningPeak(start_db=-26.0, per_second=HOP_HZ, lowest_db=-50.0)
    peak.learn(-10.0)
    assert peak.db == -10.0
    for _ in range(HOP_HZ):
        peak.learn(-40.0)
    assert peak.db == pytest.approx(-13.0)


def test_a_norm_comes_to_know_what_is_normal() -> None:
    norm = RunningNorm(mean=0.0, spread=5.0)
    values = np.random.default_rng(2).normal(5.0, 2.0, 4000)
    for value in values.tolist():
        norm.learn(value)
    assert abs(norm.score(5.0)) < 0.2
    assert norm.score(9.0) == pytest.approx(2.0, abs=0.4)


def test_a_ramp_is_shut_below_and_open_above() -> None:
    assert [ramp(x, 0.0, 2.0) for x in (-1.0, 0.0, 1.0, 2.0, 9.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_a_hole_that_hisses_is_no_seal() -> None:
    f1 = np.full((1, BEHIND + 1 + AHEAD), -20.0)
    f1[0, BEHIND - 1 : BEHIND + 2] = -60.0
    quiet, loud = np.zeros(1), np.ones(1)
    assert lip_seal(f1, murmur=quiet, noise=quiet)[0] == 1.0
    assert lip_seal(f1, murmur=quiet, noise=loud)[0] == 0.0


def test_mouth_close_answers_the_jaw_in_a_seal() -> None:
    poses = lips(np.concatenate((tone(0.4), silence(0.06), tone(0.4))))
    assert poses[:, MOUTH_CLOSE].max() > 0.0
