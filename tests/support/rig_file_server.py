"""A file server that behaves as real ones do, and as bad ones do: ranges, cuts, lies, logins, redirects."""

import http.server
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Answer = Callable[["Handler"], None]


class Shelf:
    """What is served, how, and what was asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.etags: dict[str, str] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.once: list[Answer] = []
        """Answers for the next requests, before the usual one."""
        self.knows_ranges = True
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    def put(self, path: str, content: bytes, etag: str = '"v1"', **headers: str) -> str:
        """Serve a file; returns its URL."""
        self.files[path], self.etags[path] = content, etag
        self.headers[path] = {name.replace("_", "-"): value for name, value in headers.items()}
        return f"{self.url}{path}"

    def ranges(self) -> list[str]:
        """The Range header of every request, empty where there was none."""
        return [headers.get("range", "") for _, headers in self.asked]


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    shelf: Shelf

    def do_GET(self) -> None:
        self.shelf.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        answer = self.shelf.once.pop(0) if self.shelf.once else usual
        answer(self)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del code, size  # nothing on the tests' stderr

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A whole answer."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def usual(handler: Handler) -> None:
    """As a good server: ranges, validators, 404, 416."""
    shelf, path = handler.shelf, handler.path
    if path not in shelf.files:
        handler.send(404, b"no such file")
        return
    content, etag = shelf.files[path], shelf.etags[path]
    headers = {"ETag": etag, **shelf.headers[path]}
    asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
    is_same = handler.headers.get("If-Range", etag) == etag
    if not (asked and shelf.knows_ranges and is_same):
        handler.send(200, content, **headers)
        return
    begin = int(asked[1])
    if begin >= len(content):
        handler.send(416, Content_Range=f"bytes */{len(content)}")
        return
    where = f"bytes {begin}-{len(content) - 1}/{len(content)}"
    handler.send(206, content[begin:], Content_Range=where, **headers)


def cut_after(count: int) -> Answer:
    """Promise the whole, send `count` bytes, and hang up."""

    def answer(handler: Handler) -> None:
        content = handler.shelf.files[handler.path]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.send_header("ETag", handler.shelf.etags[handler.path])
        handler.end_headers()
        handler.wfile.write(content[:count])
        handler.close_connection = True

    return answer


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """One answer with that status."""
    return lambda handler: handler.send(code, body, **headers)


@contextmanager
def file_server() -> Iterator[Shelf]:
    """A server on a free port of this machine."""
    shelf = Shelf()
    handler = type("OneHandler", (Handler,), {"shelf": shelf})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        shelf.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield shelf
        finally:
            server.shutdown()
            thread.join()
