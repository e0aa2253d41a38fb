import importlib
import tomllib
from pathlib import Path

import msgspec
import pytest

from services.a2f_bridge.config import BridgeConfig, address
from services.a2f_bridge.stage import open_stage
from shared.config import section
from shared.errors import BadInput, ConfigError


def test_the_shipped_settings_are_the_defaults() -> None:
    shipped = tomllib.loads((Path(__file__).parents[2] / "config" / "mirror.toml").read_text())
    config = section(shipped, "a2f_bridge", BridgeConfig)
    assert msgspec.structs.replace(config, options={}) == BridgeConfig()


@pytest.mark.parametrize("engine", ["audio2face", "omniverse"])
def test_the_shipped_options_of_an_engine_are_its_defaults(engine: str) -> None:
    pytest.importorskip("grpc", reason="grpcio is not installed")
    module = importlib.import_module(f"services.a2f_bridge.engines.{engine}")
    shipped = tomllib.loads((Path(__file__).parents[2] / "config" / "mirror.toml").read_text())
    options = shipped["a2f_bridge"]["options"][engine]
    assert msgspec.convert(options, module.Options) == module.Options()


@pytest.mark.parametrize("hz", [-1, 61])
def test_an_idle_face_at_an_impossible_rate_is_refused(hz: int) -> None:
    with pytest.raises(ConfigError, match="idle_hz"):
        section({"a2f_bridge": {"idle_hz": hz}}, "a2f_bridge", BridgeConfig)


@pytest.mark.parametrize(
    ("text", "found"),
    [("127.0.0.1:11111", ("127.0.0.1", 11111)), ("unreal:11111", ("unreal", 11111)), ("[::1]:9", ("::1", 9))],
)
def test_an_address_is_a_host_and_a_port(text: str, found: tuple[str, int]) -> None:
    assert address(text) == found


@pytest.mark.parametrize("text", ["", "unreal", ":11111", "unreal:", "unreal:x", "unreal:0", "unreal:70000"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="host:port"):
        section({"a2f_bridge": {"live_link": text}}, "a2f_bridge", BridgeConfig)


@pytest.mark.parametrize("text", ["127.0.0.1:1,[::1]:2", " 127.0.0.1:1 , [::1]:2", ["127.0.0.1:1", "[::1]:2"]])
def test_poses_go_to_several_places_as_a_list_or_as_one_text(text: object) -> None:
    config = section({"a2f_bridge": {"live_link": text}}, "a2f_bridge", BridgeConfig)
    assert config.destinations() == (("127.0.0.1", 1), ("::1", 2))


@pytest.mark.parametrize(
    ("listed", "says"),
    [([], "empty"), (["127.0.0.1:1", "x"], "'x'"), ("127.0.0.1:1,", "''"), ("127.0.0.1:1,127.0.0.1:1", "twice"), ([7], "live_link")],
)  # fmt: skip
def test_a_list_of_places_with_one_that_is_none_is_refused(listed: object, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        section({"a2f_bridge": {"live_link": listed}}, "a2f_bridge", BridgeConfig)


@pytest.mark.parametrize("offset", [-1, 1001])
def test_a_video_path_of_impossible_length_is_refused(offset: int) -> None:
    with pytest.raises(ConfigError, match="av_offset_ms"):
        section({"a2f_bridge": {"av_offset_ms": offset}}, "a2f_bridge", BridgeConfig)


def test_an_unknown_engine_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="did you mean 'embedded'"):
        open_stage({"a2f_bridge": {"engine": "embeded"}})


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean 'subject'"):
        open_stage({"a2f_bridge": {"subjekt": "x"}})


def test_an_unknown_option_of_an_engine_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(
        ConfigError, match=r"\[a2f_bridge.options.audio2face\]: unknown key 'adress'; did you mean 'address'"
    ):
        open_stage({"a2f_bridge": {"engine": "audio2face", "options": {"audio2face": {"adress": "127.0.0.1:1"}}}})


def test_a_subject_that_unreal_could_not_show_is_refused_before_any_visit() -> None:
    with pytest.raises(BadInput, match="subject"):
        open_stage({"a2f_bridge": {"subject": "Spiegel\u00e9"}})


def test_a_fallback_cannot_wrap_itself() -> None:
    with pytest.raises(ConfigError, match="not fallback itself"):
        open_stage({"a2f_bridge": {"engine": "fallback", "options": {"fallback": {"order": ["fallback", "embedded"]}}}})
