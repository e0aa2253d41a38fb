"""Who speaks another version of the events does not work along, and says why."""

import asyncio
import logging

import msgspec
import pytest

from services.session.board import Board
from shared.events import VOCABULARY, Heartbeat, HouseOpened, SessionOpened, decode, encode
from shared.streams import SESSIONS
from tests.shared.test_runner import EchoStage, Stand, echo, play

LATER = VOCABULARY + 1


def opened(session: str, vocabulary: int) -> SessionOpened:
    return SessionOpened(session=session, kiosk="k", language="en", script="s", vocabulary=vocabulary)


def test_a_stage_claims_no_visit_of_another_vocabulary_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(stand: Stand) -> None:
        stage = EchoStage(echo)
        runner = stand.start(stage)
        await stand.bus.append(SESSIONS, encode(HouseOpened(worker="session", vocabulary=LATER)), 9)
        for name in ("one", "two"):
            await stand.bus.append(SESSIONS, encode(opened(name, LATER)), 9)
        await asyncio.sleep(1)
        assert {worker.visit.session for worker in stage.workers} <= {"visit"}  # that one is of ours
        beat = runner.heartbeat()
        assert beat.state == "refused"
        assert f"the session service events {LATER}" in beat.last_error

    with caplog.at_level(logging.ERROR):
        play(scene)
    assert len([record for record in caplog.records if "claims no visits" in record.message]) == 1


def test_once_the_session_service_speaks_ours_again_it_works() -> None:
    async def scene(stand: Stand) -> None:
        stage = EchoStage(echo)
        runner = stand.start(stage)
        for vocabulary in (LATER, VOCABULARY):
            await stand.bus.append(SESSIONS, encode(HouseOpened(worker="session", vocabulary=vocabulary)), 9)
        await stand.bus.append(SESSIONS, encode(opened("next", VOCABULARY)), 9)
        await asyncio.sleep(1)
        assert "next" in {worker.visit.session for worker in stage.workers}
        assert runner.heartbeat().state == "ready"

    play(scene)


def test_a_worker_of_another_vocabulary_is_there_but_not_ready() -> None:
    board = Board()
    board.note(Heartbeat(stage="asr", worker="a", state="ready", at=10.0, vocabulary=LATER))
    board.note(Heartbeat(stage="llm", worker="l", state="ready", at=10.0))
    assert board.ready(10.5) == {"llm"}
    row = board.rows(10.5)[0]
    assert row["state"] == "refused"
    assert row["last_error"] == board.refused(10.5)["asr"]
    assert f"speaks events {LATER}" in str(row["last_error"])


def test_what_was_recorded_before_versions_were_told_is_of_the_first() -> None:
    old = msgspec.msgpack.encode({"type": "sessions.opened", "kiosk": "k", "language": "en", "script": "s"})
    event = decode(old)
    assert isinstance(event, SessionOpened)
    assert event.vocabulary == 1
