"""Settings: a file, its base, the environment, in this order."""

from pathlib import Path

import pytest

from shared.config import load_settings
from shared.errors import ConfigError

ROOT = Path(__file__).parents[2]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_file_says_only_what_differs_from_its_base(tmp_path: Path) -> None:
    write(tmp_path, "base.toml", '[asr]\nengine = "a"\nlist = [1, 2]\n[asr.options.x]\nk = 1\nl = 2\n')
    path = write(tmp_path, "site.toml", 'base = "base.toml"\n[asr]\nlist = [3]\n[asr.options.x]\nl = 5\n')
    settings = load_settings(path, {"MIRROR_ASR__OPTIONS__X__K": "7"})
    assert settings == {"asr": {"engine": "a", "list": [3], "options": {"x": {"k": 7, "l": 5}}}}


def test_a_base_has_no_base(tmp_path: Path) -> None:
    write(tmp_path, "a.toml", 'base = "b.toml"\n')
    write(tmp_path, "b.toml", 'base = "a.toml"\n')
    with pytest.raises(ConfigError, match="cannot have one itself"):
        load_settings(tmp_path / "a.toml", {})


def test_a_missing_base_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no file .*gone\.toml"):
        load_settings(write(tmp_path, "a.toml", 'base = "gone.toml"\n'), {})


def test_the_rig_changes_what_the_mirror_has_and_nothing_else() -> None:
    """A misspelt table of config/rig.toml would silently do nothing."""
    mirror, rig = (load_settings(ROOT / "config" / name, {}) for name in ("mirror.toml", "rig.toml"))
    assert rig.keys() == mirror.keys()
    for stage in ("asr", "llm", "tts", "a2f_bridge", "faceswap"):
        assert rig[stage].keys() == mirror[stage].keys()
        for name, options in rig[stage]["options"].items():
            unknown = options.keys() - mirror[stage]["options"].get(name, {}).keys()
            assert not unknown, f"[{stage}.options.{name}] {unknown} stands in no comment of mirror.toml"
