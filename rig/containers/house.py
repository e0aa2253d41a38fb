"""Where a mirror in containers is found from the host, out of what Docker says of them. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from shared.errors import EngineUnavailable

LOOPBACK = "127.0.0.1"


class House(NamedTuple):
    """One mirror."""

    url: str
    """The kiosk's socket."""
    token: str
    redis_url: str
    script: str
    """The play it gives, from the repository's folder."""


def read_house(session: Mapping[str, Any], redis: Mapping[str, Any]) -> House:
    """Where it is.

    Args:
        session: The session service's container as `docker inspect` tells of it.
        redis: That of Redis.

    Raises:
        EngineUnavailable: One of the two does not run.
    """
    known = dict(line.split("=", 1) for line in session["Config"]["Env"])
    ports = (session["NetworkSettings"].get("Ports") or {}).get(f"{known['MIRROR_SESSION__PORT']}/tcp") or []
    networks = redis["NetworkSettings"].get("Networks") or {}
    address = next((one["IPAddress"] for one in networks.values() if one.get("IPAddress")), "")
    if not ports or not address:
        raise EngineUnavailable(
            "docker: the session service or Redis does not run; docker compose up --wait, then try again"
        )
    host = ports[0]["HostIp"] if ports[0]["HostIp"] not in ("", "0.0.0.0", "::") else LOOPBACK
    return House(
        url=f"ws://{host}:{ports[0]['HostPort']}/kiosk/socket",
        token=known["MIRROR_KIOSK_TOKEN"],
        redis_url=_on_its_address(known["REDIS_URL"], address),
        script=known["MIRROR_SESSION__SCRIPT"],
    )


def _on_its_address(url: str, address: str) -> str:
    """The containers' own name for Redis means nothing on the host."""
    parts = urlsplit(url)
    if parts.hostname != "redis":
        return url  # another machine's
    return parts._replace(netloc=parts.netloc.replace("@redis:", f"@{address}:")).geturl()
