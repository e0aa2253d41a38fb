"""The web app: the kiosk's and the operator's pages, and their sockets. Each has its own token."""

import asyncio
import contextlib
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
from fastapi import FastAPI, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from services.session.house import House
from services.session.kiosks import Kiosk
from services.session.operator_page import command, operator_state
from shared import kiosk_wire as wire
from shared.errors import BadInput

LOG = logging.getLogger(__name__)

WEB = Path(__file__).parent / "web"

WRONG_TOKEN = 4401
SECOND_KIOSK = 4409
UNKNOWN_KIOSK = 4404
NOT_OPEN = 1013
"""WebSocket's own "try again later": Redis is away, or has not been reached yet."""
HELLO_S = 5.0
OPEN_PATIENCE_S = 2.0
STATE_EVERY_S = 0.25


class Tokens(msgspec.Struct, frozen=True):
    """Who may be a kiosk, who may operate."""

    kiosk: str
    operator: str


def build_app(house: House, tokens: Tokens) -> FastAPI:
    """The app on an opened house."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        opening = asyncio.create_task(house.open_when_possible())
        beside = [asyncio.create_task(_after(opening, work)) for work in (house.watch_stages, house.stay_in_charge)]
        beside.append(asyncio.create_task(house.beat()))  # who stands by says so
        # A page that comes back at once finds its visit; but without Redis there must be an operator's page that says so.
        if opening in (await asyncio.wait({opening}, timeout=OPEN_PATIENCE_S))[0]:
            await opening
        yield
        for task in (*beside, opening):
            task.cancel()
        await house.close()

    app = FastAPI(title="Mirror, Mirror", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    _add_health(app, house)
    _add_sockets(app, house, tokens)  # before the pages: a mounted folder would take /kiosk/socket for a file
    _add_pages(app)
    return app


async def _after(opening: asyncio.Task[None], work: Callable[[], Awaitable[None]]) -> None:
    await opening
    await work()


def _add_pages(app: FastAPI) -> None:
    @app.middleware("http")
    async def no_cache(request, call_next):  # type: ignore[no-untyped-def]
        # Starlette types its middleware by string; nothing of a page may outlive an update of the rig.
        response = await call_next(request)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    @app.get("/")
    async def kiosk_page() -> FileResponse:
        return FileResponse(WEB / "kiosk" / "index.html")

    @app.get("/operator")
    async def operator_page() -> FileResponse:
        return FileResponse(WEB / "operator" / "index.html")

    @app.get("/favicon.ico")
    async def no_icon() -> Response:
        return Response(status_code=204)

    for folder in ("kiosk", "operator", "shared"):
        app.mount(f"/{folder}", StaticFiles(directory=WEB / folder, check_dir=False), name=folder)


def _add_health(app: FastAPI, house: House) -> None:
    @app.get("/health")
    async def health() -> JSONResponse:
        now = house.clock.now()
        # With named kiosks each has to have what it needs: a pair that is away is a mirror that is away.
        ready = [house.board.ready(now, name) for name in house.config.kiosks or ("",)]
        missing = sorted({stage for there in ready for stage in set(house.config.needs) - there})
        is_well = house.is_open and not missing and not house.bus_trouble
        return JSONResponse(
            {"ready": is_well, "missing": missing, "bus": house.bus_trouble or "ok"}, 200 if is_well else 503
        )

    @app.get("/load")
    async def load() -> JSONResponse:
        visits = sum(kiosk.visit is not None for kiosk in house.kiosks.values())
        return JSONResponse({"stages": house.board.load(house.clock.now(), visits)})


def _add_sockets(app: FastAPI, house: House, tokens: Tokens) -> None:
    @app.websocket("/kiosk/socket")
    async def kiosk_socket(socket: WebSocket) -> None:
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await _serve_kiosk(socket, house, tokens)

    @app.websocket("/operator/socket")
    async def operator_socket(socket: WebSocket) -> None:
        await socket.accept()
        if not _matches(socket.query_params.get("token", ""), tokens.operator):
            await socket.close(WRONG_TOKEN, "wrong or missing operator token")
            return
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await _serve_operator(socket, house)


def _matches(given: str, token: str) -> bool:
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


# --- kiosk ------------------------------------------------------------------------------------------------------------


async def _serve_kiosk(socket: WebSocket, house: House, tokens: Tokens) -> None:
    hello = await _hello(socket)
    if hello is None or not _matches(hello.token, tokens.kiosk):
        await _refuse(socket, "token", "the first message must be a hello with the kiosk's token", WRONG_TOKEN)
        return
    if not house.is_open:
        await _refuse(socket, "not_open", house.why_closed, NOT_OPEN)
        return
    if house.config.kiosks and hello.kiosk not in house.config.kiosks:
        known = ", ".join(house.config.kiosks)
        await _refuse(
            socket, "unknown_kiosk", f"no kiosk {hello.kiosk[:40]!r} here; [session] kiosks has {known}", UNKNOWN_KIOSK
        )
        return
    kiosk = house.kiosk(hello.kiosk)
    if not kiosk.may_connect(hello):
        await _refuse(socket, "second_kiosk", f"kiosk {hello.kiosk!r} has a page already; ?kiosk=NAME", SECOND_KIOSK)
        return
    attending = asyncio.create_task(kiosk.attend(socket, hello))
    listening = asyncio.create_task(_listen(socket, kiosk))
    await asyncio.wait({attending, listening}, return_when=asyncio.FIRST_COMPLETED)
    for task in (attending, listening):
        task.cancel()
    await asyncio.wait({attending, listening})


async def _hello(socket: WebSocket) -> wire.Hello | None:
    try:
        async with asyncio.timeout(HELLO_S):
            message = wire.decode_up(await socket.receive_bytes())
    except (msgspec.MsgspecError, TimeoutError, KeyError):
        return None
    return message if isinstance(message, wire.Hello) else None


async def _refuse(socket: WebSocket, reason: str, detail: str, code: int) -> None:
    await socket.send_bytes(wire.encode(wire.Refused(reason=reason, detail=detail)))
    await socket.close(code, detail)


async def _listen(socket: WebSocket, kiosk: Kiosk) -> None:
    """Take in the page's messages; one that cannot be used is answered and forgotten."""
    while True:
        received = await socket.receive()
        if received["type"] == "websocket.disconnect":
            return
        payload = received.get("bytes")
        if payload is None:
            kiosk.link.send(wire.Refused(reason="not_binary", detail="messages are MessagePack in binary frames"))
            continue
        try:
            kiosk.take(wire.decode_up(payload))
        except msgspec.MsgspecError as error:
            kiosk.link.send(wire.Refused(reason="unreadable", detail=str(error)))
        except BadInput as error:
            kiosk.link.send(wire.Refused(reason="unusable", detail=str(error)))


# --- operator ---------------------------------------------------------------------------------------------------------


async def _serve_operator(socket: WebSocket, house: House) -> None:
    async def tell() -> None:
        while True:
            await socket.send_json(operator_state(house))
            await asyncio.sleep(STATE_EVERY_S)

    telling = asyncio.create_task(tell())
    try:
        while True:
            try:
                command(house, msgspec.json.decode(await socket.receive_text()))
            except (BadInput, msgspec.MsgspecError) as error:
                await socket.send_json({"type": "refused", "detail": str(error)})
    finally:
        telling.cancel()
        await asyncio.wait({telling})
