"""The kiosk page in a real browser, with a made-up voice at its microphone and a made-up film before its camera."""

import io
import time
import wave
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.audio import VOICE_HZ, rms_dbfs, to_float
from shared.kiosk_wire import (
    Approach,
    Audio,
    Camera,
    Capture,
    Flush,
    Forgotten,
    Frame,
    Hold,
    Line,
    Played,
    Scene,
    Shown,
    Subtitle,
    Trouble,
)
from tests.support.web_browser import Page, find_chromium, open_browser
from tests.support.web_fake_session import TOKEN, FakeSession, run_fake_session, tone
from tests.support.web_media import write_voice

pytestmark = [
    pytest.mark.web,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed (Debian: apt-get install chromium)"),
]

VISIT = Scene(look="mirror", session="visit-1")
GLASS = "document.getElementById('glass')"


def plain(colour: tuple[int, int, int], right: tuple[int, int, int] | None = None) -> bytes:
    """A JPEG of one colour, or of two halves."""
    image = Image.new("RGB", (640, 480), colour)
    if right:
        image.paste(right, (320, 0, 640, 480))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95)
    return out.getvalue()


async def colour(page: Page, x: float = 0.5, y: float = 0.5) -> tuple[int, int, int]:
    """What stands on the glass at a place given as shares of its size."""
    place = f"c.width * {x} | 0, c.height * {y} | 0, 1, 1"
    red, green, blue, _ = await page.evaluate(
        f"(() => {{ const c = {GLASS}; return [...c.getContext('2d').getImageData({place}).data]; }})()"
    )
    return red, green, blue


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A voice; and a film whose left half is green and whose right half is black."""
    folder = tmp_path_factory.mktemp("media")
    film = folder / "halves.mjpeg"
    film.write_bytes(plain((0, 160, 0), right=(0, 0, 0)) * 30)
    return write_voice(folder / "voice.wav"), film


@asynccontextmanager
async def opened(
    media: tuple[Path, Path], settings: str = "", token: str = TOKEN
) -> AsyncIterator[tuple[FakeSession, Page]]:
    session = FakeSession()
    microphone, camera = media
    async with (
        run_fake_session(session) as address,
        open_browser(microphone=microphone, camera=camera, size=(360, 640)) as page,
    ):
        await page.go(f"{address}/?token={token}&presence=off{settings}")
        yield session, page
        assert [line for line in page.console if line.startswith("thrown")] == []


@asynccontextmanager
async def kiosk(media: tuple[Path, Path]) -> AsyncIterator[tuple[FakeSession, Page]]:
    """A kiosk that has been welcomed and waits for a visitor."""
    async with opened(media) as (session, page):
        await session.until(lambda: session.kiosks)
        await page.wait_for("document.documentElement.dataset.look === 'attract'")
        await page.wait_for("document.documentElement.dataset.link === 'open'")
        yield session, page


async def test_the_visitor_is_heard_during_a_visit_and_only_then(media: tuple[Path, Path]) -> None:
    async with kiosk(media) as (session, page):
        await page.wait_for("document.querySelector('#invitation p.there')")
        assert session.of(Audio) == []
        await session.tell(VISIT)
        await session.until(lambda: len(session.of(Audio)) >= 100)
        chunks = session.of(Audio)
        assert [chunk.seq for chunk in chunks] == list(range(len(chunks)))
        assert {len(chunk.pcm) for chunk in chunks} == {640}
        spans = np.diff([chunk.captured_at for chunk in chunks[50:]])
        assert np.mean(spans) == pytest.approx(0.02, rel=0.05)
        with wave.open(str(media[0])) as file:
            said = rms_dbfs(to_float(file.readframes(file.getnframes())))
        heard = rms_dbfs(to_float(b"".join(chunk.pcm for chunk in chunks[10:])))
        assert heard == pytest.approx(said, abs=4)


async def test_speech_sounds_when_it_is_due_and_the_report_says_what_sounded(media: tuple[Path, Path]) -> None:
    async with kiosk(media) as (session, _):
        await session.tell(VISIT)
        await session.until(lambda: len(session.of(Audio)) >= 25)  # both sound devices run
        due = time.monotonic() + 0.4
        await session.say(1, tone(1.0), due)
        await session.until(lambda: any(report.is_end for report in session.of(Played)))
        reports = session.of(Played)
        assert reports[0].sample == 0
        assert reports[-1].sample == VOICE_HZ
        assert len(reports) >= 10
        late = [report.at - (due + report.sample / VOICE_HZ) for report in reports]
        assert np.median(np.abs(late)) < 0.02


async def test_a_hold_stops_the_voice_where_it_is_and_a_restart_goes_on_from_there(media: tuple[Path, Path]) -> None:
    async with kiosk(media) as (session, _):
        await session.tell(VISIT)
        await session.until(lambda: len(session.of(Audio)) >= 25)
        await session.say(1, tone(3.0), time.monotonic() + 0.2)
        await session.until(lambda: len(session.of(Played)) >= 4)
        await session.tell(Hold(turn=1, gain=0.0, stop=True))
        mark = len(session.of(Audio))
        await session.until(lambda: len(session.of(Audio)) >= mark + 30)
        stood = session.of(Played)[-1]
        assert 0 < stood.sample < 3 * VOICE_HZ
        assert not stood.is_end
        await session.say(1, tone(0.4), time.monotonic() + 0.2, first=stood.sample)
        await session.until(lambda: session.of(Played)[-1].is_end)
        assert session.of(Played)[-1].sample == stood.sample + round(0.4 * VOICE_HZ)


async def test_a_flush_silences_the_turn_and_reports_its_end(media: tuple[Path, Path]) -> None:
    async with kiosk(media) as (session, _):
        await session.tell(VISIT)
        await session.until(lambda: len(session.of(Audio)) >= 25)
        await session.say(1, tone(3.0), time.monotonic() + 0.2)
        await session.until(lambda: len(session.of(Played)) >= 4)
        await session.tell(Flush(turn=1))
        await session.until(lambda: session.of(Played)[-1].is_end)
        assert 0 < session.of(Played)[-1].sample < 3 * VOICE_HZ


async def test_the_reflection_is_mirrored_and_the_enrolment_picture_is_not(media: tuple[Path, Path]) -> None:
    async with kiosk(media) as (session, page):
        await session.tell(VISIT)
        middle = f"{GLASS}.getContext('2d').getImageData({GLASS}.width * 0.6, {GLASS}.height / 2, 1, 1).data[1]"
        await page.wait_for(f"{middle} > 120")
        assert (await colour(page, 0.6))[1] > 100 > 40 > (await colour(page, 0.4))[1]
        await session.tell(Capture(burst=1, frames=3, seconds=0.3))
        await session.until(lambda: session.of(Camera) and session.of(Camera)[-1].is_last)
        burst = session.of(Camera)
        assert [picture.index for picture in burst] == [0, 1, 2]
        taken = np.asarray(Image.open(io.BytesIO(burst[0].jpeg)))
        assert taken[:, : taken.shape[1] // 3, 1].mean() > 100 > 40 > taken[:, -taken.shape[1] // 3 :, 1].mean()


async def test_the_reflection_stays_until_the_copy_has_a_face_and_then_crosses_into_it(
    media: tuple[Path, Path],
) -> None:
    async with kiosk(media) as (session, page):
        await session.tell(VISIT)
        await page.wait_for(f"{GLASS}.getContext('2d').getImageData({GLASS}.width * 0.6, 300, 1, 1).data[1] > 120")
        await session.tell(Scene(look="crossing", session="visit-1", crossing_s=0.5))
        await page.wait_for("document.documentElement.dataset.look === 'crossing'")
        assert (await colour(page, 0.6))[1] > 100
        for number in range(1, 6):
            await session.tell(Frame(frame=number, jpeg=plain((0, 0, 200)), captured_at=time.monotonic()))
        await page.wait_for(f"{GLASS}.getContext('2d').getImageData({GLASS}.width / 2, 300, 1, 1).data[2] > 150")
        await session.until(lambda: session.of(Shown) and session.of(Shown)[-1].frame == 5)
        assert session.of(Shown)[-1].at == pytest.approx(time.monotonic(), abs=5)


async def test_a_frame_that_is_no_picture_leaves_the_last_one_standing(media: tuple[Path, Path]) -> None:
    async with kiosk(media) as (session, page):
        await session.tell(
            Scene(look="copy", session="visit-1"), Frame(frame=1, jpeg=plain((0, 0, 200)), captured_at=0.0)
        )
        await session.until(lambda: session.of(Shown))
        await session.tell(Frame(frame=2, jpeg=b"not a picture", captured_at=0.0))
        await session.until(lambda: any(trouble.what == "unreadable" for trouble in session.of(Trouble)))
        await page.wait_for(f"{GLASS}.getContext('2d').getImageData({GLASS}.width / 2, 300, 1, 1).data[2] > 150")


async def test_one_line_of_type_stands_at_a_time(media: tuple[Path, Path]) -> None:
    async with kiosk(media) as (session, page):
        await session.tell(VISIT, Line(text="First."), Line(text="Second."))
        await page.wait_for("document.querySelector('#line p.there')?.textContent === 'Second.'")
        await page.wait_for("document.querySelectorAll('#line p').length === 1")
        await session.tell(Subtitle(speaker="mirror", text="Said."))
        await page.wait_for("document.querySelector('#subtitle p')")
        assert await page.evaluate("getComputedStyle(document.getElementById('subtitle')).display") == "none"
        await session.tell(Line(text=""))
        await page.wait_for("document.querySelectorAll('#line p').length === 0")


async def test_after_a_lost_line_the_page_comes_back_to_its_visit(media: tuple[Path, Path]) -> None:
    async with kiosk(media) as (session, _):
        await session.tell(VISIT)
        await session.until(lambda: len(session.of(Audio)) >= 10)
        await session.kiosks[-1].close(1011)
        await session.until(lambda: len(session.greetings) == 2)
        assert session.greetings[1].resume == "visit-1"
        await session.tell(VISIT)
        mark = len(session.of(Audio))
        await session.until(lambda: len(session.of(Audio)) > mark + 10)


async def test_nothing_of_a_visit_is_left_in_the_next(media: tuple[Path, Path]) -> None:
    async with kiosk(media) as (session, page):
        await session.tell(
            Scene(look="copy", session="visit-1"), Frame(frame=1, jpeg=plain((0, 0, 200)), captured_at=0.0)
        )
        await session.tell(Line(text="A secret."))
        await session.until(lambda: session.of(Shown) and len(session.of(Audio)) > 25)
        await session.say(1, tone(0.2), time.monotonic() + 0.2)
        await session.until(lambda: session.of(Played) and session.of(Played)[-1].is_end)
        await session.tell(Forgotten(session="visit-1", keys_left=0, files_left=0, at=0.0), Scene(look="attract"))
        await page.wait_for("!document.body.textContent.includes('A secret.')")
        await page.wait_for(f"{GLASS}.getContext('2d').getImageData({GLASS}.width / 2, 300, 1, 1).data[2] < 60")
        await session.tell(Scene(look="mirror", session="visit-2"))
        mark = len(session.heard)
        await session.until(lambda: any(isinstance(message, Audio) for _, message in session.heard[mark:]))
        assert next(message.seq for _, message in session.heard[mark:] if isinstance(message, Audio)) == 0
        reports = len(session.of(Played))
        await session.say(1, tone(0.2), time.monotonic() + 0.2)
        await session.until(
            lambda: session.of(Played)[reports:] and session.of(Played)[-1].sample == round(0.2 * VOICE_HZ)
        )


async def test_a_touch_of_the_waiting_glass_begins_a_visit(media: tuple[Path, Path]) -> None:
    async with kiosk(media) as (session, page):
        await page.click(180, 320)
        await session.until(lambda: session.of(Approach))


async def test_a_wrong_token_is_said_on_the_glass(media: tuple[Path, Path]) -> None:
    async with opened(media, token="wrong") as (_, page):
        await page.wait_for("document.querySelector('#trouble p')?.textContent.includes('no key')")


@pytest.mark.parametrize(("kind", "trouble"), [("video", "no_camera"), ("audio", "no_microphone")])
async def test_a_missing_device_is_told_once_and_harms_nothing_else(
    media: tuple[Path, Path], kind: str, trouble: str
) -> None:
    deny = f"""
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wish) =>
            wish.{kind} ? Promise.reject(new DOMException("gone", "NotFoundError")) : ask(wish);
    """
    session = FakeSession()
    opening: AbstractAsyncContextManager[Page] = open_browser(microphone=media[0], camera=media[1], size=(360, 640))
    async with run_fake_session(session) as address, opening as page:
        await page.before(deny)
        await page.go(f"{address}/?token={TOKEN}&presence=off")
        await session.until(lambda: session.of(Trouble))
        assert [told.what for told in session.of(Trouble)] == [trouble]
        await session.tell(VISIT)
        await page.wait_for("document.querySelector('#trouble p')")
        if kind == "video":
            await session.until(lambda: session.of(Audio))
