"""What the engines that ask a peer over HTTP have in common: keys, connections, addresses, what a status means."""

import os
import ssl
from functools import cache
from math import isfinite
from urllib.parse import urlsplit

import httpx2

from services.llm.chat_model import Ending
from shared.errors import ConfigError, EngineUnavailable

KEEPALIVE_S = 240.0
"""How long an idle connection is kept. The library's 5 s would make every other turn of a calm visitor pay for a handshake."""


def key_from_environment(names: tuple[str, ...], engine: str) -> str:
    """The first of these variables that is set, or empty.

    Raises:
        EngineUnavailable: It holds what no key has; a client would print it in its error.
    """
    name = next((name for name in names if os.environ.get(name, "").strip()), "")
    key = os.environ.get(name, "").strip() if name else ""
    if not key.isascii() or not key.isprintable() or " " in key:
        raise EngineUnavailable(f"{engine}: {name} holds characters no key has; paste it again, on one line")
    return key


@cache
def tls() -> ssl.SSLContext:
    """The machine's own trust, built once: it takes 50 ms, and each client would build its own."""
    return httpx2.create_ssl_context()


def http_client(timeout_s: float) -> httpx2.AsyncClient:
    """A client whose connections outlast a visitor's thinking. Its timeouts are per read: the whole is the pump's to time."""
    limits = httpx2.Limits(max_connections=32, max_keepalive_connections=4, keepalive_expiry=KEEPALIVE_S)
    return httpx2.AsyncClient(timeout=httpx2.Timeout(timeout_s), limits=limits, verify=tls())


def checked_url(base_url: str, engine: str) -> str:
    """The address without a slash at its end. Raises ConfigError if it is none."""
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(
            f"[llm.options.{engine}] base_url {base_url!r} is no address; write http://host:port or https://host"
        )
    return base_url.rstrip("/")


def host_of(base_url: str) -> str:
    """Host and port, for people."""
    return urlsplit(base_url).netloc.rpartition("@")[2]


def ending_of_status(status: int) -> Ending:
    """An HTTP status that is no success: whose fault, and whether another try could help."""
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        return "rate"
    if status in {httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN}:
        return "auth"
    if status in {httpx2.codes.REQUEST_TIMEOUT, httpx2.codes.CONFLICT} or status >= httpx2.codes.INTERNAL_SERVER_ERROR:
        return "overload"
    if status >= httpx2.codes.BAD_REQUEST:
        return "config"
    return "cut"  # a redirect, such as a gallery's guest network answers with


def seconds_of(value: object) -> float:
    """A time to wait as a header or a field says it, seconds; 0 if it is no number, as a date of HTTP is not."""
    try:
        seconds = float(str(value))
    except ValueError:
        return 0.0
    return seconds if isfinite(seconds) and seconds > 0.0 else 0.0
