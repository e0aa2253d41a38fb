"""A session service without a play: serves the real pages, speaks the real wire, remembers what it was told.

For tests of the pages, and by hand: `python -m tests.support.web_fake_session` walks a browser through every look.
"""

import asyncio
import contextlib
import io
import math
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from shared import kiosk_wire
from shared.audio import VOICE_CHUNK, VOICE_HZ, to_bytes
from shared.kiosk_wire import Down, Frame, Hello, Ping, Pong, Scene, Speech, Up, UpMessage, Welcome

WEB = Path(__file__).parents[2] / "services/session/web"
TOKEN = "a-token-for-tests"
INVITATION = {
    "en": "Come closer. Someone here would like to meet you.",
    "nl": "Kom dichterbij. Hier wil iemand je ontmoeten.",
}

M = TypeVar("M", bound=Up)


class FakeSession:
    """What the kiosk and the operator said; and a way to talk back."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, UpMessage]] = []
        """(host clock, message) in order of arrival, without pings."""
        self.commands: list[dict[str, Any]] = []
        self.state: dict[str, Any] = {}
        """What the operator page is sent, four times a second."""
        self.kiosks: list[WebSocket] = []
        """Every connection so far; the last is the present one."""
        self.greetings: list[Hello] = []
        self.subtitles = False

    def of(self, kind: type[M]) -> list[M]:
        """Every message of one kind, in order."""
        return [message for _, message in self.heard if isinstance(message, kind)]

    async def until(self, holds: Callable[[], object], timeout_s: float = 20.0) -> None:
        """Wait until something has been heard; raises TimeoutError with what was heard instead."""
        try:
            async with asyncio.timeout(timeout_s):
                while not holds():
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            counts: dict[str, int] = defaultdict(int)
            for _, message in self.heard:
                counts[type(message).__name__] += 1
            raise TimeoutError(f"waited {timeout_s} s in vain; heard {dict(counts)}") from error

    async def tell(self, *messages: Down) -> None:
        """Say something to the kiosk."""
        for message in messages:
            await self.kiosks[-1].send_bytes(kiosk_wire.encode(message))

    async def say(
        self, turn: int, samples: NDArray[np.float32], due: float, *, first: int = 0, ends: bool = True
    ) -> None:
        """Speech, shape (n,), 24 kHz, -1..1, from sample `first` of its turn on, due at the loudspeaker at `due`; sent at once."""
        for start in range(0, samples.size, VOICE_CHUNK):
            piece = samples[start : start + VOICE_CHUNK]
            is_last = ends and start + VOICE_CHUNK >= samples.size
            await self.tell(
                Speech(
                    turn=turn,
                    from_sample=first + start,
                    pcm=to_bytes(piece),
                    due=due + start / VOICE_HZ,
                    restart=start == 0,
                    is_last=is_last,
                )
            )

    async def serve_kiosk(self, socket: WebSocket) -> None:
        """One kiosk connection, start to end."""
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            hello = kiosk_wire.decode_up(await socket.receive_bytes())
            if not isinstance(hello, Hello) or hello.token != TOKEN:
                return await socket.close(4401)
            self.greetings.append(hello)
            self.kiosks.append(socket)
            await self.tell(
                Welcome(
                    kiosk=hello.kiosk,
                    languages=("en", "nl"),
                    subtitles=self.subtitles,
                    version="0",
                    invitation=INVITATION,
                ),
                Scene(look="attract"),
            )
            while True:
                message = kiosk_wire.decode_up(await socket.receive_bytes())
                if isinstance(message, Ping):
                    await socket.send_bytes(kiosk_wire.encode(Pong(sent=message.sent, host=time.monotonic())))
                else:
                    self.heard.append((time.monotonic(), message))

    async def serve_operator(self, socket: WebSocket) -> None:
        """One operator page, start to end."""
        await socket.accept()
        if socket.query_params.get("token") != TOKEN:
            await socket.close(4401)
            return

        async def report() -> None:
            while True:
                await socket.send_text(msgspec.json.encode(self.state).decode())
                await asyncio.sleep(0.25)

        reporting = asyncio.create_task(report())
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                self.commands.append(await socket.receive_json())
        reporting.cancel()
        with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await reporting

    def app(self) -> FastAPI:
        """The routes of the real service, as far as the pages use them."""
        app = FastAPI()
        app.add_api_route("/", lambda: FileResponse(WEB / "kiosk/index.html"), response_model=None)
        app.add_api_route("/operator", lambda: FileResponse(WEB / "operator/index.html"), response_model=None)
        app.add_api_websocket_route("/kiosk/socket", self.serve_kiosk)
        app.add_api_websocket_route("/operator/socket", self.serve_operator)
        for name in ("kiosk", "operator", "shared"):
            app.mount(f"/{name}", StaticFiles(directory=WEB / name))
        return app


@asynccontextmanager
async def run_fake_session(session: FakeSession, port: int = 0) -> AsyncIterator[str]:
    """The session on a free port of this machine; yields its address, without a slash at the end."""
    quiet: dict[str, Any] = {"log_level": "error", "lifespan": "off"}
    config = uvicorn.Config(
        session.app(), port=port, ws="websockets-sansio", ws_max_size=kiosk_wire.MAX_MESSAGE, **quiet
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        server.force_exit = True
        await serving


def tone(seconds: float, hz: float = 220.0, level: float = 0.3) -> NDArray[np.float32]:
    """A tone at 24 kHz, shape (n,), peak `level`."""
    at = np.arange(round(seconds * VOICE_HZ)) / VOICE_HZ
    return (level * np.sin(2 * math.pi * hz * at)).astype(np.float32)


def portrait(number: int, picture: Image.Image | None = None, size: tuple[int, int] = (640, 480)) -> bytes:
    """Frame `number` of something that moves, as JPEG: `picture` swaying, or a lit head before a dark room."""
    image = Image.new("RGB", size, (14, 15, 18))
    sway = 6 * math.sin(number / 11)
    if picture is not None:
        scale = size[1] / picture.height
        fitted = picture.resize((round(picture.width * scale), size[1]))
        image.paste(fitted, (round((size[0] - fitted.width) / 2 + sway), round(3 * math.sin(number / 17))))
    else:
        draw = ImageDraw.Draw(image)
        draw.ellipse((240 + sway, 120, 400 + sway, 340), fill=(188, 150, 128))
        draw.ellipse((170 + sway / 2, 330, 470 + sway / 2, 700), fill=(62, 66, 78))
        image = image.filter(ImageFilter.GaussianBlur(3))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


async def show(session: FakeSession, seconds: float, rate: float = 25.0, picture: Image.Image | None = None) -> None:
    """Frames at `rate` a second for `seconds`, never more than two in flight."""
    pictures = [await asyncio.to_thread(portrait, number, picture) for number in range(round(rate))]
    sent = [0, 0]
    start = time.monotonic()
    for number in range(1, round(seconds * rate) + 1):
        seen = session.of(kiosk_wire.Shown)
        if sent[-2] <= (seen[-1].frame if seen else 0):
            await session.tell(Frame(frame=number, jpeg=pictures[number % len(pictures)], captured_at=time.monotonic()))
            sent.append(number)
        await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))


async def _walk(session: FakeSession) -> None:
    """Every look in turn, for the eye."""
    looks = ["attract", "consent", "mirror", "crossing", "copy", "farewell", "dark"]
    while True:
        await session.until(lambda: session.kiosks, 3600)
        for look in looks:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await session.tell(
                    Scene(look=look, session="s1"),
                    kiosk_wire.Line(text=f"{look.title()}." if look != "attract" else ""),
                )
                showing = asyncio.create_task(show(session, 8)) if look in {"crossing", "copy", "farewell"} else None
                await session.say(looks.index(look), tone(2), time.monotonic() + 0.3)
                await asyncio.sleep(8)
                if showing:
                    await showing


async def _main() -> None:
    session = FakeSession()
    async with run_fake_session(session, 8099) as address:
        sys.stderr.write(f"{address}/?token={TOKEN}\n")
        await _walk(session)


if __name__ == "__main__":
    asyncio.run(_main())
