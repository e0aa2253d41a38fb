"""Redis behind TLS, client certificates and an access list: our line gets in with what it needs, and says why when it does not."""

from collections.abc import Iterator

import pytest

from shared.errors import BusUnavailable, ConfigError
from shared.redis_bus import RedisBus
from shared.redis_line import address_of
from tests.support.redis_kinds import ACL, GuardedRedis, guarded_redis

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def guarded() -> Iterator[GuardedRedis]:
    with guarded_redis() as server:
        yield server


async def _trouble(url: str) -> str:
    bus = RedisBus(url)
    try:
        await bus.check_server()
    except BusUnavailable as error:
        return str(error)
    else:
        return ""
    finally:
        await bus.close()


async def test_with_certificate_user_and_password_everything_works(guarded: GuardedRedis) -> None:
    assert await _trouble(guarded.url) == ""


async def test_a_wipe_works_with_the_shipped_access_list(guarded: GuardedRedis) -> None:
    bus = RedisBus(guarded.url)
    lease = await bus.acquire("visit", "asr", "test", 1.0)
    assert lease is not None
    assert await bus.wipe("visit") == 0
    await bus.close()


async def test_a_server_nobody_vouches_for_is_refused_with_the_remedy(guarded: GuardedRedis) -> None:
    said = await _trouble(guarded.url_with(ca=guarded.stranger, ours=guarded.ours))
    assert "not trusted" in said
    assert "ssl_ca_certs" in said


async def test_without_a_certificate_of_ours_the_server_refuses_and_we_say_so(guarded: GuardedRedis) -> None:
    said = await _trouble(guarded.url_with(ca=guarded.ca, ours=None))
    assert "ssl_certfile" in said


async def test_a_wrong_user_is_one_clear_line_without_the_password(guarded: GuardedRedis) -> None:
    said = await _trouble(guarded.url_with(ca=guarded.ca, ours=guarded.ours, user="somebody"))
    assert "refuses" in said
    assert guarded.password not in said


async def test_plain_redis_at_a_tls_port_is_an_error_and_no_hang(guarded: GuardedRedis) -> None:
    assert "cannot be reached" in await _trouble(f"redis://127.0.0.1:{guarded.port}/0")


RULES = ACL.read_text().splitlines()[1].split()[2:]
ONLY_SOMEWHERE = {"+ping", "+bgrewriteaof", "+cluster|slots", "+asking"}
"""Health checks, append-only files, clusters."""


@pytest.mark.parametrize("command", sorted({rule for rule in RULES if rule.startswith("+")} - ONLY_SOMEWHERE))
async def test_every_command_of_the_access_list_is_needed_and_its_lack_is_found_at_the_start(
    guarded: GuardedRedis, command: str
) -> None:
    """Of a user of its own: the line says which command is missing, before any visit."""
    rules = [rule.replace("PASSWORD", guarded.password) for rule in RULES if rule != command]
    guarded.set_user("lesser", *rules)
    said = await _trouble(guarded.url_with(ca=guarded.ca, ours=guarded.ours, user="lesser"))
    assert "deploy/redis/users.acl" in said


def test_a_certificate_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        address_of("rediss://redis:6379/0?ssl_ca_certs=/nowhere.pem")
