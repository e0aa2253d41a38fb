"""The operator's page in a real browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.support.web_browser import Page, find_chromium, open_browser
from tests.support.web_fake_session import TOKEN, FakeSession, run_fake_session

pytestmark = [
    pytest.mark.web,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed (Debian: apt-get install chromium)"),
]


def stage(name: str, **more: Any) -> dict[str, Any]:
    row = {"stage": name, "worker": f"{name}-1", "state": "ready", "engine": "one", "device": "cpu", "version": "1"}
    counts = {
        "warm_s": 1.0,
        "sessions": 1,
        "lag_s": 0.0,
        "failures": 0,
        "fallbacks": 0,
        "covered_ago_s": None,
        "last_error": "",
        "age_s": 0.1,
    }
    return row | counts | more


def state(**more: Any) -> dict[str, Any]:
    """A mirror that is well, in the middle of a visit."""
    kiosk = {
        "kiosk": "mirror", "session": "s", "look": "copy", "scene": "what_you_keep", "elapsed_s": 100.0, "left_s": 200.0,
        "holding": False, "facts": ["face"], "visitor_speaking": True, "mirror_speaking": False, "trouble": [],
    }  # fmt: skip
    turn = {"turn": 1, "utterance": 1, "kind": "reply", "latency_ms": 700, "parts": [{"name": "hearing", "ms": 700}]}
    return {
        "type": "state", "kiosks": [kiosk], "stages": [stage(name) for name in ("asr", "llm", "tts", "a2f_bridge", "faceswap")],
        "turns": [turn | {"was_cut": False}], "bus": {"ok": True, "detail": ""}, "script": {"id": "mirror", "duration_s": 300},
        "receipts": [{"session": "r", "at": 1.0, "keys_left": 0, "files_left": 0, "reason": "finished"}],
    } | more  # fmt: skip


@asynccontextmanager
async def operator(token: str = TOKEN) -> AsyncIterator[tuple[FakeSession, Page]]:
    session = FakeSession()
    session.state = state()
    async with run_fake_session(session) as address, open_browser(size=(1180, 820)) as page:
        await page.go(f"{address}/operator?token={token}")
        yield session, page
        assert [line for line in page.console if line.startswith("thrown")] == []


async def test_a_well_mirror_says_well_and_shows_where_the_visit_is() -> None:
    async with operator() as (_, page):
        await page.wait_for("document.querySelector('#health').dataset.level === 'well'")
        text = await page.evaluate("document.body.innerText")
        assert "The copy speaks" in text
        assert "3:20" in text
        assert "nothing left" in text


async def test_hold_and_skip_are_sent_at_the_first_press_and_hold_becomes_go_on() -> None:
    async with operator() as (session, page):
        await page.wait_for("document.querySelector('button[data-action=hold]:enabled')")
        await page.press("button[data-action=hold]")
        await session.until(lambda: session.commands)
        held = state()
        held["kiosks"][0]["holding"] = True
        session.state = held
        await page.wait_for("document.querySelector('button[data-action=resume]')")
        await page.press("button[data-action=resume]")
        await page.press("button[data-action=skip]")
        await session.until(lambda: len(session.commands) == 3)
        assert session.commands == [
            {"type": "command", "kiosk": "mirror", "action": action} for action in ("hold", "resume", "skip")
        ]


async def test_stop_and_wipe_asks_for_a_second_press() -> None:
    async with operator() as (session, page):
        await page.wait_for("document.querySelector('button[data-action=wipe]:enabled')")
        await page.press("button[data-action=wipe]")
        await page.wait_for("document.querySelector('button[data-sure]')")
        assert session.commands == []
        await page.press("button[data-action=wipe]")
        await session.until(lambda: session.commands)
        assert session.commands == [{"type": "command", "kiosk": "mirror", "action": "wipe"}]


async def test_a_first_press_alone_is_forgotten() -> None:
    async with operator() as (session, page):
        await page.wait_for("document.querySelector('button[data-action=wipe]:enabled')")
        await page.press("button[data-action=wipe]")
        await page.wait_for("document.querySelector('button[data-sure]')")
        await page.wait_for("!document.querySelector('button[data-sure]')")
        assert session.commands == []


async def test_a_stage_that_is_away_makes_the_mirror_not_well_and_is_named() -> None:
    async with operator() as (session, page):
        stages = [stage(name) for name in ("asr", "llm", "a2f_bridge", "faceswap")]
        session.state = state(stages=[*stages, stage("tts", state="away", last_error="<b>no voice</b>")])
        await page.wait_for("document.querySelector('#health').dataset.level === 'ill'")
        text = await page.evaluate("document.body.innerText")
        assert "Voice is away: <b>no voice</b>." in text
        assert "<b>no voice</b>" in text


async def test_what_is_degraded_says_what_runs_instead_why_and_what_to_do() -> None:
    async with operator() as (session, page):
        stages = [stage(name) for name in ("asr", "a2f_bridge")]
        worse = [
            stage(
                "tts",
                state="degraded",
                engine="piper",
                fallbacks=3,
                last_error="f5: CUDA out of memory; close what uses the card",
            ),
            stage("llm", engine="gemini", fallbacks=1, covered_ago_s=8.0, last_error="gemini: 503 after 0.6 s"),
            stage(
                "faceswap",
                state="degraded",
                engine="inswapper",
                device="CPUExecutionProvider",
                last_error="no CUDA device",
            ),
        ]
        session.state = state(stages=[*stages, *worse])
        await page.wait_for("document.querySelector('#health').dataset.level === 'uneasy'")
        text = await page.evaluate("document.body.innerText")
        assert "Voice is degraded, now piper on cpu: f5: CUDA out of memory" in text
        assert "Face is degraded, now inswapper on CPUExecutionProvider: no CUDA device" in text
        assert "Words: the second engine stepped in 8 s ago." in text
        assert "The copy may not sound like the visitor." in text
        rows = await page.evaluate(
            "[...document.querySelectorAll('#stages li')].map(row => row.innerText.replaceAll('\\n', ' '))"
        )
        voice, words = (next(row for row in rows if row.startswith(name)) for name in ("Voice", "Words"))
        assert "second engine stepped in 3 times" in voice
        assert "run “mirror doctor” between two visits" in voice
        assert "gemini: 503 after 0.6 s" in words
        is_cut = "[...document.querySelectorAll('#stages li .todo, #stages li .error')].some(one => one.scrollWidth > one.clientWidth + 1)"
        assert await page.evaluate(is_cut) is False


async def test_a_wrong_token_is_explained() -> None:
    async with operator(token="wrong") as (_, page):
        await page.wait_for("document.querySelector('#health h1').textContent === 'No key'")
