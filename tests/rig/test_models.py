"""The manifest, and how this machine's files stand against it."""

import hashlib
from pathlib import Path

import pytest

from rig.manifest import File, Hub, Model, chosen, of_profile, read_manifest
from rig.models import check
from rig.models_doc import PAGE, page
from rig.models_lock import Locked, read_lock, write_lock
from rig.places import Places
from shared.errors import ConfigError

CONTENT = b"weights"
SHA = hashlib.sha256(CONTENT).hexdigest()
ENTRY = """
[[model]]
name = "net"
stage = "asr"
profile = "rig"
licence = "MIT"
commercial = true
source = { type = "url", url = "https://example.org/net.onnx" }
files = [{ path = "net.onnx", sha256 = "", size = 7 }]
"""


def model_of(sha256: str = SHA, size: int = len(CONTENT)) -> Model:
    return Model(
        name="net",
        stage="asr",
        profile="rig",
        source=Hub(repo="some/net", revision="main"),
        files=(File(path="net/net.onnx", sha256=sha256, size=size),),
        licence="MIT",
        commercial=True,
    )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path / "models"))
    place = tmp_path / "models" / "net" / "net.onnx"
    place.parent.mkdir(parents=True)
    return place


def test_a_file_is_right_by_its_content_and_wrong_by_anything_else(place: Path) -> None:
    assert [one.state for one in check([model_of()], {})] == ["missing"]
    place.write_bytes(CONTENT)
    assert [one.state for one in check([model_of()], {})] == ["right"]
    place.write_bytes(b"weights of another length")
    assert [one.state for one in check([model_of()], {})] == ["wrong"]
    place.write_bytes(b"heavies")
    assert "sha256 is" in check([model_of()], {})[0].detail


def test_a_quick_look_believes_the_size_and_says_so(place: Path) -> None:
    place.write_bytes(b"heavies")
    found = check([model_of()], {}, is_quick=True)
    assert [(one.state, one.detail) for one in found] == [("right", "by its size alone")]


def test_a_file_whose_hash_nobody_told_is_not_right_until_it_was_locked(place: Path) -> None:
    place.write_bytes(CONTENT)
    unknown = model_of(sha256="", size=0)
    assert [one.state for one in check([unknown], {})] == ["unverified"]
    locked = Locked(path="net/net.onnx", sha256=SHA, size=7, origin="some/net@c0ffee", first_pulled="2026-11-22")
    found = check([unknown], {locked.path: locked})
    assert [(one.state, one.detail) for one in found] == [("right", "as it first came on 2026-11-22")]


def test_every_model_names_its_licence_and_its_files_their_hash_or_the_wish_to_learn_it() -> None:
    for model in read_manifest():
        assert model.licence
        assert all(len(file.sha256) in (0, 64) for file in model.files)
        assert model.profile == "rig" or all(file.sha256 for file in model.files)


def test_what_may_not_be_shown_for_money_says_what_to_use_instead() -> None:
    bound = [model for model in read_manifest() if not model.commercial]
    assert {"inswapper_128", "buffalo_l", "f5-tts-v1-base", "audio2face-3d-nim"} <= {model.name for model in bound}
    assert all(model.instead for model in bound)


def test_the_embedded_mirror_may_be_shown_to_anybody() -> None:
    assert all(model.commercial for model in of_profile(read_manifest(), "embedded"))


def test_the_rig_needs_what_the_embedded_mirror_needs_too() -> None:
    models = read_manifest()
    assert set(of_profile(models, "embedded")) <= set(of_profile(models, "rig"))


def test_a_choice_comes_only_by_its_name() -> None:
    models = read_manifest()
    assert "small.en" not in {model.name for model in chosen(models, ())}
    assert [model.name for model in chosen(models, ("small.en",))] == ["small.en"]
    with pytest.raises(ConfigError, match=r"no model 'smal\.en'"):
        chosen(models, ("smal.en",))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('licence = "MIT"\n', "", "licence"),
        ("commercial = true", "commercial = false", "say with `instead`"),
        ('path = "net.onnx"', 'path = "../net.onnx"', "leaves models/"),
        ('type = "url", url =', 'type = "torrent", url =', "torrent"),
        ('files = [{ path = "net.onnx", sha256 = "", size = 7 }]', "", "names no files"),
        ("size = 7", "sise = 7", "sise"),
    ],
)
def test_an_entry_that_lacks_something_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(ENTRY)
    assert read_manifest(path)[0].name == "net"
    path.write_text(ENTRY.replace(old, new))
    with pytest.raises(ConfigError, match=r"models\.toml") as told:
        read_manifest(path)
    assert says in str(told.value)


def test_a_lock_that_cannot_be_read_is_not_silently_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    assert read_lock(path) == {}
    write_lock(path, {"a": Locked(path="a", sha256=SHA, size=7, origin="x", first_pulled="2026-11-22")})
    assert read_lock(path)["a"].size == 7
    path.write_text("{")
    with pytest.raises(ConfigError, match="restore it from version control"):
        read_lock(path)


def test_a_mirror_is_asked_for_every_file_and_never_shown_the_token() -> None:
    model = model_of()
    places = Places(mirror="/media/stick/", token="hf_secret")
    assert places.address(model.source, model.files[0]) == "/media/stick/net/net.onnx"
    assert places.token_for(model.source) == ""
    assert Places(token="hf_secret").token_for(model.source) == "hf_secret"


def test_the_commit_of_the_first_pull_is_asked_for_ever_after() -> None:
    model = model_of()
    hub = Places(hub="https://hub.example")
    assert hub.address(model.source, model.files[0]) == "https://hub.example/some/net/resolve/main/net.onnx"
    assert hub.address(model.source, model.files[0], "some/net@c0ffee").endswith("/resolve/c0ffee/net.onnx")


def test_the_models_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(read_manifest()), "run `make docs`"
