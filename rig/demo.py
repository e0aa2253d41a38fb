"""`mirror demo`: the whole mirror on this machine, for a person at a terminal."""

import asyncio
import contextlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.table import Table

from rig.children import die_with_parent, stop
from rig.console import print_json, say, words
from rig.options import Options
from rig.ram_disk import ram_disk
from rig.signals import stopping_cleanly
from rig.supervisor import Mirror, running_mirror
from shared.errors import BadInput, EngineUnavailable
from shared.loop import run

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
KIOSK_SWITCHES = (
    "--kiosk",
    "--no-first-run",
    "--noerrdialogs",
    "--disable-session-crashed-bubble",
    "--disable-infobars",
    "--disable-features=Translate",
    "--autoplay-policy=no-user-gesture-required",  # the mirror speaks before anyone touches anything
    "--auto-accept-camera-and-microphone-capture",  # no question a visitor would have to answer
)


def run_demo(options: Options, *, should_open: bool, browser: str, kiosk_args: str, as_json: bool) -> int:
    """Run until Ctrl-C or SIGTERM; returns the exit code."""
    if browser not in ("", "kiosk"):
        raise EngineUnavailable(f"--browser {browser}: there is only `kiosk`")
    if browser and options.mirrors > 1:
        raise BadInput(
            "--browser kiosk fills one screen; open each of several mirrors' addresses on a screen of its own"
        )
    try:
        run(
            stopping_cleanly(
                _demo(options, should_open=should_open, browser=browser, kiosk_args=kiosk_args, as_json=as_json)
            )
        )
    except SystemExit:  # the only way a demo ends well
        say("stopped; nothing is left")
    return 0


async def _demo(options: Options, *, should_open: bool, browser: str, kiosk_args: str, as_json: bool) -> None:
    with contextlib.ExitStack() as shown:
        progress = shown.enter_context(Live(_states({}), console=words, transient=True, refresh_per_second=8))
        async with running_mirror(options, lambda states: progress.update(_states(states))) as mirror:
            progress.stop()
            _announce(mirror, as_json=as_json)
            with _browser(mirror, should_open=should_open, kind=browser, more=kiosk_args):
                await asyncio.Event().wait()


def _states(states: dict[str, str]) -> Table:
    colour = {"ready": "green", "degraded": "yellow", "warming": "cyan"}
    table = Table(box=None, show_header=False, title="the mirror is waking", title_justify="left", title_style="bold")
    for stage, state in states.items():
        table.add_row(stage, f"[{colour.get(state, 'dim')}]{state}[/]")
    return table


def _announce(mirror: Mirror, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "kiosk_url": mirror.kiosk_url,
                "kiosk_urls": mirror.kiosk_urls,
                "operator_url": mirror.operator_url,
                "socket_url": mirror.socket_url,
                "kiosk_token": mirror.kiosk_token,
                "operator_token": mirror.operator_token,
                "redis_url": mirror.redis.url,
                "logs": mirror.logs,
                "services": {name: service.pid for name, service in mirror.services.items()},
            }
        )
        return
    addresses = {**mirror.kiosk_urls, "operator": mirror.operator_url}
    width = max(map(len, addresses)) + 2
    sys.stdout.write("".join(f"{name:<{width}}{address}\n" for name, address in addresses.items()))
    sys.stdout.flush()
    say(f"logs in {mirror.logs} (gone at the end); Ctrl-C stops the mirror")


@contextmanager
def _browser(mirror: Mirror, *, should_open: bool, kind: str, more: str) -> Iterator[None]:
    if kind == "kiosk":
        with kiosk_browser(mirror.kiosk_url, shlex.split(more)):
            yield
        return
    if should_open and not all(webbrowser.open(url) for url in mirror.kiosk_urls.values()):
        say("no browser could be opened here; open the mirror's address yourself")
    yield


@contextmanager
def kiosk_browser(url: str, more: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A full-screen Chromium on `url`, its profile on the RAM disk and gone afterwards.

    Raises:
        EngineUnavailable: There is no Chromium.
    """
    binary = find_chromium()
    with tempfile.TemporaryDirectory(prefix="mirror-browser-", dir=ram_disk(), ignore_cleanup_errors=True) as profile:
        command = [binary, *KIOSK_SWITCHES, f"--user-data-dir={profile}", *more, f"--app={url}"]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent
        )
        try:
            yield process
        finally:
            stop(process)


def find_chromium() -> str:
    """Path of a Chromium or Chrome; raises EngineUnavailable if there is none."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        raise EngineUnavailable(
            "no Chromium on the PATH; `make browser` installs it (on Debian: apt-get install chromium)"
        )
    return found
