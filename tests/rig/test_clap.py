"""Sound against picture at the glass: synthesized recordings with known offsets, as telephones make them."""

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from rig.clap.click import click, find_clicks
from rig.clap.command import told
from rig.clap.film import clap_times, soundtrack, write_clap
from rig.clap.flash import Grid, find_flashes
from rig.clap.lips import fit_lips
from rig.clap.measure import expected_opening, measure
from rig.clap.pairs import claps, pair
from rig.clap.recording import RATE_HZ, read_recording
from rig.clap.verdict import AIM_MS, decide
from rig.cli import app
from services.faceswap.sources.stand_in.drawing import Artist
from services.faceswap.sources.stand_in.live_link import SHAPES, Pose
from shared.errors import BadInput

RANDOM = np.random.default_rng(3)
LENGTH_S = 20.0
SPEECH = Path("tests/visitors/terse/rainbow.flac")


def silent(what: str, share: float) -> None:
    """Tells nobody."""


def phone_pictures(
    flashes: list[float], fps: float, *, exposure: float = 1.0, jitter_s: float = 0.0, noise: float = 0.0
) -> tuple[list[Grid], list[float]]:
    """What a telephone makes of flashes of 0.12 s: each frame sums the light of its exposure, a part of the frame's length."""
    steps = RANDOM.uniform(-jitter_s, jitter_s, round(LENGTH_S * fps)) + 1.0 / fps
    times = np.cumsum(steps) - steps[0]
    grids = []
    for at, step in zip(times, steps, strict=True):
        end = at + step * exposure
        lit = sum(max(0.0, min(end, flash + 0.12) - max(at, flash)) for flash in flashes) / (end - at)
        grid = np.full((18, 32), 40.0)
        grid[4:14, 8:24] += 120.0 * min(1.0, lit)  # the mirror is a part of what the telephone sees
        grids.append((grid + RANDOM.normal(0.0, noise, grid.shape)).astype(np.float32))
    return grids, list(times)


# --- clicks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 44_100, 48_000])
def test_clicks_are_found_to_the_sample(rate_hz: int) -> None:
    times = [1.0, 2.5, 4.37]
    assert find_clicks(soundtrack(times, 6.0, rate_hz), rate_hz) == pytest.approx(times, abs=1.5 / rate_hz)


def test_clicks_are_found_under_human_speech_in_a_room_that_echoes() -> None:
    times = claps(6)
    track = 0.25 * soundtrack(times, 14.0, RATE_HZ)
    room = np.zeros(round(0.3 * RATE_HZ))
    room[0], room[1:] = (
        1.0,
        RANDOM.normal(0.0, 0.05, len(room) - 1) * np.exp(-np.arange(1, len(room)) / (0.08 * RATE_HZ)),
    )
    track = np.convolve(track, room)[: len(track)].astype(np.float32)
    speech = read_speech()[: len(track)]
    track[: len(speech)] += 0.5 * speech / np.abs(speech).max() * 0.3
    track += RANDOM.normal(0.0, 0.005, len(track)).astype(np.float32)
    assert find_clicks(track, RATE_HZ) == pytest.approx(times, abs=0.001)


def test_speech_noise_and_silence_hold_no_clicks() -> None:
    assert find_clicks(read_speech(), RATE_HZ) == []
    assert find_clicks(RANDOM.normal(0.0, 0.2, 5 * RATE_HZ).astype(np.float32), RATE_HZ) == []
    assert find_clicks(np.zeros(5 * RATE_HZ, np.float32), RATE_HZ) == []
    assert find_clicks(np.zeros(3, np.float32), RATE_HZ) == []


def test_an_echo_from_the_far_wall_is_no_second_clap() -> None:
    track = soundtrack(claps(4), 10.0, RATE_HZ)
    late = np.zeros_like(track)
    late[3600:] = 0.6 * track[:-3600]
    assert len(find_clicks(track + late, RATE_HZ)) == 4


# --- flashes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fps", [24.0, 25.0, 29.97, 30.0, 60.0, 240.0])
def test_a_flash_in_the_middle_of_an_exposure_is_placed_by_how_bright_the_frame_is(fps: float) -> None:
    flashes = [at + RANDOM.uniform(0.0, 1.0 / fps) for at in claps(8)]
    found = find_flashes(*phone_pictures(flashes, fps))
    assert found == pytest.approx(flashes, abs=0.002)


def test_frames_of_uneven_length_and_a_noisy_sensor_cost_little() -> None:
    flashes = claps(8)
    found = find_flashes(*phone_pictures(flashes, 30.0, jitter_s=0.008, noise=4.0))
    assert found == pytest.approx(flashes, abs=0.006)


def test_a_short_exposure_costs_at_most_half_a_frame_in_the_mean() -> None:
    flashes = claps(9)
    found = find_flashes(*phone_pictures(flashes, 60.0, exposure=0.2))
    assert 0.0 <= float(np.median(np.array(found) - flashes)) <= 1 / 60


def test_a_visitor_who_walks_through_and_a_flickering_lamp_are_no_flashes() -> None:
    grids, times = phone_pictures([], 30.0, noise=1.0)
    for number, grid in enumerate(grids):
        grid += 4.0 * np.sin(number)
        grid[:, (number // 20) % 32] += 8.0
    assert find_flashes(grids, times) == []


# --- pairs and verdict ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late_s", [-0.32, -0.05, 0.0, 0.047, 0.41])
def test_claps_find_their_flashes_though_some_are_missing_and_some_invented(late_s: float) -> None:
    flashes = [*claps(8)[1:], 7.77]
    clicks = [at + late_s + RANDOM.uniform(-0.004, 0.004) for at in [*claps(8)[:-2], 3.21]]
    pairs = pair(clicks, flashes)
    assert pairs is not None
    assert pairs.late_s == pytest.approx(late_s, abs=0.005)
    assert pairs.count == 5


def test_fewer_than_three_pairs_prove_nothing() -> None:
    assert pair(claps(2), claps(2)) is None
    assert pair([], claps(8)) is None


@pytest.mark.parametrize(
    ("late_ms", "now", "then"),
    [(-60.0, 90.0, 180.0), (150.0, 200.0, 80.0), (150.0, 90.0, 0.0), (0.0, 90.0, 90.0), (60.0, 90.0, 90.0)],
)
def test_early_sound_wants_its_poses_sent_sooner_and_late_sound_later(late_ms: float, now: float, then: float) -> None:
    verdict = decide(("flash", late_ms, 2.0, 8), baseline_ms=0.0, av_offset_ms=now, lead_ms=300.0)
    assert verdict.set_av_offset_ms == then
    assert verdict.is_right == (then == now)
    if 0.0 < then != now:
        assert late_ms + then - now == AIM_MS, "set as told, the sound is where it should be"


def test_the_telephones_own_error_is_taken_off() -> None:
    verdict = decide(("flash", -60.0, 2.0, 8), baseline_ms=-75.0, av_offset_ms=90.0, lead_ms=120.0)
    assert (verdict.sound_late_ms, verdict.is_right) == (15.0, True)


def test_an_offset_beyond_the_lead_of_a_turn_is_told() -> None:
    verdict = decide(("lips", -80.0, 0.0, 20), baseline_ms=0.0, av_offset_ms=90.0, lead_ms=120.0)
    assert verdict.set_av_offset_ms == 200.0
    assert any("raise lead_s to 0.22" in warning for warning in verdict.warnings)
    assert any("av_offset_ms = 200" in line for line in told(verdict))


# --- lips -----------------------------------------------------------------------------------------------------------------


def read_speech() -> NDArray[np.float32]:
    """A person reading, 24 kHz."""
    with av.open(str(SPEECH)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
        blocks = [block.to_ndarray()[0] for frame in container.decode(audio=0) for block in resampler.resample(frame)]
    return np.concatenate(blocks)


@pytest.mark.parametrize(("delay_s", "fps"), [(-0.11, 30.0), (0.0, 24.0), (0.085, 60.0), (0.3, 25.0)])
def test_lips_are_laid_on_speech_at_any_frame_rate(delay_s: float, fps: float) -> None:
    expected = expected_opening(read_speech()[: 14 * RATE_HZ], 0.0)
    times = np.arange(0.0, 14.0, 1 / fps)
    filmed = (
        0.3 + 0.2 * np.interp(times - delay_s, *expected) + RANDOM.normal(0.0, 0.02, len(times)) + 0.1 * np.sin(times)
    )
    fit = fit_lips(expected, (times, filmed))
    assert fit is not None
    assert fit.delay_s == pytest.approx(delay_s, abs=0.012)
    assert fit.likeness > 0.6


def test_another_persons_lips_fit_nowhere_clearly() -> None:
    speech = read_speech()
    half = len(speech) // 2
    expected, other = expected_opening(speech[:half], 0.0), expected_opening(speech[half:], 0.0)
    fit = fit_lips(expected, other)
    assert fit is not None
    assert fit.likeness < 0.4 or fit.lead < 0.08
    assert fit_lips((expected[0][:200], expected[1][:200]), other) is None


# --- whole films ----------------------------------------------------------------------------------------------------------


def write_recording(path: Path, pictures: list[NDArray[np.uint8]], fps: int, sound: NDArray[np.float32] | None) -> Path:
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "crf": "20"})
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("aac", rate=48_000, layout="mono") if sound is not None else None
        for number, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(pixels, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None and sound is not None:
            for first in range(0, len(sound), 1024):
                block = av.AudioFrame.from_ndarray(sound[None, first : first + 1024], format="fltp", layout="mono")
                block.rate, block.pts, block.time_base = 48_000, first, Fraction(1, 48_000)
                container.mux(audio.encode(block))
            container.mux(audio.encode(None))
    return path


@pytest.mark.parametrize(("late_ms", "fps"), [(-80, 30), (130, 25)])
def test_a_filmed_clap_film_gives_back_its_offset(tmp_path: Path, late_ms: int, fps: int) -> None:
    grids, _ = phone_pictures(claps(6), fps)
    pictures = [
        np.repeat(np.kron(grid, np.ones((6, 6)))[..., None], 3, axis=2).astype(np.uint8) for grid in grids[: 13 * fps]
    ]
    sound = 0.3 * soundtrack([at + late_ms / 1000 for at in claps(6)], 13.0, 48_000)
    path = write_recording(tmp_path / "film.mp4", pictures, fps, sound)
    verdict = measure(path, "auto", 0.0, {"a2f_bridge": {"av_offset_ms": 100.0}}, silent)
    assert (verdict.method, verdict.measured) == ("flash", 6)
    assert verdict.sound_late_ms == pytest.approx(late_ms, abs=4)
    assert verdict.set_av_offset_ms == pytest.approx(100.0 + AIM_MS - late_ms if late_ms < 0 else 0.0, abs=5)


def test_the_clap_film_itself_is_together_and_can_be_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "clap.mp4"
    assert write_clap(path, 15, (320, 240), silent) == len(clap_times(15))
    with pytest.raises(SystemExit) as ended:
        app(["rig", "clap", "measure", str(path), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert ended.value.code == 0
    assert abs(report["sound_late_ms"]) < 3.0
    assert (report["measured"], report["is_right"]) == (10, True)


@pytest.mark.engine
def test_the_mirrors_own_speech_tells_the_offset(tmp_path: Path) -> None:
    late_s, fps, length_s = -0.12, 20, 8
    speech = read_speech()[: length_s * RATE_HZ]
    times, opening = expected_opening(speech, 0.0)
    artist, pictures = Artist(320, 240), []
    for number in range(length_s * fps):
        jaw = float(np.interp(number / fps + late_s, times, opening))
        weights = tuple(jaw if name == "jawOpen" else 0.0 for name in SHAPES)
        pictures.append(artist.draw(Pose(weights=weights)).copy())
    path = write_recording(tmp_path / "mirror.mp4", pictures, fps, np.repeat(speech, 2))
    verdict = measure(path, "auto", 0.0, {}, silent)
    assert verdict.method == "lips"
    assert verdict.sound_late_ms == pytest.approx(1000 * late_s, abs=20)
    assert verdict.set_av_offset_ms == pytest.approx(90 + AIM_MS + 120, abs=20)


def test_a_sound_track_that_begins_later_than_the_picture_is_laid_where_it_belongs(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream("pcm_s16le", rate=48_000, layout="mono")
        for number in range(40):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        late = round(0.5 * 48_000)
        block = av.AudioFrame.from_ndarray(
            (soundtrack([1.0], 2.0, 48_000)[None] * 32767).astype(np.int16), format="s16", layout="mono"
        )
        block.rate, block.pts, block.time_base = 48_000, late, Fraction(1, 48_000)
        container.mux(audio.encode(block))
        container.mux(audio.encode(None))
    recording = read_recording(path)
    assert [recording.sound_at + at for at in find_clicks(recording.sound, RATE_HZ)] == pytest.approx([1.5], abs=0.002)


def test_a_film_without_sound_without_picture_or_without_claps_is_named(tmp_path: Path) -> None:
    grey = [np.full((90, 160, 3), 90, np.uint8)] * 60
    mute = write_recording(tmp_path / "mute.mp4", grey, 30, None)
    dull = write_recording(tmp_path / "dull.mp4", grey, 30, np.zeros(96_000, np.float32))
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(b"no film" * 99)
    for path, method, says in (
        (mute, "auto", "no sound"),
        (dull, "flash", "fewer than 3 claps"),
        (dull, "lips", "a face is seen in 0 of 60"),
        (damaged, "auto", "cannot be read"),
        (tmp_path / "nowhere.mp4", "auto", "no film"),
        (SPEECH, "auto", "no picture"),
        (dull, "ears", "no method 'ears'"),
    ):
        with pytest.raises(BadInput, match=says):
            measure(path, method, 0.0, {}, silent)


def test_the_click_is_short_loud_and_soft_at_its_edges() -> None:
    one = click(48_000)
    assert len(one) == 576
    assert 0.8 < np.abs(one).max() <= 1.0
    assert abs(one[0]) < 0.01 > abs(one[-1])
