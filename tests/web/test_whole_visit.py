"""The real page, the real services, human speech at the microphone and a face before the camera: one whole visit."""

import asyncio
import io
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops

from rig.options import Options
from rig.supervisor import Mirror, running_mirror
from rig.visitor import read_visitor
from shared import events as ev
from shared.audio import MICROPHONE_HZ, to_bytes
from shared.redis_bus import RedisBus
from shared.streams import RECEIPTS, SESSIONS, START, key
from tests.support.web_browser import Page, find_chromium, open_browser

pytestmark = [
    pytest.mark.web,
    pytest.mark.visit,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed (Debian: apt-get install chromium)"),
]

ROOT = Path(__file__).resolve().parent.parent.parent
VISITOR = ROOT / "tests" / "visitors" / "talkative"
APPROACH_S = 8.0
"""The visitor touches the glass this long after the page has opened its microphone."""
SAYS = ((12.5, "agree"), (16.5, "agree"), (27.5, "leisure"), (44.0, "selfish"), (54.0, "respectable"))
"""When (seconds after the touch) what is said. The second yes is for a machine too busy to hear the first in time."""
DURATION_S = 75.0
CROSSING_S = 5.0
LOOK = "document.documentElement.dataset.look"

TAP = """
window.loudest = 0;
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  if (to === this.context.destination) {
    const ear = this.context.createAnalyser();
    connect.call(this, ear);
    const samples = new Float32Array(ear.fftSize);
    setInterval(() => {
      ear.getFloatTimeDomainData(samples);
      window.loudest = Math.max(window.loudest, ...samples.map(Math.abs));
    }, 50);
  }
  return connect.call(this, to, ...rest);
};
"""
"""Listens at the loudspeaker itself: what leaves the audio graph, not what the page says of it."""


def write_microphone(path: Path) -> Path:
    """What the visitor says, on one tape with silence between."""
    visitor = read_visitor(VISITOR)
    tape = np.zeros(round((APPROACH_S + DURATION_S + 15) * MICROPHONE_HZ), np.float32)
    for after_s, clip in SAYS:
        begin = round((APPROACH_S + after_s) * MICROPHONE_HZ)
        samples = visitor.clips[clip]
        tape[begin : begin + len(samples)] += samples
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_HZ)
        file.writeframes(to_bytes(tape))
    return path


def write_camera(path: Path) -> Path:
    """The visitor's photo as a film."""
    photo = Image.open(VISITOR / "photo.jpg").convert("RGB")
    photo.thumbnail((640, 480))
    frame = Image.new("RGB", (640, 480))
    frame.paste(photo, ((640 - photo.width) // 2, (480 - photo.height) // 2))
    out = io.BytesIO()
    frame.save(out, "JPEG", quality=92)
    path.write_bytes(out.getvalue() * 30)
    return path


async def picture(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(await page.screenshot())).convert("L")


def change(before: Image.Image, after: Image.Image) -> float:
    """Mean difference of the middle of two pictures, where the face is; 0..255."""
    width, height = before.size
    face = (width // 4, height // 4, 3 * width // 4, 3 * height // 4)
    return float(np.asarray(ImageChops.difference(before, after).crop(face)).mean())


async def session_of(bus: RedisBus) -> str:
    async with asyncio.timeout(15):
        while True:
            opened = [ev.decode(entry.payload) for entry in await bus.range(SESSIONS, START)]
            if found := [event.session for event in opened if isinstance(event, ev.SessionOpened)]:
                return found[-1]
            await asyncio.sleep(0.1)


async def watch(bus: RedisBus, session: str, seen: list[ev.AnyEvent]) -> None:
    """Collect what was understood and said, before it is wiped."""
    cursors = dict.fromkeys((key(session, "hearing"), key(session, "playback"), key(session, "face_ready")), START)
    while True:
        for entry in await bus.read(cursors, wait_s=0.5):
            cursors[entry.key] = entry.id
            seen.append(ev.decode(entry.payload))


async def receipt(bus: RedisBus, timeout_s: float) -> ev.WipeReceipt:
    async with asyncio.timeout(timeout_s):
        while True:
            for entry in await bus.range(RECEIPTS, START):
                event = ev.decode(entry.payload)
                if isinstance(event, ev.WipeReceipt):
                    return event
            await asyncio.sleep(0.2)


async def touch(page: Page) -> None:
    await page.click(180, 320)


async def test_a_visitor_is_heard_answered_shown_and_forgotten(tmp_path: Path) -> None:
    microphone, camera = write_microphone(tmp_path / "voice.wav"), write_camera(tmp_path / "face.mjpeg")
    options = Options(script=str(ROOT / "scripts" / "short.yaml"), port=0)
    async with (
        running_mirror(options) as mirror,
        open_browser(microphone=microphone, camera=camera, size=(360, 640)) as page,
    ):
        await page.before(TAP)
        await page.go(f"{mirror.kiosk_url}&presence=off")
        await asyncio.sleep(APPROACH_S)
        await whole_visit(page, mirror)


async def whole_visit(page: Page, mirror: Mirror) -> None:
    bus = RedisBus(mirror.redis.url)
    seen: list[ev.AnyEvent] = []
    await touch(page)
    session = await session_of(bus)
    watching = asyncio.create_task(watch(bus, session, seen))
    try:
        await page.wait_for(f"{LOOK} === 'mirror'", timeout_s=30)
        await asyncio.sleep(2)
        reflection = await picture(page)
        await page.wait_for(f"['crossing', 'copy'].includes({LOOK})", timeout_s=45)
        await asyncio.sleep(CROSSING_S)
        copies = [await picture(page)]
        for _ in range(4):
            await asyncio.sleep(0.7)
            copies.append(await picture(page))
        end = await receipt(bus, 60)
    finally:
        watching.cancel()
    said = " ".join(event.text.lower() for event in seen if isinstance(event, ev.FinalTranscript))
    assert "yes" in said, "it did not hear the yes"
    assert "leisure" in said, "it did not hear the answer"
    assert [event for event in seen if isinstance(event, ev.FaceReady)], "it did not find the face"
    assert [event for event in seen if isinstance(event, ev.TurnHeard) and event.mirror_said], "it said nothing"
    assert await page.evaluate("window.loudest") > 0.05, "nothing left the loudspeaker"
    assert change(reflection, copies[0]) > 8, "the copy is not on the glass"
    assert max(change(before, after) for before, after in pairwise(copies)) > 0.2, "the copy does not move"
    assert (end.reason, end.keys_left, end.files_left) == ("finished", 0, 0)
    await page.wait_for(f"{LOOK} === 'attract'", timeout_s=15)
    await touch(page)
    await page.wait_for(f"{LOOK} === 'consent'", timeout_s=10)
    await bus.close()
