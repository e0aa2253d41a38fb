"""Several mirrors on one machine: their names, and that each has a face of its own."""

import asyncio
import json

import pytest

from rig.options import Options, plan
from rig.pairs import kiosk_names
from rig.supervisor import running_mirror
from shared.errors import ConfigError

FAKES = "tests.support.rig_fake_services"
LISTEN = "MIRROR_FACESWAP__SOURCE_OPTIONS__STAND_IN__LIVE_LINK_LISTEN"
SEND = "MIRROR_A2F_BRIDGE__LIVE_LINK"


def test_mirrors_are_numbered_or_have_the_settings_names() -> None:
    assert kiosk_names(2, {}) == ("mirror-1", "mirror-2")
    assert kiosk_names(2, {"session": {"kiosks": ["left", "right"]}}) == ("left", "right")
    assert kiosk_names(0, {"session": {"kiosks": ["left", "right"]}}) == ()


@pytest.mark.parametrize(
    ("mirrors", "kiosks", "why"),
    [
        (3, ["left", "right"], "as many names as mirrors"),
        (2, ["left", "left"], "as many names as mirrors"),
        (1, ["../left"], "letters, digits"),
        (17, [], "1 to 16"),
        (-1, [], "1 to 16"),
    ],
)
def test_names_that_cannot_be_are_refused(mirrors: int, kiosks: list[str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        kiosk_names(mirrors, {"session": {"kiosks": kiosks}})


def test_every_mirror_has_a_pair_that_is_bound_to_it_and_a_way_of_its_own_from_face_to_picture() -> None:
    planned = plan(Options(port=0, mirrors=2), {})
    assert planned.environment["MIRROR_SESSION__KIOSKS"] == '["mirror-1", "mirror-2"]'
    assert {name: json.loads(one["MIRROR_WORKER__KIOSKS"]) for name, one in planned.pairs.items()} == {
        "mirror-1": ["mirror-1"],
        "mirror-2": ["mirror-2"],
    }
    ways = [one[SEND] for one in planned.pairs.values()]
    assert [one[LISTEN] for one in planned.pairs.values()] == ways
    assert len({*ways, planned.environment[SEND]}) == 3


def test_the_first_mirror_keeps_the_settings_virtual_human_and_another_may_be_told_of_its_own() -> None:
    sets = ("mirror-2:faceswap.source=stand_in", "mirror-2:a2f_bridge.live_link=10.0.0.2:11111")
    first, second = plan(Options(port=None, mirrors=2, sets=(*sets, "session.port=0")), {}).pairs.values()
    assert SEND not in first
    assert (second["MIRROR_FACESWAP__SOURCE"], second[SEND]) == ("stand_in", "10.0.0.2:11111")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("middle:faceswap.source=stand_in", "no such mirror; there are mirror-1, mirror-2"),
        ("mirror-1:tts.engine=tone", "only a2f_bridge and faceswap"),
        ("mirror-1:eyes.engine=tone", r"no section \[eyes\]"),
    ],
)
def test_a_set_for_one_mirror_that_cannot_be_meant_is_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        plan(Options(port=0, mirrors=2, sets=(text,)), {})


def test_one_mirror_alone_has_no_name_and_an_unbound_pair() -> None:
    planned = plan(Options(port=0), {})
    assert planned.pairs == {}
    assert "MIRROR_SESSION__KIOSKS" not in planned.environment


@pytest.mark.redis
async def test_a_face_that_dies_is_started_again_for_its_own_mirror() -> None:
    options = Options(port=0, mirrors=2, stages=("idle", "faceswap"), package=FAKES)
    async with running_mirror(options) as mirror:
        assert list(mirror.crews) == ["idle", "faceswap@mirror-1", "faceswap@mirror-2"]
        assert ["?kiosk=mirror-1&" in url for url in mirror.kiosk_urls.values()] == [True, False]
        bound = {beat.worker: beat.kiosks for beat in mirror.workers.values() if beat.stage == "faceswap"}
        assert sorted(bound.values()) == [("mirror-1",), ("mirror-2",)]
        mirror.services["faceswap@mirror-2"].kill()
        async with asyncio.timeout(30):
            while not (born := mirror.workers.keys() - bound.keys() - {mirror.heartbeats["idle"].worker}):
                await asyncio.sleep(0.02)
        assert [mirror.workers[worker].kiosks for worker in born] == [("mirror-2",)]
        assert [service.restarts for service in mirror.services.values()] == [0, 0, 1]
