"""Fixtures every test may use, and what holds for every test."""

from collections.abc import Iterator, Sequence

import pytest

from rig.ram_disk import private_folder
from rig.redis_server import RedisServer
from tests.lanes import REAL_TIME_FOLDERS

pytest.register_assert_rewrite("tests.support.visit_story")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Where a test in real time lies, so that the lane of such tests finds it."""
    for item in items:
        is_in_real_time = any(item.get_closest_marker(name) for name in ("visit", "web"))
        if is_in_real_time and not item.nodeid.startswith(tuple(f"{folder}/" for folder in REAL_TIME_FOLDERS)):
            raise pytest.UsageError(f"{item.nodeid}: a visit or a page belongs into {' or '.join(REAL_TIME_FOLDERS)}")


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
