"""A stage's check runs alone: it may chatter, crash or hang, and is still only a line."""

import asyncio
import os
import select
from typing import Any

import pytest

from rig.checks.ground import Ground
from rig.checks.stages import SHOWN, Errand, run_one, run_stages
from shared.checkup import Finding

FAKES = "tests.support.rig_fake_stages"
SETTINGS: dict[str, Any] = {"asr": {"engine": "moonshine"}, "faceswap": {"engine": "mesh_warp"}}


def ends(pid: int) -> bool:
    """Whether a process is gone, or goes within ten seconds."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], 10.0)[0])
    finally:
        os.close(watched)


def check(stage: str, patience_s: float = 20.0) -> tuple[list[Finding], list[str]]:
    told: list[str] = []
    errand = Errand(name=stage, module=f"{FAKES}.{stage}.checkup")
    found = asyncio.run(run_one(errand, SETTINGS, patience_s, lambda name, share, what: told.append(what)))
    return found, told


def test_what_a_stage_finds_is_heard_whatever_its_library_prints() -> None:
    found, told = check("asr")
    assert [(one.check, one.found, one.figures) for one in found] == [
        ("asr engine", "moonshine", {"inference_ms": 41.0})
    ]
    assert told == ["hearing"]


def test_a_crash_is_one_line_and_what_was_found_before_is_kept() -> None:
    found, _ = check("tts")
    assert [(one.check, one.state) for one in found] == [("tts opened", "right"), ("engine of tts", "wrong")]
    assert "killed by SIGSEGV" in found[1].found
    assert "mirror try tts" in found[1].cure


def test_a_check_that_hangs_is_given_up_and_leaves_no_process() -> None:
    found, _ = check("llm", patience_s=2.0)
    assert found[-1].state == "wrong"
    assert "no answer within 2 s" in found[-1].found
    assert ends(int(found[0].found))


def test_what_a_check_raises_of_ours_is_its_cure() -> None:
    found, _ = check("a2f_bridge")
    assert [(one.check, one.state) for one in found] == [("engine of a2f_bridge", "wrong")]
    assert found[0].cure == "a2f_bridge: no server at 127.0.0.1:52000; start it"


def test_a_stage_without_a_check_says_what_it_runs_and_how_to_try_it() -> None:
    found, _ = check("faceswap")
    assert (found[0].state, found[0].found) == ("missing", "mesh_warp: not tried")
    assert "mirror try faceswap" in found[0].cure


def test_a_check_that_hangs_leaves_every_other_its_time() -> None:
    ground = Ground(settings=SETTINGS, package=FAKES)
    shares: list[float] = []
    found = asyncio.run(run_stages(ground, lambda _, share: shares.append(share), lane_s=24.0))
    assert tuple(found) == SHOWN
    assert {name: found[name][-1].state for name in ("asr", "tts", "llm", "a2f_bridge", "video")} == {
        "asr": "right", "tts": "wrong", "llm": "wrong", "a2f_bridge": "wrong", "video": "right",
    }  # fmt: skip
    assert "no answer within 12 s" in found["llm"][-1].found
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("asr", "engines"),
    [
        ({"engine": "moonshine"}, ("moonshine",)),
        (
            {"engine": "fallback", "options": {"fallback": {"order": ["moonshine", "scripted"]}}},
            ("moonshine", "scripted"),
        ),
        ({"engine": "fallback"}, ("faster_whisper", "moonshine")),
        ({}, ()),
    ],
)
def test_the_engines_that_may_come_to_speak_are_read_from_the_settings(
    asr: dict[str, Any], engines: tuple[str, ...]
) -> None:
    assert Ground(settings={"asr": asr}).engines("asr") == engines
