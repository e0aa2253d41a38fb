"""The compose files and the Dockerfile: what may be published, who knows which secret, what a container may do."""

import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
RIG = ("docker-compose.yml",)
CPU = (*RIG, "docker-compose.cpu.yml")
TWO = "docker-compose.two.yml"
RIGHT = ("a2f_bridge_right", "faceswap_right")
STAGES = ("asr", "llm", "tts", "a2f_bridge", "faceswap")
SERVICES = (*STAGES, "session")
SECRETS = {
    "GEMINI_API_KEY": {"llm"},
    "GOOGLE_API_KEY": {"llm"},
    "OPENAI_API_KEY": {"llm"},
    "HF_TOKEN": {"models"},
    "MIRROR_KIOSK_TOKEN": {"session"},
    "MIRROR_OPERATOR_TOKEN": {"session"},
    "REDIS_PASSWORD": {"redis"},
    "REDIS_URL": {*SERVICES, *RIGHT},
}


@cache
def composed(*files: str, profiles: str = "*", **settings: str) -> dict[str, Any]:
    """What compose makes of the files, without the environment of whoever runs the tests."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not on the PATH")
    command = [docker, "compose", "--env-file", os.devnull, "--project-directory", str(ROOT)]
    for file in files:
        command += ["-f", str(ROOT / file)]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **settings}
    done = subprocess.run(
        [*command, *(["--profile", profiles] if profiles else []), "config", "--format", "json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def services(*files: str) -> dict[str, Any]:
    return dict(composed(*files)["services"])


@pytest.mark.parametrize("over", ["docker-compose.cpu.yml", "docker-compose.dev.yml", "docker-compose.obs.yml", TWO])
def test_every_override_fits(over: str) -> None:
    assert set(SERVICES) <= services(*RIG, over).keys()


@pytest.mark.parametrize("files", [RIG, CPU])
def test_only_the_session_service_is_published_and_only_on_loopback(files: tuple[str, ...]) -> None:
    ports = {name: one["ports"] for name, one in services(*files).items() if one.get("ports")}
    assert list(ports) == ["session"]
    assert [port["host_ip"] for port in ports["session"]] == ["127.0.0.1"]


def test_it_is_published_elsewhere_when_told_so() -> None:
    found = composed(*RIG, MIRROR_BIND="192.168.1.5", MIRROR_PORT="9000")["services"]["session"]["ports"]
    assert [(port["host_ip"], port["published"]) for port in found] == [("192.168.1.5", "9000")]


@pytest.mark.parametrize("files", [RIG, CPU])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_stands_only_with_those_that_need_it(files: tuple[str, ...], secret: str) -> None:
    holders = {name for name, one in services(*files).items() if secret in (one.get("environment") or {})}
    assert holders == SECRETS[secret]


@pytest.mark.parametrize("name", [*SERVICES, "redis", "models", "ram"])
def test_a_container_is_read_only_and_may_do_nothing(name: str) -> None:
    one = services(*RIG)[name]
    assert one["read_only"]
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert not any("docker.sock" in volume["source"] for volume in one.get("volumes", ()))


def test_every_image_runs_as_nobody_at_its_end() -> None:
    stages = (ROOT / "Dockerfile").read_text().split("\nFROM ")[1:]
    built = [text for text in stages if " AS base" not in text.partition("\n")[0]]
    assert len(built) == 3
    assert all("\nUSER 65534:65534\n" in text for text in built)


def test_a_service_image_holds_shared_and_its_own_service() -> None:
    text = (ROOT / "Dockerfile").read_text().partition(" AS service\n")[2]
    copied = [line.split()[1:-1] for line in text.splitlines() if line.startswith("COPY")]
    assert [path for line in copied for path in line] == [
        "services/${SERVICE}/requirements*.txt", "containers/again", "containers/steady", "shared", "services/__init__.py", "services/${SERVICE}"
    ]  # fmt: skip


def test_gpus_are_reserved_on_the_rig_and_nowhere_else() -> None:
    def reserving(*files: str) -> set[str]:
        return {name for name, one in services(*files).items() if "devices" in json.dumps(one.get("deploy") or {})}

    assert reserving(*RIG) == {"asr", "tts", "faceswap", "faceswap_right"}
    assert reserving(*CPU) == set()


@pytest.mark.parametrize("files", [RIG, CPU])
def test_a_second_mirror_has_a_virtual_human_of_its_own_and_shares_the_rest(files: tuple[str, ...]) -> None:
    one, two = (composed(*some, profiles="")["services"] for some in (files, (*files, TWO)))
    assert set(two) - set(one) == set(RIGHT)
    bound = {name: each["environment"].get("MIRROR_WORKER__KIOSKS") for name, each in two.items() if name != "ram"}
    assert {name for name, kiosks in bound.items() if kiosks == '["left"]'} == {"a2f_bridge", "faceswap"}
    assert {name for name, kiosks in bound.items() if kiosks == '["right"]'} == set(RIGHT)
    assert two["session"]["environment"]["MIRROR_SESSION__KIOSKS"] == '["left", "right"]'
    for right in RIGHT:
        assert two[right]["image"] == two[right.removesuffix("_right")]["image"]
        assert two[right].get("deploy") == two[right.removesuffix("_right")].get("deploy")


@pytest.mark.parametrize("files", [RIG, CPU])
def test_the_second_mirrors_poses_reach_its_own_face_alone(files: tuple[str, ...]) -> None:
    two = services(*files, TWO)
    sent = {name: two[name]["environment"]["MIRROR_A2F_BRIDGE__LIVE_LINK"] for name in ("a2f_bridge", RIGHT[0])}
    assert sent["a2f_bridge_right"] == "faceswap_right:11111"
    assert "faceswap_right" not in sent["a2f_bridge"]


def test_who_is_found_by_its_name_has_no_successor_beside_it() -> None:
    surging = {name for name, one in services(*RIG).items() if "mirror.surge" in (one.get("labels") or {})}
    assert surging == {"asr", "llm", "tts", "a2f_bridge", "a2f_bridge_right"}


def test_stages_wait_for_redis_and_models_and_the_session_for_nobodys_health() -> None:
    found = services(*RIG)
    for stage in STAGES:
        waits = {name: (one["condition"], one["required"]) for name, one in found[stage]["depends_on"].items()}
        assert waits == {"redis": ("service_healthy", True), "models": ("service_completed_successfully", False)}
    # The operator page is where it is said that Redis is not well.
    assert {name: one["condition"] for name, one in found["session"]["depends_on"].items()} == {
        "redis": "service_started"
    }


def test_redis_keeps_its_file_in_memory_and_somebody_keeps_that_memory() -> None:
    document = composed(*RIG)
    assert document["volumes"]["ram"]["driver_opts"]["type"] == "tmpfs"
    users = {
        name: volume["target"]
        for name, one in document["services"].items()
        for volume in one.get("volumes", ())
        if volume["source"] == "ram"
    }
    assert users == {"redis": "/data", "ram": "/data"}


def test_poses_reach_unreal_on_the_rig_and_the_stand_in_elsewhere() -> None:
    where = "MIRROR_A2F_BRIDGE__LIVE_LINK"
    assert services(*RIG)["a2f_bridge"]["environment"][where] == "host.docker.internal:11111,faceswap:11111"
    assert services(*CPU)["a2f_bridge"]["environment"][where] == "faceswap:11111"


def test_settings_named_in_the_environment_exist() -> None:
    text = (ROOT / "config" / "mirror.toml").read_text()
    for one in services(*CPU).values():
        for name in one.get("environment") or {}:
            if name.startswith("MIRROR_") and "__" in name:
                *tables, key = name.removeprefix("MIRROR_").lower().split("__")
                assert f"[{'.'.join(tables)}]\n" in text
                assert f"\n{key} = " in text, name


def test_what_the_files_ask_for_stands_in_the_example() -> None:
    asked = {"REDIS_PASSWORD", "MIRROR_KIOSK_TOKEN", "MIRROR_OPERATOR_TOKEN", "GEMINI_API_KEY"}
    given = {line.partition("=")[0] for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line}
    assert asked <= given


def test_no_secret_has_a_default_on_the_rig() -> None:
    for one in services(*RIG).values():
        for name in set(SECRETS) - {"REDIS_URL"}:
            assert not (one.get("environment") or {}).get(name)


@pytest.mark.parametrize(
    "file", ["Dockerfile", "containers/install", "containers/redis", ".ci/docker", "docker-compose.yml"]
)
def test_line_ends_are_those_of_linux(file: str) -> None:
    assert b"\r" not in (ROOT / file).read_bytes()


def test_a_build_sees_nothing_but_what_is_named() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    assert {line for line in lines if line.startswith("!")} == {
        "!constraints.txt", "!containers", "!shared", "!services", "!rig"
    }  # fmt: skip


def judge() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("judge", str(ROOT / ".ci" / "judge"))
    spec = importlib.util.spec_from_loader("judge", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def report(**other: object) -> dict[str, object]:
    return {
        "wipe": {"keys_left": 0, "keys_found": 0, "files_left": 0},
        "must_say": {"said": 3, "of": 3, "missing": []},
        "captures": {"voice": True, "face": True},
        "duration_s": 75.2,
        **other,
    }


def test_a_whole_visit_in_containers_has_no_fault() -> None:
    assert judge().faults(report(), 75.0) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"wipe": {"keys_left": 1, "keys_found": 0, "files_left": 0}},
        {"wipe": {"keys_left": 0, "keys_found": None, "files_left": 0}},
        {"must_say": {"said": 2, "of": 3, "missing": ["farewell"]}},
        {"must_say": {"said": 0, "of": 0, "missing": []}},
        {"captures": {"voice": False, "face": True}},
        {"duration_s": 71.0},
        {"duration_s": None},
    ],
)
def test_what_a_visit_lost_is_a_fault(wrong: dict[str, object]) -> None:
    assert len(judge().faults(report(**wrong), 75.0)) == 1


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({}, 0),
        ({"captures": {"voice": False, "face": True}, "must_say": {"said": 2, "of": 3, "missing": ["bye"]}}, 3),
        ({"captures": {"voice": False, "face": True}, "duration_s": 71.0}, 1),
    ],
)
def test_only_a_lost_answer_is_worth_a_second_visit(tmp_path: Path, wrong: dict[str, object], code: int) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps(report(**wrong)))
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "judge"), str(file), "75"], capture_output=True, check=False
    )
    assert done.returncode == code
