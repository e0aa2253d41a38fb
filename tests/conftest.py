"""Fixtures every test may use."""

from collections.abc import Iterator

import pytest

from rig.ram_disk import private_folder
from rig.redis_server import RedisServer


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A private Redis for one test."""
    with private_folder("test") as folder:
        server = RedisServer(folder / "redis")
        server.start()
        try:
            yield server
        finally:
            server.stop()
