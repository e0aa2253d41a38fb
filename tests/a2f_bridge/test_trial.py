import contextlib
import csv
import io
import socket
import wave
from pathlib import Path

import numpy as np
import pytest

from services.a2f_bridge.blendshapes import COUNT, JAW_OPEN, NAMES
from services.a2f_bridge.config import BridgeConfig
from services.a2f_bridge.live_link import FacePacket, decode
from services.a2f_bridge.showing import show
from services.a2f_bridge.sound_file import read_speech, resample
from services.a2f_bridge.trial import run_trial
from shared.clock import LoopClock
from shared.errors import BadInput
from tests.support.a2f_bridge_room import JAW, KeepingSender, silence, tone
from tests.support.virtual_time import run_virtual


def wav(path: Path, sound: np.ndarray, rate: int = 24_000, width: int = 2, channels: int = 1) -> Path:
    full = 2 ** (8 * width - 1) - 1
    whole = np.round(np.repeat(sound[:, None], channels, axis=1) * full).astype("<i4")
    octets = whole.view(np.uint8).reshape(-1, 4)[:, :width]
    if width == 1:
        octets = octets + np.uint8(128)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(octets.tobytes())
    return path


def ignore(_share: float, _doing: str) -> None:
    return


def test_a_sound_becomes_a_table_of_named_poses(tmp_path: Path) -> None:
    source = wav(tmp_path / "o.wav", np.concatenate((tone(0.5), silence(0.5))))
    report = run_trial({}, {"input": str(source), "out": str(tmp_path / "poses.csv")}, ignore)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "poses.csv").read_text())))
    assert (report["engine"], report["poses"], report["seconds"]) == ("embedded", 60, 1.0)
    assert list(rows[0]) == ["time_s", *NAMES]
    assert [float(row["time_s"]) for row in rows[:3]] == pytest.approx([0.0, 1 / 60, 2 / 60], abs=1e-5)
    assert float(rows[20]["JawOpen"]) > 0.1
    assert float(rows[59]["JawOpen"]) == 0.0


def test_without_out_nothing_is_written(tmp_path: Path) -> None:
    source = wav(tmp_path / "o.wav", tone(0.2))
    run_trial({}, {"input": str(source)}, ignore)
    assert list(tmp_path.iterdir()) == [source]


def test_progress_rises_to_one(tmp_path: Path) -> None:
    told: list[float] = []
    run_trial({}, {"input": str(wav(tmp_path / "o.wav", tone(0.5)))}, lambda share, _doing: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("rate", "width", "channels"), [(8_000, 2, 1), (22_050, 2, 2), (48_000, 3, 1), (44_100, 4, 2), (16_000, 1, 1)]
)
def test_any_usual_wav_comes_in_as_mono_at_24_khz(tmp_path: Path, rate: int, width: int, channels: int) -> None:
    pitch = np.asarray(0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate), np.float64)
    speech = read_speech(wav(tmp_path / "o.wav", pitch, rate, width, channels))
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)
    assert len(speech) == 24_000
    assert np.abs(speech[2000:-2000] - expected[2000:-2000]).max() < 0.02


def test_resampling_keeps_the_length_in_seconds() -> None:
    assert len(resample(np.zeros(11_025), 22_050)) == 12_000


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = wav(tmp_path / "o.wav", tone(0.5)).read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2 + 1])
    assert 0 < len(read_speech(tmp_path / "cut.wav")) < 12_000


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "no PCM WAV"), (b"RIFF\x04\0\0\0WAVE", "no PCM WAV"), (b"ID3 not a wav at all", "no PCM WAV")],
)
def test_what_is_no_wav_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "o.wav").write_bytes(content)
    with pytest.raises(BadInput, match=says):
        read_speech(tmp_path / "o.wav")


def test_an_empty_wav_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no samples"):
        read_speech(wav(tmp_path / "o.wav", np.zeros(0)))


@pytest.mark.parametrize("rate", [4_000, 200_000])
def test_an_impossible_rate_is_refused(tmp_path: Path, rate: int) -> None:
    with pytest.raises(BadInput, match="samples a second"):
        read_speech(wav(tmp_path / "o.wav", tone(0.1), rate))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no file"):
        read_speech(tmp_path / "nothing.wav")


def test_a_folder_is_no_sound(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        read_speech(tmp_path)


def test_no_input_says_how_to_give_one() -> None:
    with pytest.raises(BadInput, match="mirror try a2f_bridge"):
        run_trial({}, {"input": None}, ignore)


def test_a_table_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    source = wav(tmp_path / "o.wav", tone(0.1))
    with pytest.raises(BadInput, match="cannot write"):
        run_trial({}, {"input": str(source), "out": str(tmp_path / "no" / "poses.csv")}, ignore)


def listen() -> socket.socket:
    """Stands where Unreal does."""
    unreal = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    unreal.bind(("127.0.0.1", 0))
    unreal.setblocking(False)
    return unreal


def received(unreal: socket.socket) -> list[FacePacket]:
    packets = []
    with contextlib.suppress(BlockingIOError):
        while True:
            packets.append(decode(unreal.recv(2048)))
    return packets


def test_poses_are_shown_to_unreal_where_it_is_named_with_the_engines_options(tmp_path: Path) -> None:
    with listen() as unreal:
        where = f"127.0.0.1:{unreal.getsockname()[1]}"
        settings = {"a2f_bridge": {"engine": "embedded", "options": {"embedded": {"live_link": where}}}}
        report = run_trial(settings, {"input": str(wav(tmp_path / "o.wav", tone(0.5)))}, ignore)
        packets = received(unreal)
    assert len(packets) == report["packets"]
    assert {(packet.subject, packet.rate) for packet in packets} == {("MirrorFace", (60, 1))}
    jaw = [packet.values[JAW] for packet in packets]
    assert max(jaw) > 0.1
    assert jaw[-1] < 0.05


def test_a_trial_shows_the_same_packets_everywhere_it_is_told_to(tmp_path: Path) -> None:
    with listen() as unreal, listen() as stand_in:
        where = [f"127.0.0.1:{one.getsockname()[1]}" for one in (unreal, stand_in)]
        options: dict[str, dict[str, object]] = {"embedded": {"live_link": ",".join(where)}}
        run_trial({"a2f_bridge": {"options": options}}, {"input": str(wav(tmp_path / "o.wav", tone(0.1)))}, ignore)
        packets = received(unreal)
        assert packets
        assert received(stand_in) == packets


def test_a_trial_sends_no_pose_to_unreal_unasked(tmp_path: Path) -> None:
    with listen() as unreal:
        where = f"127.0.0.1:{unreal.getsockname()[1]}"
        run_trial({"a2f_bridge": {"live_link": where}}, {"input": str(wav(tmp_path / "o.wav", tone(0.2)))}, ignore)
        assert received(unreal) == []


def test_sixty_packets_a_second_say_when_they_are_due() -> None:
    async def main() -> KeepingSender:
        sender = KeepingSender()
        poses = np.zeros((60, COUNT), np.float32)
        poses[:, JAW_OPEN] = 0.5
        assert await show(BridgeConfig(), poses, sender, LoopClock()) == len(sender.packets)
        return sender

    sender = run_virtual(main())
    assert len(sender.packets) == pytest.approx(60 + 18, abs=1)
    assert sender.due() - np.array(sender.sent_at) == pytest.approx(0.09, abs=1e-4)
    assert sender.value("JawOpen")[15:60].min() > 0.45


def test_a_place_to_show_that_does_not_exist_is_told(tmp_path: Path) -> None:
    options = {"embedded": {"live_link": "no-such-host.invalid:11111"}}
    with pytest.raises(BadInput, match=r"no-such-host\.invalid"):
        run_trial({"a2f_bridge": {"options": options}}, {"input": str(wav(tmp_path / "o.wav", tone(0.1)))}, ignore)
