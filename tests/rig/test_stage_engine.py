"""The edge to Docker, where its engine refuses a thing."""

from types import SimpleNamespace

import docker
import pytest
from docker.errors import APIError

from rig.containers.engine import Containers
from tests.rig.test_stage_replica import inspected


def test_one_that_ends_while_it_is_asked_is_listed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise APIError("Container abc is restarting, wait until the container is running")

    is_service = inspected()
    is_service["Config"]["Env"] = ["SERVICE=asr"]
    engine = SimpleNamespace(
        containers=SimpleNamespace(list=lambda **_: [SimpleNamespace(attrs={**is_service, "Id": "abc"})]),
        api=SimpleNamespace(exec_create=refuse),
    )
    monkeypatch.setattr(docker, "from_env", lambda **_: engine)
    (row,) = Containers("mirror").replicas()
    assert (row.stage, row.restarts) == ("asr", 3)
