"""Restarting and scaling one replica at a time, on an engine that only pretends."""

import msgspec
import pytest

from rig.containers.change import restart, scale
from rig.containers.replica import Replica
from shared.errors import BadInput, EngineUnavailable


class FakeContainers:
    """Containers that become warm after `looks` looks, or never."""

    def __init__(self, *stages: str, looks: int = 2) -> None:
        self.all = [
            Replica(stage=stage, number=stages[:at].count(stage) + 1, name=f"{stage}-{at}", state="ready", is_well=True)
            for at, stage in enumerate(stages)
        ]
        self.looks = looks
        self.did: list[str] = []
        self.end = "starting"
        self._cold: dict[str, int] = {}

    def replicas(self, stage: str = "") -> list[Replica]:
        return [one for one in self.all if stage in ("", one.stage)]

    def look(self, name: str) -> Replica:
        left = self._cold.get(name, 0)
        self._cold[name] = left - 1
        if left <= 1:
            self.did.append(f"{name} is warm")
        found = next(one for one in self.all if one.name == name)
        return msgspec.structs.replace(found, is_well=left <= 1, state="ready" if left <= 1 else self.end)

    def restart(self, replica: Replica) -> None:
        self.did.append(f"restart {replica.name}")
        self._cold[replica.name] = self.looks

    def add(self, stage: str) -> str:
        name = f"{stage}-new{len(self.all)}"
        self.all.append(Replica(stage=stage, number=9, name=name, state="starting", is_well=False))
        self.did.append(f"add {name}")
        self._cold[name] = self.looks
        return name

    def remove(self, replica: Replica) -> None:
        self.did.append(f"remove {replica.name}")
        self.all = [one for one in self.all if one.name != replica.name]

    def last_line(self, name: str) -> str:
        return f"last words of {name}"


def no_wait(_seconds: float) -> None:
    pass


def no_progress(_what: str, _share: float) -> None:
    pass


def test_the_next_replica_is_restarted_when_the_one_before_is_warm() -> None:
    containers = FakeContainers("asr", "asr", "llm")
    restart(containers, "asr", no_progress, no_wait)
    assert containers.did == ["restart asr-0", "asr-0 is warm", "restart asr-1", "asr-1 is warm"]


def test_a_replica_that_ends_keeps_the_others_running_and_says_its_last_words() -> None:
    containers = FakeContainers("asr", "asr", looks=9)
    containers.end = "restarting (3)"
    with pytest.raises(EngineUnavailable, match="last words of asr-0"):
        restart(containers, "asr", no_progress, no_wait)
    assert containers.did == ["restart asr-0"]


def surging(*stages: str, looks: int = 2) -> FakeContainers:
    containers = FakeContainers(*stages, looks=looks)
    containers.all = [msgspec.structs.replace(one, may_surge=True) for one in containers.all]
    return containers


def test_one_that_is_alone_goes_when_its_successor_is_warm() -> None:
    containers = surging("tts", "llm")
    [left] = restart(containers, "tts", no_progress, no_wait)
    assert containers.did == ["add tts-new2", "tts-new2 is warm", "remove tts-0"]
    assert left.name == "tts-new2"


def test_one_whose_successor_cannot_start_goes_on() -> None:
    containers = surging("tts", looks=9)
    containers.end = "restarting (3)"
    with pytest.raises(EngineUnavailable, match="last words of tts-new1; tts-0 was left as it is"):
        restart(containers, "tts", no_progress, no_wait)
    assert containers.did == ["add tts-new1", "remove tts-new1"]
    assert [one.name for one in containers.all] == ["tts-0"]


def test_one_with_a_sibling_needs_no_successor() -> None:
    containers = surging("tts", "tts")
    restart(containers, "tts", no_progress, no_wait)
    assert containers.did == ["restart tts-0", "tts-0 is warm", "restart tts-1", "tts-1 is warm"]


def test_a_replica_that_never_becomes_warm_is_given_up() -> None:
    with pytest.raises(EngineUnavailable, match="not warm"):
        restart(FakeContainers("asr", looks=10**6), "asr", no_progress, no_wait)


def test_scaling_up_adds_one_when_the_one_before_is_warm() -> None:
    containers = FakeContainers("asr")
    assert len(scale(containers, "asr", 3, no_progress, no_wait)) == 3
    assert containers.did == ["add asr-new1", "asr-new1 is warm", "add asr-new2", "asr-new2 is warm"]


def test_scaling_down_takes_the_latest() -> None:
    containers = FakeContainers("asr", "asr", "asr")
    scale(containers, "asr", 1, no_progress, no_wait)
    assert containers.did == ["remove asr-2", "remove asr-1"]


def test_scaling_to_what_there_is_changes_nothing() -> None:
    containers = FakeContainers("asr", "asr")
    scale(containers, "asr", 2, no_progress, no_wait)
    assert containers.did == []


@pytest.mark.parametrize(("stage", "count"), [("asr", 0), ("session", 2), ("redis", 2), ("asp", 2)])
def test_what_cannot_be_scaled_is_refused_before_anything_is_changed(stage: str, count: int) -> None:
    containers = FakeContainers("asr", "session", "redis")
    with pytest.raises(BadInput):
        scale(containers, stage, count, no_progress, no_wait)
    assert containers.did == []


def test_a_stage_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(BadInput, match="asr, llm"):
        restart(FakeContainers("llm", "asr"), "asp", no_progress, no_wait)
