"""Start-up of the session service: settings, play, port. Every fault is one clear line and an exit code.

A Redis that is away or refuses us is none: the operator's page must be there to say so.
"""

import logging
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn

from services.session.app import Tokens, build_app
from services.session.config import SessionConfig
from services.session.house import House
from services.session.play import Play
from services.session.play_check import load_play
from shared.config import section, settings_from_environment
from shared.errors import BadInput, ConfigError
from shared.house_clock import HouseClock, running
from shared.kiosk_wire import MAX_MESSAGE
from shared.loop import run, settle_memory
from shared.process import redis_url
from shared.redis_bus import RedisBus

LOG = logging.getLogger(__name__)

EXIT_CODES: dict[type[Exception], int] = {ConfigError: 2, BadInput: 2}


def tokens_from_environment() -> Tokens:
    """The two tokens. Raises ConfigError if one is missing or both are the same."""
    kiosk, operator = os.environ.get("MIRROR_KIOSK_TOKEN", ""), os.environ.get("MIRROR_OPERATOR_TOKEN", "")
    if not kiosk or not operator or kiosk == operator:
        raise ConfigError(
            "session: set MIRROR_KIOSK_TOKEN and MIRROR_OPERATOR_TOKEN to two different secrets (`mirror demo` makes its own)"
        )
    return Tokens(kiosk=kiosk, operator=operator)


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the port. Raises ConfigError if it is taken."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise ConfigError(
            f"session: cannot listen on {host}:{port} ({error.strerror}); choose another [session] port, or 0 for any free one"
        ) from error
    return bound


def check_language(language: str, play: Play) -> None:
    """Raises ConfigError for one that the play has no words in; empty is the play's first."""
    if language and language not in play.languages:
        raise ConfigError(
            f"session: play {play.id} has no words in {language!r}; give [session] language, or --language, one of "
            f"{', '.join(play.languages)}"
        )


async def serve(settings: dict[str, Any]) -> None:
    """Run until told to stop."""
    config = section(settings, "session", SessionConfig)
    tokens = tokens_from_environment()
    play = load_play(Path(config.script))
    check_language(config.language, play)
    bound = listen(config.host, config.port)
    bus = RedisBus(redis_url(settings))
    clock = HouseClock(bus, keeps=True)
    house = House(bus, clock, config, play, set_clock=clock.set)
    try:
        app = build_app(house, tokens)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                log_level="warning",  # its line for a socket that it accepts has the address, and that the operator's token
                access_log=False,
                ws_max_size=MAX_MESSAGE,
                ws_per_message_deflate=False,  # sound and JPEG do not shrink; the attempt costs a millisecond a frame
                timeout_graceful_shutdown=1,
            )
        )
        settle_memory()
        LOG.info("listening on port %d", bound.getsockname()[1])
        house.on_replaced = server_stop(server)
        async with running(clock):
            await server.serve(sockets=[bound])
    finally:
        await bus.close()
        bound.close()


def server_stop(server: uvicorn.Server) -> Callable[[], None]:
    """What ends a server in order, as a signal would."""

    def stop() -> None:
        server.should_exit = True

    return stop


def main() -> None:
    """Exit code 2: wrong settings or play."""
    logging.basicConfig(
        level=os.environ.get("LOG_LEVEL", "INFO"), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    try:
        run(serve(settings_from_environment()))
    except tuple(EXIT_CODES) as error:
        LOG.error("%s", error)  # noqa: TRY400 - one clear line; a traceback would bury it
        sys.exit(EXIT_CODES[type(error)])
