"""What each check makes of a machine: right, missing or wrong, and never without a cure."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rig.checks import gpu, live_link, microphone, ports, video, vram, weights
from rig.checks.ground import Ground
from rig.checks.vram import Card
from rig.doctor import SECTIONS, Examination, document, verdict, without_repeats
from rig.manifest import read_manifest
from rig.rig_config import RigConfig
from services.a2f_bridge.live_link import decode
from services.faceswap.video_source import VideoStatus
from shared.checkup import Finding
from shared.config import load_settings

EMBEDDED = load_settings(Path("config/mirror.toml"), {})
RIG: dict[str, Any] = {
    "asr": {"engine": "fallback", "options": {"fallback": {"order": ["faster_whisper", "moonshine"]}}},
    "tts": {"engine": "f5"},
    "a2f_bridge": {"engine": "audio2face", "live_link": "127.0.0.1:11111"},
    "faceswap": {"engine": "inswapper", "source": "rtmp"},
    "llm": {"engine": "gemini"},
}
CARD = Card(name="NVIDIA GeForce RTX 4090", driver="580.95", cuda=(13, 0), total_gb=24.0, used_gb=9.0)
SMI = """#!/bin/sh
case "$1" in
  --query-gpu=*) echo "NVIDIA GeForce RTX 4090, 580.95.05, 24564, 9216, [N/A]" ;;
  *) echo "| NVIDIA-SMI 580.95.05   Driver Version: 580.95.05   CUDA Version: 13.0 |" ;;
esac
"""


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A driver's tool, to be written by the test; nothing else is on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(gpu, "WSL_TOOL", tmp_path / "nowhere")
    return tmp_path / "nvidia-smi"


def write(tool: Path, text: str) -> None:
    tool.write_text(text.replace("#!/bin/sh", "#!/bin/sh\nPATH=/usr/bin:/bin"))
    tool.chmod(0o755)


def states(found: Iterator[Finding] | list[Finding]) -> dict[str, str]:
    return {one.check: one.state for one in found}


def test_a_machine_without_a_card_is_right_for_engines_that_need_none(smi: Path) -> None:
    del smi
    found = list(gpu.card(Ground(settings=EMBEDDED)))
    assert states(found) == {"GPU": "right"}
    assert found[0].found == "no NVIDIA driver is installed; the chosen engines need no card"


def test_a_machine_without_a_card_is_wrong_for_engines_that_need_one(smi: Path) -> None:
    del smi
    found = list(gpu.card(Ground(settings=RIG)))
    assert states(found) == {"GPU": "wrong"}
    assert "R580" in found[0].cure


def test_a_machine_without_a_card_opens_where_every_engine_that_wants_one_has_another_behind_it(smi: Path) -> None:
    del smi
    only_hearing = {"asr": RIG["asr"], "a2f_bridge": RIG["a2f_bridge"]}
    assert states(gpu.card(Ground(settings=only_hearing))) == {"GPU": "missing"}


def test_an_engine_told_to_use_the_processor_wants_no_card(smi: Path) -> None:
    del smi
    asr = {"engine": "faster_whisper", "options": {"faster_whisper": {"device": "cpu"}}}
    assert states(gpu.card(Ground(settings={"asr": asr}))) == {"GPU": "right"}


def test_a_driver_that_does_not_answer_is_a_line_and_no_crash(smi: Path) -> None:
    write(smi, "#!/bin/sh\necho 'NVIDIA-SMI has failed because it could not communicate with the driver'\nexit 9\n")
    found = list(gpu.card(Ground(settings=RIG)))
    assert "could not communicate" in found[0].found


def test_the_card_is_read_as_its_driver_tells_it(smi: Path) -> None:
    write(smi, SMI)
    card = gpu.read_card()
    assert (card.name, card.driver, card.cuda) == ("NVIDIA GeForce RTX 4090", "580.95.05", (13, 0))
    assert (round(card.total_gb, 1), card.used_gb, card.load_percent) == (24.0, 9.0, 0.0)
    assert {"GPU", "VRAM budget", "VRAM now"} <= set(states(gpu.card(Ground(settings=RIG))))


def test_a_torch_built_for_a_newer_cuda_than_the_drivers_says_which_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "torch_cuda", lambda: (13, 0))
    old = Card(name="x", driver="550", cuda=(12, 4), total_gb=24, used_gb=0)
    torch = next(one for one in gpu.libraries(Ground(settings=RIG), old) if one.check == "torch")
    assert torch.state == "wrong"
    assert "R580" in torch.cure


def test_the_budget_adds_unreal_to_the_engines_and_names_every_share() -> None:
    planned = vram.shares(Ground(settings=RIG), RigConfig())
    assert set(planned) == {
        "asr (faster_whisper)", "tts (f5)", "a2f_bridge (audio2face)", "faceswap (inswapper)", "Unreal", "desktop and kiosk",
    }  # fmt: skip
    found = vram.budget(CARD, planned, RigConfig())
    assert found.state == "right"
    assert found.figures["planned_gb"] == round(sum(planned.values()), 1)


def test_a_budget_that_does_not_fit_is_wrong_before_the_card_is_full() -> None:
    with_llm = RIG | {"llm": {"engine": "openai_compatible"}}
    planned = vram.shares(Ground(settings=with_llm), RigConfig())
    assert vram.budget(CARD, planned, RigConfig()).state == "wrong"
    elsewhere = {"openai_compatible": {"base_url": "http://192.168.1.9:8081/v1"}}
    planned = vram.shares(
        Ground(settings=RIG | {"llm": {"engine": "openai_compatible", "options": elsewhere}}), RigConfig()
    )
    assert vram.budget(CARD, planned, RigConfig()).state == "right"


def test_little_to_spare_is_not_right_but_opens() -> None:
    assert vram.budget(CARD, {"Unreal": 23.5}, RigConfig()).state == "missing"


def test_a_stage_that_takes_more_than_planned_is_told() -> None:
    assert vram.measured("tts", 1.9, 2.0).state == "right"
    assert vram.measured("tts", 3.4, 2.0).state == "missing"


def test_the_weights_of_the_preferred_engine_may_be_missing_while_a_second_stands_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path))
    found = {one.check: one for one in weights.weights(Ground(settings=RIG))}
    assert found["model distil-large-v3.5"].state == "missing"
    assert found["model f5-tts-v1-base"].state == "wrong"
    assert "not for a paying audience" in found["model f5-tts-v1-base"].found
    assert "mirror models pull f5-tts-v1-base --profile rig" in found["model f5-tts-v1-base"].cure
    assert "model small.en" not in found


def test_a_model_chosen_by_name_is_looked_for_and_a_folder_is_its_engines_own_business() -> None:
    def whisper(model: str) -> set[str]:
        options = {"engine": "faster_whisper", "options": {"faster_whisper": {"model": model}}}
        ground = Ground(settings={"asr": options})
        return {
            one.name for one in read_manifest() if one.engine == "faster_whisper" and weights.is_wanted(one, ground)
        }

    assert whisper("small.en") == {"small.en"}
    assert whisper("/media/stick/tiny") == set()


def test_the_embedded_mirror_asks_for_no_rig_weights() -> None:
    wanted = {model.name for model in read_manifest() if weights.is_wanted(model, Ground(settings=EMBEDDED))}
    assert wanted == {"silero-vad", "smart-turn", "moonshine-tiny-en", "piper-joe", "face-detection", "face-mesh"}


def test_a_taken_port_is_told_with_the_reason() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = {"session": {"port": taken.getsockname()[1]}}
        found = next(ports.ports(Ground(settings=settings)))
    assert (found.state, found.found) == ("missing", "Address already in use")


def test_a_live_link_receiver_gets_one_neutral_pose_and_is_not_claimed_to_have_understood_it() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unreal:
        unreal.bind(("127.0.0.1", 0))
        unreal.settimeout(2)
        settings = {"a2f_bridge": {"live_link": f"127.0.0.1:{unreal.getsockname()[1]}"}, "faceswap": {"source": "rtmp"}}
        found = next(live_link.live_link(Ground(settings=settings)))
        packet = decode(unreal.recv(2048))
    assert packet.subject == "MirrorFace"
    assert set(packet.values) == {0.0}
    assert found.state == "right"
    assert "UDP cannot say more" in found.found


def test_nobody_at_the_live_link_address_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"a2f_bridge": {"live_link": f"127.0.0.1:{port}"}, "faceswap": {"source": "rtmp"}}
    found = next(live_link.live_link(Ground(settings=settings)))
    assert (found.state, "nobody listens there" in found.found) == ("missing", True)


def test_every_destination_of_poses_is_looked_at_and_an_understudy_that_gets_none_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unreal:
        unreal.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{unreal.getsockname()[1]}"
        face = {"source": "understudy", "source_options": {"stand_in": {"live_link_listen": "0.0.0.0:11112"}}}
        settings = {"a2f_bridge": {"live_link": [where, "faceswap:11112"]}, "faceswap": face}
        both = list(live_link.live_link(Ground(settings=settings)))
        alone = list(live_link.live_link(Ground(settings={**settings, "a2f_bridge": {"live_link": where}})))
    assert [(one.state, "built-in" in one.found) for one in both] == [("right", False), ("right", True)]
    assert [one.state for one in alone] == ["right", "missing"]
    assert "11112" in alone[1].cure


def test_udp_to_localhost_out_of_wsl2_is_a_dead_end_and_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "version").write_text("Linux version 6.6.87-microsoft-standard-WSL2")
    monkeypatch.setattr(live_link, "_KERNEL", tmp_path / "version")
    settings = {"a2f_bridge": {"live_link": "127.0.0.1:11111"}, "faceswap": {"source": "rtmp"}}
    found = next(live_link.live_link(Ground(settings=settings)))
    assert found.state == "wrong"
    assert "Windows host's address" in found.cure


@pytest.mark.parametrize(("rms", "state"), [(0.0, "missing"), (1e-5, "missing"), (0.003, "right"), (0.5, "missing")])
def test_a_microphone_is_judged_by_the_room_it_hears(rms: float, state: str) -> None:
    found = microphone.judge("USB", rms)
    assert found.state == state
    assert bool(found.cure) == (state != "right")


@pytest.mark.parametrize(
    ("seen", "state", "says"),
    [
        ([], "wrong", "no picture in 8 s (refused)"),
        ([number / 24 for number in range(72)], "right", "24.0 a second"),
        ([number / 10 for number in range(30)], "missing", "10.0 a second"),
        ([number // 5 / 5 + number % 5 / 1000 for number in range(75)], "missing", "within 196 ms"),
    ],
)
def test_pictures_are_judged_by_how_many_and_how_evenly_they_come(seen: list[float], state: str, says: str) -> None:
    found = video.judge("rtmp", seen, VideoStatus(trouble="" if seen else "refused"))
    assert found.state == state
    assert says in found.found


def test_no_picture_is_bearable_where_an_understudy_stands_by() -> None:
    assert video.judge("rtmp", [], VideoStatus(), has_other=True).state == "missing"
    settings = {"faceswap": {"source": "understudy", "source_options": {"understudy": {"order": ["pull", "stand_in"]}}}}
    assert Ground(settings=settings).sources() == ("pull", "stand_in")


def test_what_the_sender_could_do_better_is_passed_on() -> None:
    found = video.judge(
        "rtmp", [number / 24 for number in range(72)], VideoStatus(advice="send key pictures every second")
    )
    assert (found.state, found.cure) == ("missing", "send key pictures every second")


def test_whatever_is_not_right_says_what_to_do_on_a_machine_where_nothing_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path / "models"))
    ground = Ground(settings=RIG, is_quick=True)
    found = [finding for _, checks in SECTIONS for check in checks for finding in check(ground)]
    assert any(one.state == "wrong" for one in found)
    assert all(one.cure for one in found if one.state != "right")


def test_what_the_doctor_knows_better_is_not_told_twice() -> None:
    told = {"network": [Finding(check="Live Link", state="right", found="the built-in virtual human")]}
    stage = [
        Finding(check="Live Link", state="missing", found="nobody", cure="x"),
        Finding(check="lips", state="right", found="y"),
    ]
    assert [one.check for one in without_repeats(told, {"a2f_bridge": stage})["a2f_bridge"]] == ["lips"]


def test_the_verdict_is_one_sentence_and_the_document_a_yes_or_no() -> None:
    right = Finding(check="a", state="right", found="x")
    missing = Finding(check="b", state="missing", found="x", cure="y")
    wrong = Finding(check="c", state="wrong", found="x", cure="y")
    ground = Ground(settings={})
    fit = Examination(sections={"machine": [right, missing]}, seconds=1.0)
    assert verdict(fit, ground) == "the mirror can run here; 1 thing could be better: the lines with ! (1 s)"
    assert document(fit)["can_run"] is True
    unfit = Examination(sections={"machine": [right, wrong]}, seconds=1.0)
    assert verdict(unfit, ground) == "1 thing keeps the mirror from opening: the lines with ✗ (1 s)"
    assert document(unfit)["can_run"] is False
