"""A container's row, out of what Docker says; and one more container like it."""

import json
from typing import Any

import pytest

from rig.containers.command import with_last_words
from rig.containers.replica import free_number, memory_of, read_replica, twin_of

BEAT = {
    "state": "degraded", "engine": "fallback", "device": "cuda", "warm_s": 3.2, "lag_s": 0.1, "sessions": ["a", "b"],
    "last_error": "peer away", "version": "1", "detail": "24 fps",
}  # fmt: skip


def inspected(health: dict[str, Any] | None = None, **state: Any) -> dict[str, Any]:
    labels = {
        "com.docker.compose.project": "mirror",
        "com.docker.compose.service": "asr",
        "com.docker.compose.container-number": "2",
    }
    return {
        "Name": "/mirror-asr-2",
        "Image": "sha256:abc",
        "RestartCount": 3,
        "Config": {"Labels": labels, "Hostname": "deadbeef", "Env": ["A=1"]},
        "HostConfig": {"CapDrop": ["ALL"], "ReadonlyRootfs": True},
        "NetworkSettings": {"Networks": {"mirror_default": {"IPAddress": "172.18.0.4", "Aliases": ["asr", "abc"]}}},
        "State": {"Status": "running", "Running": True, **({"Health": health} if health else {}), **state},
    }


def checked(output: str, status: str = "healthy", code: int = 0) -> dict[str, Any]:
    return {"Status": status, "Log": [{"Output": "old"}, {"Output": output, "ExitCode": code}]}


def test_a_healthy_container_says_what_its_heartbeat_says() -> None:
    row = read_replica(inspected(checked(json.dumps(BEAT) + "\n")), 128_000_000)
    assert (row.stage, row.number, row.state, row.is_well) == ("asr", 2, "degraded", True)
    assert (row.engine, row.device, row.warm_s, row.lag_s, row.sessions) == ("fallback", "cuda", 3.2, 0.1, 2)
    assert (row.restarts, row.memory_mb, row.last_error, row.detail) == (3, 128.0, "peer away", "24 fps")


def test_starts_inside_a_container_count_beside_dockers() -> None:
    row = read_replica(inspected(checked(json.dumps({**BEAT, "restarts": 2}))))
    assert row.restarts == 3 + 2


def test_what_a_container_says_when_asked_counts_before_what_docker_heard_last() -> None:
    now = {"Output": json.dumps({**BEAT, "engine": "main"}) + "\n", "ExitCode": 0}
    assert read_replica(inspected(checked(json.dumps(BEAT))), None, now).engine == "main"


def test_a_container_that_has_not_beaten_yet_is_starting() -> None:
    row = read_replica(inspected(checked("it has not started to beat\n", "starting", 1)))
    assert (row.state, row.is_well, row.last_error) == ("starting", False, "it has not started to beat")


def test_a_hanging_service_is_unhealthy_whatever_its_last_beat_said() -> None:
    said = json.dumps({**BEAT, "last_error": ""}) + "\nno heartbeat has reached Redis for 9 s\n"
    row = read_replica(inspected(checked(said, "unhealthy", 1)))
    assert (row.state, row.is_well, row.last_error) == ("unhealthy", False, "no heartbeat has reached Redis for 9 s")


def test_a_container_that_ended_says_with_which_code() -> None:
    row = read_replica(inspected(checked(json.dumps(BEAT)), Status="restarting", Running=True, ExitCode=3))
    assert (row.state, row.is_well, row.sessions, row.lag_s) == ("restarting (3)", False, 0, None)


def test_what_docker_could_not_start_says_what_docker_said() -> None:
    said = 'could not select device driver "nvidia" with capabilities: [[gpu]]'
    row = read_replica(inspected(Status="created", Running=False, Error=said))
    assert (row.state, row.is_well, row.last_error) == ("created", False, said)


class SomeLog:
    """A log whose last line is known."""

    def last_line(self, name: str) -> str:
        return f"2026-01-01 10:00:00,000 ERROR shared.runner last words of {name}"


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [("restarting", 4, "last words of mirror-asr-2"), ("exited", 2, "last words of mirror-asr-2"), ("exited", 0, "")],
)
def test_what_ended_with_a_fault_says_its_last_words(status: str, code: int, words: str) -> None:
    row = read_replica(inspected(checked(json.dumps({**BEAT})), Status=status, ExitCode=code))
    assert with_last_words(SomeLog(), row).last_error == words


@pytest.mark.parametrize(("restarts", "words"), [(0, ""), (3, "last words of mirror-asr-2")])
def test_what_is_being_tried_again_says_why_it_ended(restarts: int, words: str) -> None:
    found = inspected({"Status": "starting", "Log": []})
    row = read_replica({**found, "RestartCount": restarts})
    assert with_last_words(SomeLog(), row).last_error == words


def test_a_container_without_a_health_check_is_well_while_it_runs() -> None:
    assert read_replica(inspected()).is_well


def test_a_beat_cut_short_by_docker_is_no_fault_of_ours() -> None:
    assert read_replica(inspected(checked('{"state": "rea'))).state == "ready"


@pytest.mark.parametrize(
    ("label", "may_surge"), [({}, False), ({"mirror.surge": "true"}, True), ({"mirror.surge": "false"}, False)]
)
def test_whether_a_successor_may_run_beside_it_is_said_by_its_label(label: dict[str, str], may_surge: bool) -> None:
    found = inspected()
    found["Config"]["Labels"] |= label
    assert read_replica(found).may_surge is may_surge


def test_memory_is_counted_without_the_page_cache_in_both_versions_of_cgroups() -> None:
    assert memory_of({"memory_stats": {"usage": 100, "stats": {"inactive_file": 30}}}) == 70
    assert memory_of({"memory_stats": {"usage": 100, "stats": {"total_inactive_file": 30}}}) == 70
    assert memory_of({"memory_stats": {}}) is None


def test_a_twin_is_the_same_but_for_its_number_and_name() -> None:
    name, twin = twin_of(inspected(), 5)
    assert name == "mirror-asr-5"
    assert twin["Labels"]["com.docker.compose.container-number"] == "5"
    assert "Hostname" not in twin
    assert (twin["Env"], twin["HostConfig"], twin["Image"]) == (["A=1"], inspected()["HostConfig"], "sha256:abc")
    assert twin["NetworkingConfig"] == {"EndpointsConfig": {"mirror_default": {"Aliases": ["asr"]}}}


def test_a_number_that_became_free_is_taken_again() -> None:
    assert [free_number(taken) for taken in (set(), {1}, {1, 3}, {2})] == [1, 2, 2, 1]
