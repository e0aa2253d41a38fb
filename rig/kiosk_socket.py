"""The way from a kiosk without a screen to the session: connected and welcomed, or told why not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from shared import kiosk_wire as wire
from shared.errors import BadInput, EngineFailed


@asynccontextmanager
async def welcomed(url: str, token: str, language: str, name: str = "mirror") -> AsyncIterator[ClientConnection]:
    """A socket whose hello was answered with a welcome.

    Raises:
        BadInput: Nobody answers at `url`, or it refuses us; with its reason.
        EngineFailed: The session broke off.
    """
    try:
        async with connect(url, max_size=wire.MAX_MESSAGE, compression=None, open_timeout=10) as socket:
            await socket.send(wire.encode(wire.Hello(token=token, kiosk=name, language=language)))
            first = wire.decode_down(await socket.recv(decode=False))
            if isinstance(first, wire.Refused):
                raise BadInput(f"kiosk: {url} refuses us: {first.reason}: {first.detail}")
            yield socket
    except (OSError, InvalidHandshake, TimeoutError) as error:
        raise BadInput(f"kiosk: no session service at {url} ({error}); is the mirror running?") from error
    except ConnectionClosed as error:
        raise EngineFailed(f"kiosk: {url} closed the socket: {error.rcvd or error}") from error
