"""A download goes on where it was cut, believes no server, and says what went wrong."""

import errno
import io
import urllib.request
from collections.abc import Iterator
from http.client import HTTPMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rig import download
from rig.download import DiskFull, Told, Wanted, fetch
from rig.redirects import Redirects
from shared.errors import BadInput, EngineUnavailable
from tests.support.rig_file_server import Handler, Shelf, cut_after, file_server, status

CONTENT = bytes(range(256)) * 40
NAME = "/net.onnx"


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with file_server() as shelf:
        shelf.put(NAME, CONTENT)
        yield shelf


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "net.onnx"


def wanted(shelf: Shelf, **more: Any) -> Wanted:
    usual = Wanted(name="net.onnx", url=f"{shelf.url}{NAME}", size=len(CONTENT), has_hash=True)
    return msgspec.structs.replace(usual, **more)


def silent(_have: int, _total: int) -> None:
    pass


def no_wait(_seconds: float) -> None:
    pass


def test_a_whole_file_comes_in_one_request_and_progress_ends_at_its_length(shelf: Shelf, part: Path) -> None:
    seen: list[tuple[int, int]] = []
    fetch(wanted(shelf), part, lambda have, total: seen.append((have, total)), no_wait)
    assert part.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert shelf.ranges() == [""]


def test_a_cut_line_is_gone_on_with_where_it_broke(shelf: Shelf, part: Path) -> None:
    shelf.once = [cut_after(1000)]
    fetch(wanted(shelf), part, silent, no_wait)
    assert part.read_bytes() == CONTENT
    assert shelf.ranges() == ["", "bytes=1000-"]


def test_what_an_earlier_run_left_is_gone_on_with(shelf: Shelf, part: Path) -> None:
    part.write_bytes(CONTENT[:300])
    fetch(wanted(shelf), part, silent, no_wait)
    assert part.read_bytes() == CONTENT
    assert shelf.ranges() == ["bytes=300-"]


def test_a_server_that_knows_no_ranges_is_taken_from_the_start(shelf: Shelf, part: Path) -> None:
    shelf.knows_ranges = False
    part.write_bytes(CONTENT[:300])
    fetch(wanted(shelf), part, silent, no_wait)
    assert part.read_bytes() == CONTENT


def test_two_versions_of_a_file_are_never_glued_together(shelf: Shelf, part: Path) -> None:
    shelf.once = [cut_after(1000), status(404)]
    with pytest.raises(EngineUnavailable):
        fetch(wanted(shelf, has_hash=False, size=0), part, silent, no_wait)
    changed = CONTENT[::-1]
    shelf.put(NAME, changed, etag='"v2"')
    fetch(wanted(shelf, has_hash=False, size=0), part, silent, no_wait)
    assert part.read_bytes() == changed


def test_a_part_of_unknown_origin_is_dropped_where_no_hash_will_judge_it(shelf: Shelf, part: Path) -> None:
    part.write_bytes(b"left by somebody")
    fetch(wanted(shelf, has_hash=False), part, silent, no_wait)
    assert part.read_bytes() == CONTENT
    assert shelf.ranges() == [""]


def test_a_part_that_is_whole_needs_no_more_than_the_servers_word(shelf: Shelf, part: Path) -> None:
    part.write_bytes(CONTENT)
    fetch(wanted(shelf), part, silent, no_wait)
    assert part.read_bytes() == CONTENT
    assert len(shelf.asked) == 1


def test_another_range_than_asked_is_not_appended(shelf: Shelf, part: Path) -> None:
    part.write_bytes(CONTENT[:300])
    wrong = f"bytes 100-{len(CONTENT) - 1}/{len(CONTENT)}"
    shelf.once = [status(206, CONTENT[100:], **{"Content-Range": wrong})]
    fetch(wanted(shelf), part, silent, no_wait)
    assert part.read_bytes() == CONTENT


def test_a_line_that_is_cut_again_and_again_is_given_up_and_what_came_is_kept(shelf: Shelf, part: Path) -> None:
    waits: list[float] = []
    shelf.once = [cut_after(1000), *[status(503)] * 9]
    with pytest.raises(EngineUnavailable, match=r"answers 503; 1,000 bytes are kept: run the same command again"):
        fetch(wanted(shelf), part, silent, waits.append)
    assert part.stat().st_size == 1000
    assert len(waits) == download.ATTEMPTS - 1
    assert waits == sorted(waits)


def test_progress_starts_the_count_of_tries_again(shelf: Shelf, part: Path) -> None:
    def one_more_kilobyte(handler: Handler) -> None:
        begin = int(handler.headers.get("Range", "bytes=0-")[6:-1])
        if not begin:
            cut_after(1000)(handler)
            return
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}")
        handler.send_header("Content-Length", str(len(CONTENT) - begin))
        handler.end_headers()
        handler.wfile.write(CONTENT[begin : begin + 1000])

    shelf.once = [one_more_kilobyte] * 9
    fetch(wanted(shelf), part, silent, no_wait)
    assert part.read_bytes() == CONTENT


def test_a_missing_file_says_which_and_where_to_correct_it(shelf: Shelf, part: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"answers 404: there is no http://.*/gone; correct rig/models\.toml"):
        fetch(wanted(shelf, url=f"{shelf.url}/gone"), part, silent, no_wait)


def test_a_gated_file_says_how_to_get_in(shelf: Shelf, part: Path) -> None:
    shelf.once = [status(401)]
    with pytest.raises(EngineUnavailable, match=r"accept its licence .* HF_TOKEN"):
        fetch(wanted(shelf), part, silent, no_wait)


def test_a_login_page_is_not_taken_for_weights(shelf: Shelf, part: Path) -> None:
    shelf.once = [status(200, b"<html>welcome to the hotel", Content_Type="text/html")]
    with pytest.raises(BadInput, match="a web page instead of the file"):
        fetch(wanted(shelf, size=0), part, silent, no_wait)
    assert not part.exists()


def test_another_length_than_the_manifests_is_refused_before_anything_is_fetched(shelf: Shelf, part: Path) -> None:
    with pytest.raises(BadInput, match=r"a file of 10,240 bytes, the manifest says 5; nothing was fetched"):
        fetch(wanted(shelf, size=5), part, silent, no_wait)
    assert not part.exists()


def test_more_than_was_promised_is_not_written_to_the_disk(shelf: Shelf, part: Path) -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(CONTENT * 300)

    shelf.once = [endless]
    with pytest.raises(BadInput, match="sends more than the 10,240 bytes expected"):
        fetch(wanted(shelf), part, silent, no_wait)


def test_a_disk_without_room_is_found_before_the_first_byte(shelf: Shelf, part: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(download, "SPARE_BYTES", 10**18)
    with pytest.raises(DiskFull, match=r"make room, or name another disk with MIRROR_MODELS"):
        fetch(wanted(shelf), part, silent, no_wait)


def test_a_disk_that_fills_up_keeps_what_has_come(shelf: Shelf, part: Path) -> None:
    def full(_have: int, _total: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFull, match=r"is full; .* are kept"):
        fetch(wanted(shelf), part, full, no_wait)


def test_nothing_listening_is_said_with_the_hosts_name(part: Path) -> None:
    gone = Wanted(name="net.onnx", url="http://127.0.0.1:1/net.onnx")
    with pytest.raises(EngineUnavailable, match=r"cannot reach 127\.0\.0\.1:1 \(.*refused"):
        fetch(gone, part, silent, no_wait)


def test_the_token_goes_to_its_host_and_not_to_where_that_one_sends_us(shelf: Shelf, part: Path) -> None:
    with file_server() as store:
        store.put(NAME, CONTENT)
        shelf.once = [
            status(302, Location=f"{store.url}{NAME}", X_Repo_Commit="c0ffee", X_Linked_Etag=f'"{"ab" * 32}"')
        ]
        told = fetch(wanted(shelf, token="hf_secret"), part, silent, no_wait)
    assert shelf.asked[0][1]["authorization"] == "Bearer hf_secret"
    assert "authorization" not in store.asked[0][1]
    assert told == Told(commit="c0ffee", sha256="ab" * 32)
    assert part.read_bytes() == CONTENT


def test_a_redirect_on_the_same_host_keeps_the_token(shelf: Shelf, part: Path) -> None:
    shelf.once = [status(307, Location=NAME)]
    fetch(wanted(shelf, url=f"{shelf.url}/resolve", token="hf_secret"), part, silent, no_wait)
    assert shelf.asked[1][1]["authorization"] == "Bearer hf_secret"


def test_the_token_is_in_no_message(shelf: Shelf, part: Path) -> None:
    shelf.once = [status(403)]
    with pytest.raises(EngineUnavailable) as told:
        fetch(wanted(shelf, token="hf_secret"), part, silent, no_wait)
    assert "hf_secret" not in str(told.value)


def test_an_https_address_is_never_left_for_http() -> None:
    redirects = Redirects("")
    asked = urllib.request.Request("https://hub.example/file")
    with pytest.raises(BadInput, match="which nobody vouches for"):
        redirects.redirect_request(asked, io.BytesIO(), 302, "", HTTPMessage(), "http://cache.example/file")
