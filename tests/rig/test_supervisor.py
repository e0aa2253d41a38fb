"""Starting, restarting and stopping services that do nothing."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from rig.options import Options, plan, with_replicas
from rig.ram_disk import ram_disk
from rig.supervisor import running_mirror
from shared.errors import BadInput, ConfigError, EngineUnavailable

FAKES = "tests.support.rig_fake_services"


def private_folders() -> set[Path]:
    return set(ram_disk().glob("mirror-run-*"))


@pytest.mark.redis
async def test_a_service_that_is_killed_comes_back_and_says_that_it_is_ready() -> None:
    async with running_mirror(Options(port=0, stages=("idle",), package=FAKES)) as mirror:
        service = mirror.services["idle"]
        first, worker = service.pid, mirror.heartbeats["idle"].worker
        service.kill()
        async with asyncio.timeout(30):
            while mirror.heartbeats["idle"].worker == worker or mirror.heartbeats["idle"].state != "ready":
                await asyncio.sleep(0.02)
        assert service.restarts == 1
        assert service.pid not in (0, first)


@pytest.mark.redis
async def test_a_stage_has_as_many_replicas_as_were_asked_for_and_grows_and_shrinks_while_it_runs() -> None:
    options = Options(port=0, stages=("idle",), package=FAKES, replicas={"idle": 2})
    async with running_mirror(options) as mirror, asyncio.timeout(60):
        crew = mirror.crews["idle"]
        assert all(replica.ready.is_set() for replica in crew.replicas)
        third = crew.more()
        await third.ready.wait()
        pids = {replica.pid for replica in crew.replicas}
        assert len(pids - {0}) == 3
        await crew.fewer(third)
        assert {replica.pid for replica in crew.replicas} < pids
        assert third.pid == 0


@pytest.mark.redis
async def test_redis_comes_back_too_and_the_services_live_through_it() -> None:
    async with running_mirror(Options(port=0, stages=("idle",), package=FAKES)) as mirror:
        service = mirror.services["idle"]
        mirror.redis.kill()
        beat = mirror.heartbeats["idle"].at
        async with asyncio.timeout(30):
            while mirror.heartbeats["idle"].at == beat:
                await asyncio.sleep(0.02)
        assert service.restarts == 0


@pytest.mark.redis
async def test_nothing_is_left_of_a_mirror() -> None:
    before = private_folders()
    async with running_mirror(Options(port=0, stages=("idle",), package=FAKES)) as mirror:
        pid = mirror.services["idle"].pid
        assert private_folders() > before
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert private_folders() <= before


@pytest.mark.redis
async def test_a_service_that_cannot_start_ends_the_start_with_its_own_words() -> None:
    before = private_folders()
    with pytest.raises(EngineUnavailable, match="broken ended before it was ready: broken: no such device; plug it in"):
        async with running_mirror(Options(port=0, stages=("idle", "broken"), package=FAKES)):
            pass
    assert private_folders() <= before


@pytest.mark.parametrize("texts", [["asr"], ["asr=two"], ["asr=0"], ["ears=2"], ["session=2"]])
def test_replicas_that_cannot_be_are_refused(texts: list[str]) -> None:
    with pytest.raises(ConfigError, match="replicas"):
        plan(with_replicas(Options(port=0), texts), {})


def test_a_port_that_is_taken_is_found_before_anything_starts(unused_tcp_port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", unused_tcp_port))
        taken.listen()
        with pytest.raises(BadInput, match=f"port {unused_tcp_port}: Address already in use; give another with --port"):
            plan(Options(port=unused_tcp_port), {})


@pytest.mark.parametrize("port", [-1, 65_536, 99_999])
def test_a_port_that_does_not_exist_is_refused_with_those_that_do(port: int) -> None:
    with pytest.raises(BadInput, match=f"port {port}: there is none; give 1 to 65535"):
        plan(Options(port=port), {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("engine=scripted", r"write section\.key=value"),
        ("asr.engine", r"write section\.key=value"),
        ("ears.engine=scripted", r"no section \[ears\]"),
    ],
)
def test_a_set_that_cannot_be_meant_is_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        plan(Options(port=0, sets=(text,)), {})


def test_a_set_reaches_the_services_as_a_variable() -> None:
    environment = plan(Options(port=0, sets=("asr.options.moonshine.threads=2",)), {}).environment
    assert environment["MIRROR_ASR__OPTIONS__MOONSHINE__THREADS"] == "2"


def test_kiosk_and_operator_get_tokens_of_their_own() -> None:
    plans = [plan(Options(port=0), {}).environment for _ in range(2)]
    assert len({one[f"MIRROR_{who}_TOKEN"] for one in plans for who in ("KIOSK", "OPERATOR")}) == 4


def test_a_play_that_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match=r"no file nowhere\.yaml"):
        plan(Options(port=0, script="nowhere.yaml"), {})
