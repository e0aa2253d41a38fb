"""One file over HTTP: goes on where it was cut, believes no server, and says what went wrong in words.

What has come lies in `part`; its server's ETag lies beside it, so that two versions of a file are never glued together.
"""

import errno
import http.client
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from rig.redirects import Redirects
from shared.errors import BadInput, EngineUnavailable

PIECE = 1 << 20
QUIET_S = 30.0
"""A server that sends nothing for this long has cut the line."""
ATTEMPTS = 5
"""Tries in a row that bring nothing new; one that brings something starts the count again."""
SPARE_BYTES = 200_000_000
"""Left free on the disk."""

Progress = Callable[[int, int], None]
"""Told how many bytes have come, and of how many (0: the server does not say)."""
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be fetched."""

    name: str
    """For messages."""
    url: str
    size: int = 0
    """Bytes; 0: not known."""
    has_hash: bool = False
    """Whether the whole is verified afterwards: then a part of unknown origin may be continued."""
    token: str = msgspec.field(default="")
    """For the host of `url` alone."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the server told of the file."""

    commit: str = ""
    sha256: str = ""
    """As the hub declares it; empty if it does not."""


class _Broken(Exception):
    """Worth another try."""


class DiskFull(EngineUnavailable):
    """No room: nothing else will fit either."""


def fetch(wanted: Wanted, part: Path, progress: Progress, wait: Callable[[float], None] = time.sleep) -> Told:
    """Bring `part` to its whole length; what has come already stays.

    Raises:
        EngineUnavailable: The server cannot be reached, refuses, or the line is cut again and again.
        DiskFull: No room.
        BadInput: What the server sends cannot be this file.
    """
    tries = 0
    while True:
        before = _length(part)
        try:
            return _once(wanted, part, progress)
        except _Broken as broken:
            tries = 1 if _length(part) > before else tries + 1
            if tries >= ATTEMPTS:
                kept = (
                    f"; {_length(part):,} bytes are kept: run the same command again to go on" if part.exists() else ""
                )
                raise EngineUnavailable(f"models: {wanted.name}: {broken}{kept}") from broken
        wait(min(2.0**tries, 10.0) / 2)


def _once(wanted: Wanted, part: Path, progress: Progress) -> Told:
    have = _resumable(wanted, part)
    redirects = Redirects(wanted.token)
    try:
        response = _open(wanted, part, have, redirects)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and have:
                return _beyond_the_end(error, part, have, redirects)
            raise _refusal(wanted, error.code) from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise _Broken(
            f"cannot reach {_host(wanted.url)} ({getattr(error, 'reason', error)}); look at the network, or take the files from another "
            "rig: MIRROR_MODELS_FROM=FOLDER or an address"
        ) from error
    with response:
        have, total = _promised(wanted, part, have, response)
        _make_room(wanted, part, total - have)
        _note_validator(part, response.headers.get("ETag", ""))
        _receive(wanted, part, have, total, progress, response)
    return Told(commit=redirects.commit, sha256=redirects.sha256)


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _validator_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")


def _resumable(wanted: Wanted, part: Path) -> int:
    """Bytes of `part` to go on from; a part that cannot be trusted or is too long is dropped."""
    have = _length(part)
    is_trusted = wanted.has_hash or _validator_path(part).exists()
    if have and (not is_trusted or (wanted.size and have > wanted.size)):
        part.unlink()
        return 0
    return have


def _open(wanted: Wanted, part: Path, have: int, redirects: Redirects) -> Any:
    request = urllib.request.Request(wanted.url, headers={"User-Agent": "mirror-models", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
        if _validator_path(part).exists():
            request.add_header("If-Range", _validator_path(part).read_text(encoding="ascii"))
    redirects.authorise(request)
    return urllib.request.build_opener(redirects).open(request, timeout=QUIET_S)


def _host(url: str) -> str:
    return url.split("/")[2] if "://" in url else url


def _refusal(wanted: Wanted, code: int) -> Exception:
    """What a refusing status means, and what to do."""
    where = f"models: {wanted.name}: {_host(wanted.url)} answers {code}"
    if code in (401, 403):
        return EngineUnavailable(
            f"{where}; accept its licence on its page there, and set HF_TOKEN to a token that may read it"
        )
    if code in (404, 410):
        return EngineUnavailable(
            f"{where}: there is no {wanted.url}; correct rig/models.toml, or MIRROR_HUB or MIRROR_MODELS_FROM if one is set"
        )
    if code in (408, 425, 429) or code >= 500:
        return _Broken(f"{_host(wanted.url)} answers {code}")
    return EngineUnavailable(f"{where}; try again later, or fetch from another place with MIRROR_MODELS_FROM")


def _beyond_the_end(error: urllib.error.HTTPError, part: Path, have: int, redirects: Redirects) -> Told:
    """416: all of it is here already, or the part is of something else."""
    if error.headers.get("Content-Range", "") == f"bytes */{have}":
        return Told(commit=redirects.commit, sha256=redirects.sha256)
    part.unlink()
    raise _Broken("the server has another file than the one begun") from error


def _promised(wanted: Wanted, part: Path, have: int, response: Any) -> tuple[int, int]:
    """(bytes to keep of the part, bytes of the whole or 0 if the server does not say)."""
    kind = response.headers.get("Content-Type", "")
    if kind.startswith("text/html"):
        raise BadInput(
            f"models: {wanted.name}: {_host(wanted.url)} sends a web page instead of the file; "
            "is there a login page between this machine and the network?"
        )
    length = int(response.headers.get("Content-Length") or 0)
    if response.status == http.HTTPStatus.PARTIAL_CONTENT:
        said = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
        if not said or int(said[1]) != have:
            part.unlink()
            raise _Broken("the server sent another range than asked")
        total = int(said[3]) if said[3] != "*" else have + length
    else:  # no Range there, or the file has changed since: from the start
        have, total = 0, length
    if wanted.size and total and total != wanted.size:
        raise BadInput(
            f"models: {wanted.name}: {_host(wanted.url)} has a file of {total:,} bytes, the manifest says "
            f"{wanted.size:,}; nothing was fetched"
        )
    return have, total


def _make_room(wanted: Wanted, part: Path, missing: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if missing + SPARE_BYTES > free:
        raise DiskFull(
            f"models: {wanted.name}: {missing / 1e9:.1f} GB to come and {free / 1e9:.1f} GB free in {part.parent}; make room, "
            "or name another disk with MIRROR_MODELS"
        )


def _note_validator(part: Path, etag: str) -> None:
    """Only a strong ETag may stand in If-Range (RFC 9110, 13.1.5)."""
    if etag and not etag.startswith("W/"):
        _validator_path(part).write_text(etag, encoding="ascii", errors="ignore")
    else:
        _validator_path(part).unlink(missing_ok=True)


def _receive(wanted: Wanted, part: Path, have: int, total: int, progress: Progress, response: Any) -> None:
    limit = wanted.size or total
    try:
        with part.open("ab" if have else "wb") as file:
            while piece := _read(response):
                have += len(piece)
                if limit and have > limit:
                    raise BadInput(
                        f"models: {wanted.name}: {_host(wanted.url)} sends more than the {limit:,} bytes expected"
                    )
                file.write(piece)
                progress(have, total or wanted.size)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"models: {wanted.name}: the disk of {part.parent} is full; {_length(part):,} bytes are kept: make room and "
                "run the same command again"
            ) from error
        raise EngineUnavailable(f"models: {wanted.name}: cannot write {part}: {error.strerror}") from error
    if limit and have < limit:
        raise _Broken(f"{_host(wanted.url)} cut the line at {have:,} of {limit:,} bytes")


def _read(response: Any) -> bytes:
    try:
        return bytes(response.read(PIECE))
    except (http.client.HTTPException, OSError) as error:
        raise _Broken(f"the line was cut ({error or type(error).__name__})") from error


def forget(part: Path) -> None:
    """Remove a part and what is known of it."""
    part.unlink(missing_ok=True)
    _validator_path(part).unlink(missing_ok=True)
