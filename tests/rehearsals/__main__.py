"""`python -m tests.rehearsals [peace] [STAGE...]`; exit code 1 if any of them did not go as it must."""

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from rig.options import Options
from rig.supervisor import Mirror, running_mirror
from tests.peers.gemini import KEY
from tests.rehearsals import verdict
from tests.rehearsals.faults import FAULTS, Fault, World
from tests.rehearsals.peers import ROOT, Peer
from tests.rehearsals.settings import GENTLE, SOON, at, on_the_processor, weights
from tests.rehearsals.verdict import Verdict
from tests.rehearsals.watch import Beats, event_of, first_session
from tests.support.web_browser import find_chromium, open_browser

SCRIPT = ROOT / "scripts" / "short.yaml"
VISITOR = ROOT / "tests" / "visitors" / "talkative"
SETTLED_S = 34.0
"""The copy stands on the glass and every engine is at work."""
TOLD_S = 15.0
BROKEN_S = 6.0
"""How long it stays broken once the operator knows: some turns' worth."""
BACK_S = 40.0


async def rehearsal(name: str, mirror: Mirror, world: World, folder: Path, pictures: Path | None) -> Verdict:
    """One visit, by the command that a person types."""
    beats, fault = Beats(mirror), FAULTS.get(name)
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(beats.watch())
        visit = group.create_task(visited(mirror, folder / f"{name}.json"))
        broke_at, back = 0.0, False
        if fault:
            broke_at = await broken(fault, mirror, world, beats)
            await beats.until(fault.stage, "degraded", TOLD_S)
            if pictures:  # a browser needs a while to start: it stays broken until it has been seen
                await photographed(mirror, pictures / f"{name}.png")
            await asyncio.sleep(BROKEN_S)
            await asyncio.to_thread(fault.mends, world)
        code = await visit
        if fault:
            back = await beats.until(fault.stage, "ready", BACK_S)
        watching.cancel()
    report = msgspec.json.decode((folder / f"{name}.json").read_bytes())
    wrong = verdict.of_visit(report, code)
    wrong += verdict.broken(fault, beats, broke_at, back) if fault else verdict.in_peace(beats)
    seen = verdict.notes(fault, beats, broke_at) if fault else (f"lasted {report['duration_s']} s",)
    return Verdict(name=name, wrong=tuple(wrong), noted=seen)


async def visited(mirror: Mirror, report: Path) -> int:
    """`mirror rehearse`, beside the mirror that runs. Its exit code."""
    command = (
        sys.executable, "-m", "rig", "rehearse", str(VISITOR), "--script", str(SCRIPT), "--url", mirror.socket_url,
        "--token", mirror.kiosk_token, "--redis-url", mirror.redis.url, "--json", str(report),
    )  # fmt: skip
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL)
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()


async def broken(fault: Fault, mirror: Mirror, world: World, beats: Beats) -> float:
    """When it was broken, by the beats' clock: in the middle of the first turn after SETTLED_S."""
    session = await first_session(mirror.redis.url)
    await asyncio.sleep(SETTLED_S)
    await event_of(mirror.redis.url, session, fault.stream, fault.is_mid_turn)
    at_s = beats.now()
    await asyncio.to_thread(fault.breaks, world)
    return at_s


async def photographed(mirror: Mirror, picture: Path) -> None:
    """The operator's page as it stands."""
    if find_chromium() is None:
        return
    async with open_browser(size=(1280, 1400)) as page:
        await page.go(mirror.operator_url)
        await page.wait_for("document.querySelectorAll('#stages li[data-state]').length > 5", 60.0)
        await asyncio.sleep(1.0)
        await page.screenshot(picture)


@contextlib.asynccontextmanager
async def rig(folder: Path, more: tuple[str, ...]) -> AsyncIterator[tuple[Mirror, World]]:
    """Peers and mirror, on config/rig.toml and `more` settings."""
    world = World(gemini=Peer("gemini"), audio2face=Peer("audio2face"), breaks=folder / "breaks")
    world.breaks.mkdir()
    os.environ.update(MIRROR_BREAKS=str(world.breaks), GEMINI_API_KEY=KEY, GRPC_ENABLE_FORK_SUPPORT="0")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    sets = (*on_the_processor(weights(folder)), *GENTLE, *SOON, *at(world.gemini.port, world.audio2face.port), *more)
    with contextlib.ExitStack() as stack:
        for peer in (world.gemini, world.audio2face):
            stack.callback(peer.kill)
            peer.start()
        options = Options(
            config=ROOT / "config" / "rig.toml", script=str(SCRIPT), port=0, sets=sets,
            package="tests.support.breakable_services",
        )  # fmt: skip
        async with running_mirror(options) as mirror:
            yield mirror, world


async def rehearsed(names: list[str], pictures: Path | None) -> list[Verdict]:
    """Each on a mirror of its own."""
    found = []
    for name in names:
        with tempfile.TemporaryDirectory(prefix="rehearsals-") as folder:
            more = FAULTS[name].sets if name in FAULTS else ()
            async with rig(Path(folder), more) as (mirror, world):
                found.append(await rehearsal(name, mirror, world, Path(folder), pictures))
        show(found[-1])
    return found


def show(one: Verdict) -> None:
    """For people."""
    what = FAULTS[one.name].what if one.name in FAULTS else "nothing goes wrong"
    print(f"{'as it must be' if not one.wrong else 'WRONG':14} {one.name}: {what}", flush=True)
    for line in (*one.noted, *(f"WRONG: {wrong}" for wrong in one.wrong)):
        print(f"    {line}", flush=True)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of peace, {', '.join(FAULTS)}; none: all")
    parser.add_argument("--pictures", type=Path, help="folder for the operator page of each, degraded, as PNG")
    given = parser.parse_args()
    names = given.names or ["peace", *FAULTS]
    if unknown := set(names) - {"peace", *FAULTS}:
        parser.error(f"no rehearsal {', '.join(sorted(unknown))}")
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    return 1 if any(one.wrong for one in asyncio.run(rehearsed(names, given.pictures))) else 0


if __name__ == "__main__":
    sys.exit(main())
