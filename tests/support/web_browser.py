"""A headless Chromium, driven over its DevTools protocol with nothing but `websockets`.

    async with open_browser(microphone=wav, camera=y4m, size=(1080, 1920)) as page:
        await page.go("http://127.0.0.1:8080/?token=...")
        await page.wait_for("document.documentElement.dataset.look === 'attract'")
        await page.click(540, 960)
        await page.screenshot(Path("attract.png"))

The browser is a stranger's machine: no network but loopback is needed, and its profile is gone afterwards.
"""

import asyncio
import base64
import json
import shutil
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--mute-audio", "--no-first-run",
    "--no-default-browser-check", "--remote-debugging-port=0", "--disable-dev-shm-usage",
    # Nothing may call home: a test machine has no business on the network.
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--disable-domain-reliability", "--disable-client-side-phishing-detection", "--no-pings", "--metrics-recording-only",
    "--disable-features=OptimizationHints,MediaRouter,Translate,DialMediaRouteProvider,AutofillServerCommunication",
    # A mirror is never in the background.
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
    "--autoplay-policy=no-user-gesture-required", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
)  # fmt: skip

START_S = 30.0


class BrowserError(Exception):
    """The browser did not start, or refused a command, or the page threw."""


def find_chromium() -> str | None:
    """The browser's program, or None where none is installed."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """One tab. Times are seconds, places are CSS pixels."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = iter(range(1, 1_000_000_000))
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._tab: dict[str, str] = {}
        self.console: deque[str] = deque(maxlen=200)
        """What the page logged or threw last, in order."""

    async def read(self) -> None:
        """Take in what the browser says, until it closes."""
        with suppress(ConnectionClosed):
            async for message in self._socket:
                self._take(json.loads(message))
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(BrowserError("the browser went away"))

    async def attach(self) -> None:
        """Speak to the browser's first tab from now on."""
        async with asyncio.timeout(START_S):
            while not (tabs := [one for one in await self._targets() if one["type"] == "page"]):
                await asyncio.sleep(0.05)
        result = await self.command("Target.attachToTarget", targetId=tabs[0]["targetId"], flatten=True)
        self._tab = {"sessionId": result["sessionId"]}
        for domain in ("Page", "Runtime", "Log"):
            await self.command(f"{domain}.enable")

    async def _targets(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = (await self.command("Target.getTargets"))["targetInfos"]
        return found

    def _take(self, message: dict[str, Any]) -> None:
        if waiting := self._waiting.pop(message.get("id", 0), None):
            if not waiting.done():
                waiting.set_result(message)
        elif message.get("method") == "Runtime.consoleAPICalled":
            said = [str(one.get("value", one.get("description", ""))) for one in message["params"]["args"]]
            self.console.append(f"{message['params']['type']}: {' '.join(said)}")
        elif message.get("method") == "Runtime.exceptionThrown":
            details = message["params"]["exceptionDetails"]
            self.console.append("thrown: " + details.get("exception", {}).get("description", details["text"]))
        elif message.get("method") == "Log.entryAdded":
            entry = message["params"]["entry"]
            self.console.append(f"{entry['level']}: {entry['text']} {entry.get('url', '')}")

    async def command(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the DevTools protocol; its result."""
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params} | self._tab))
        message = await answer
        if "error" in message:
            raise BrowserError(f"{method}: {message['error']['message']}")
        result: dict[str, Any] = message["result"]
        return result

    async def close(self) -> None:
        """End the whole browser."""
        self._tab = {}
        await self.command("Browser.close")

    async def go(self, url: str) -> None:
        """Open an address; returns once its elements are there."""
        result = await self.command("Page.navigate", url=url)
        if result.get("errorText"):
            raise BrowserError(f"{url}: {result['errorText']}")
        await self.wait_for("location.href !== 'about:blank' && document.readyState !== 'loading'")

    async def before(self, script: str) -> None:
        """Run a script in every page opened from now on, before the page's own."""
        await self.command("Page.addScriptToEvaluateOnNewDocument", source=script)

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page; promises are awaited."""
        result = await self.command("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    async def wait_for(self, expression: str, timeout_s: float = 20.0) -> None:
        """Return once an expression is truthy; raises BrowserError with the page's log if it is not in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while not await self.evaluate(f"!!({expression})"):
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise BrowserError(
                f"never true in {timeout_s} s: {expression}\n" + "\n".join(list(self.console)[-20:])
            ) from error

    async def click(self, x: float, y: float) -> None:
        """Touch the glass."""
        for kind in ("mousePressed", "mouseReleased"):
            await self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def press(self, selector: str) -> None:
        """Click the middle of the first element that a CSS selector finds."""
        box = f"document.querySelector({json.dumps(selector)})?.getBoundingClientRect()"
        found = await self.evaluate(
            f"(() => {{ const r = {box}; return r && [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        )
        if not found:
            raise BrowserError(f"nothing matches {selector}")
        await self.click(*found)

    async def resize(self, width: int, height: int) -> None:
        """Give the page another size."""
        await self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def screenshot(self, path: Path | None = None) -> bytes:
        """What is to be seen, as PNG; also written to `path`."""
        png = base64.b64decode((await self.command("Page.captureScreenshot", format="png"))["data"])
        if path:
            await asyncio.to_thread(path.write_bytes, png)
        return png


def _arguments(
    profile: Path, media: tuple[Path | None, Path | None], size: tuple[int, int], extra: Sequence[str]
) -> list[str]:
    microphone, camera = media
    arguments = [*QUIET, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}", *extra]
    if microphone:
        arguments.append(f"--use-file-for-fake-audio-capture={microphone}")
    if camera:
        arguments.append(f"--use-file-for-fake-video-capture={camera}")
    return [*arguments, "about:blank"]


async def _debugger(process: asyncio.subprocess.Process, profile: Path) -> str:
    """WebSocket address of the whole browser, on the port that it chose."""
    file = profile / "DevToolsActivePort"
    async with asyncio.timeout(START_S):
        while True:
            if process.returncode is not None:
                raise BrowserError(f"the browser ended at once with status {process.returncode}")
            lines = await asyncio.to_thread(lambda: file.read_text().splitlines() if file.exists() else [])
            if len(lines) > 1:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            await asyncio.sleep(0.05)


@asynccontextmanager
async def open_browser(
    *,
    microphone: Path | None = None,
    camera: Path | None = None,
    size: tuple[int, int] = (1080, 1920),
    extra: Sequence[str] = (),
) -> AsyncIterator[Page]:
    """A fresh headless browser with one blank tab.

    Args:
        microphone: WAV that the fake microphone plays, over and over (`file.wav%noloop`: once).
        camera: Y4M or MJPEG film that the fake camera shows, over and over.
        size: Of the window, CSS pixels.
        extra: More flags.

    Raises:
        BrowserError: No Chromium is installed, or it does not start.
    """
    program = find_chromium()
    if program is None:
        raise BrowserError("no Chromium found: apt-get install chromium")
    profile = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="mirror-browser-"))
    process = await asyncio.create_subprocess_exec(
        program, *_arguments(profile, (microphone, camera), size, extra),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        async with connect(await _debugger(process, profile), max_size=None) as socket:
            page = Page(socket)
            reading = asyncio.create_task(page.read())
            try:
                await page.attach()
                await page.resize(*size)
                yield page
            finally:
                with suppress(BrowserError, ConnectionClosed):
                    await page.close()
                await reading
    finally:
        await _end(process)
        await asyncio.to_thread(shutil.rmtree, profile, ignore_errors=True)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let it close by itself; else end it."""
    try:
        async with asyncio.timeout(5):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
