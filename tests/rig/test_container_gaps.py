"""How long a visit is without a service, out of who held it when; and where a mirror in containers is found."""

from pathlib import Path
from typing import Any

import pytest

from rig.chaos.record import LOST, Fault
from rig.containers.gaps.keep import keep, make_folder
from rig.containers.gaps.plan import KILL, RESTART, SCALE_DOWN, SCALE_UP, STAGES, Harm, harms, target_s
from rig.containers.gaps.report import Sample, gaps
from rig.containers.gaps.watch import Held, gap_s, longest_silence_s
from rig.containers.house import read_house
from rig.record.read import read_recording
from rig.visitor import read_visitor
from shared.errors import BadInput, EngineUnavailable
from tests.support.chaos_visit import whole_visit

A, B = "tts-1", "tts-2"


@pytest.mark.parametrize(
    ("held", "dead", "expected"),
    [
        ([Held(0.0, A)], "", 0.0),
        ([Held(0.0, A), Held(12.0, B)], "", 0.0),  # handed over
        ([Held(0.0, A), Held(12.0, ""), Held(15.5, B)], "", 3.5),
        (
            [Held(0.0, A), Held(12.0, ""), Held(13.0, B), Held(14.0, ""), Held(14.5, A)],
            "",
            1.0,
        ),  # twice: the longer one
        ([Held(0.0, A), Held(11.0, B)], A, 1.0),  # killed at 10: its lease outlived it
        ([Held(0.0, A), Held(10.5, ""), Held(11.5, B)], A, 1.5),
        ([Held(0.0, A), Held(12.0, "")], "", 8.0),  # nobody came
        ([Held(0.0, ""), Held(2.0, A)], "", 0.0),  # before the harm
    ],
)
def test_a_gap_is_the_longest_time_in_which_nobody_alive_had_the_visit(
    held: list[Held], dead: str, expected: float
) -> None:
    assert gap_s(held, begun_at=10.0, now=20.0, dead=dead) == pytest.approx(expected)


def test_redis_is_away_from_its_last_answer_to_its_next() -> None:
    assert longest_silence_s([9.0, 10.1, 10.2, 12.0, 12.1], begun_at=10.0, now=12.5) == pytest.approx(1.8)
    assert longest_silence_s([9.0], begun_at=10.0, now=14.0) == pytest.approx(4.0)


def test_every_stage_is_disturbed_alone_and_with_a_sibling_and_is_left_as_it_was() -> None:
    done = harms(1)
    for stage in STAGES:
        own = [(harm.kind, harm.has_sibling) for harm in done if harm.service == stage]
        assert own == [
            (RESTART, False), (KILL, False), (SCALE_UP, False), (RESTART, True), (KILL, True), (SCALE_DOWN, False)
        ]  # fmt: skip
    assert {(harm.service, harm.kind) for harm in done if harm.service not in STAGES} == {
        (service, kind) for service in ("session", "redis") for kind in (RESTART, KILL)
    }
    assert len(harms(3)) == 3 * len(done)


def test_without_siblings_nothing_is_scaled() -> None:
    done = harms(2, only_alone=True)
    assert len(done) == 2 * (2 * len(STAGES) + 4)
    assert not any(harm.has_sibling or harm.kind in (SCALE_UP, SCALE_DOWN) for harm in done)


def test_who_is_alone_may_take_its_warm_time_and_a_little_more() -> None:
    assert target_s(Harm("tts", KILL), warm_s=1.7) == pytest.approx((3.2, 3.2))
    assert target_s(Harm("tts", KILL, has_sibling=True), warm_s=1.7) == (1.2, 2.0)
    assert target_s(Harm("tts", SCALE_UP), warm_s=1.7) == (0.2, 0.2)


def test_a_target_is_missed_by_one_sample_that_is_too_long() -> None:
    harm = Harm("asr", KILL, has_sibling=True)
    samples = [Sample(harm=harm, gap_s=each) for each in (0.9, 1.0, 2.1)]
    found = gaps(samples, {})["asr killed, with a sibling"]
    assert (found.count, found.p50, found.max, found.is_met) == (3, 1.0, 2.1, False)
    assert gaps(samples[:2], {})["asr killed, with a sibling"].is_met


def session(**network: Any) -> dict[str, Any]:
    known = {
        "MIRROR_SESSION__PORT": "8080", "MIRROR_KIOSK_TOKEN": "k=1", "MIRROR_SESSION__SCRIPT": "scripts/short.yaml",
        "REDIS_URL": "redis://:secret@redis:6379/0",
    }  # fmt: skip
    return {"Config": {"Env": [f"{name}={value}" for name, value in known.items()]}, "NetworkSettings": network}


REDIS = {"NetworkSettings": {"Networks": {"mirror_default": {"IPAddress": "172.18.0.2"}}}}


def test_a_mirror_in_containers_is_found_by_its_published_port_and_its_redis_by_its_address() -> None:
    ports = {"8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8190"}]}
    house = read_house(session(Ports=ports), REDIS)
    assert house.url == "ws://127.0.0.1:8190/kiosk/socket"
    assert (house.token, house.script) == ("k=1", "scripts/short.yaml")
    assert house.redis_url == "redis://:secret@172.18.0.2:6379/0"


@pytest.mark.parametrize("ports", [None, {}, {"8080/tcp": None}])
def test_a_mirror_that_is_not_up_is_said_to_be_so(ports: dict[str, Any] | None) -> None:
    with pytest.raises(EngineUnavailable, match="does not run"):
        read_house(session(Ports=ports), REDIS)


async def test_a_visit_that_had_a_fault_is_kept_with_its_faults_in_its_note(tmp_path: Path) -> None:
    visitor = read_visitor(Path("tests/visitors/silent"))
    path = tmp_path / "records" / "visit-1.mcap"
    make_folder(path.parent)
    await keep(
        path, whole_visit(), [Fault(LOST, "answers", "nothing after utterance 4")], visitor, Path("scripts/short.yaml")
    )
    recorded = read_recording(path)
    assert recorded.manifest.note == "lost: answers: nothing after utterance 4"
    assert recorded.manifest.visitor == "silent"
    assert len(recorded.moments) == len(whole_visit().entries)


def test_a_folder_that_cannot_take_records_is_refused_before_the_first_visit(tmp_path: Path) -> None:
    (tmp_path / "visit-1.mcap").touch()
    with pytest.raises(BadInput, match="another run"):
        make_folder(tmp_path)
    with pytest.raises(BadInput, match="cannot write"):
        make_folder(tmp_path / "visit-1.mcap" / "records")
