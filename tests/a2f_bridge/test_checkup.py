from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("grpc", reason="grpcio is not installed")

from services.a2f_bridge.benchmark import COLUMNS, run_benchmark
from services.a2f_bridge.checkup import run_checkup
from services.a2f_bridge.config import BridgeConfig
from services.a2f_bridge.engines import ENGINES
from services.a2f_bridge.face_animator import poses_in
from services.a2f_bridge.measure import syllables
from shared.checkup import Finding
from shared.errors import BadInput, ConfigError
from tests.a2f_bridge.test_trial import ignore
from tests.peers.audio2face import audio2face_peer
from tests.support.a2f_bridge_peers import PATIENT

NOBODY = {"address": "127.0.0.1:1"}


def settings(engine: str, **options: Any) -> dict[str, Any]:
    return {"a2f_bridge": {"engine": engine, "options": options}}


def check(settings: dict[str, Any], progress: Callable[[float, str], None] = ignore) -> list[Finding]:
    return list(run_checkup(settings, progress))


def test_the_embedded_engine_is_right_with_its_time() -> None:
    (found,) = check(settings("embedded"))
    assert (found.check, found.state, found.cure) == ("a2f_bridge embedded", "right", "")
    assert found.figures["second_of_speech_ms"] > 0.0


def test_a_peer_that_answers_is_timed_by_a_real_clip() -> None:
    with audio2face_peer() as peer:
        (found,) = check(settings("audio2face", audio2face={"address": peer.address, **PATIENT}))
        assert found.state == "right"
        assert f"grpc {peer.address}" in found.found
        assert [clip.is_ended for clip in peer.clips] == [True, True]


def test_without_the_only_engine_the_mirror_cannot_open() -> None:
    (found,) = check(settings("audio2face", audio2face=NOBODY))
    assert (found.state, "127.0.0.1:1" in found.found) == ("wrong", True)
    assert found.cure.startswith("start the peer")


def test_both_engines_of_a_fallback_are_looked_at_and_the_second_keeps_the_mirror_open() -> None:
    pair = {"order": ["audio2face", "embedded"]}
    first, second = check(settings("fallback", fallback=pair, audio2face=NOBODY))
    assert (first.check, first.state) == ("a2f_bridge audio2face", "missing")
    assert (second.check, second.state) == ("a2f_bridge embedded", "right")


def test_an_engine_that_breaks_on_a_real_clip_is_no_engine() -> None:
    with audio2face_peer() as peer:
        peer.manners.error_after = 28  # the clip that warms it has 27 frames
        (found,) = check(settings("audio2face", audio2face={"address": peer.address, **PATIENT}))
    assert found.state == "wrong"


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ConfigError):
        check({"a2f_bridge": {"engin": "embedded"}})


def test_progress_rises_to_one() -> None:
    told: list[float] = []
    check(settings("embedded"), lambda share, _what: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("config", "names"),
    [
        (BridgeConfig(), ("embedded",)),
        (BridgeConfig(engine="fallback", options={"fallback": {"order": ["omniverse", "embedded"]}}),
         ("omniverse", "embedded")),
        (BridgeConfig(engine="fallback"), ("audio2face", "embedded")),
    ],
)  # fmt: skip
def test_every_engine_that_may_carry_a_visit_is_a_member(config: BridgeConfig, names: tuple[str, ...]) -> None:
    assert ENGINES.members(config) == names


# --- mirror bench -----------------------------------------------------------------------------------------------------


def test_the_bench_compares_the_configured_engine_with_our_own() -> None:
    with audio2face_peer() as peer:
        given = settings("audio2face", audio2face={"address": peer.address, **PATIENT})
        found = run_benchmark(given, {"input": None, "quick": "1"}, ignore)
    (table,) = found.tables
    assert table.columns == COLUMNS
    assert [row[0] for row in table.rows] == ["audio2face"] * 2 + ["embedded"] * 2
    assert all(len(row) == len(COLUMNS) for row in table.rows)
    assert found.figures["audio2face.1s.first_pose_p50_ms"] > 0.0


def test_what_cannot_be_reached_is_noted_and_the_rest_measured() -> None:
    found = run_benchmark(settings("audio2face", audio2face=NOBODY), {"input": None, "quick": "1"}, ignore)
    assert {row[0] for row in found.tables[0].rows} == {"embedded"}
    assert any("audio2face was not measured" in note for note in found.notes)


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadInput, match="no file"):
        run_benchmark(settings("embedded"), {"input": "/nowhere.wav"}, ignore)


def test_the_sound_of_the_bench_is_the_same_each_time_and_not_clipped() -> None:
    assert (syllables(0.5) == syllables(0.5)).all()
    assert 0.1 < abs(syllables(1.0)).max() < 1.0
    assert poses_in(len(syllables(1.0))) == 60
