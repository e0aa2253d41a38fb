"""All five rig engines in one visit, on tiny or packaged weights and local peers; then each of them breaks in the middle of it."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import connect

from rig.options import Options
from rig.rehearse import Place, rehearse
from rig.supervisor import Mirror, running_mirror
from rig.visitor import read_visitor
from shared import events as ev

pytestmark = [pytest.mark.visit, pytest.mark.slow, pytest.mark.redis, pytest.mark.engine, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parent.parent.parent
RIG = {"asr": "faster_whisper", "llm": "gemini", "tts": "f5", "a2f_bridge": "audio2face", "faceswap": "inswapper"}
BREAKS = {"faceswap": 34.0, "asr": 38.0, "llm": 44.0, "tts": 50.0, "a2f_bridge": 56.0}
"""Seconds after the visitor stepped up: each has worked by then, and each is needed again."""


def settings(models: Path, gemini: str, audio2face: str) -> tuple[str, ...]:
    from tests.support.asr_whisper_weights import whisper_tiny_en
    from tests.support.tiny_face_models import write_models
    from tests.support.tts_f5 import tiny_folder

    patience = (
        "asr.options.fallback.patience_s=20", "tts.options.fallback.patience_s=20",
        "a2f_bridge.options.audio2face.watchdog_ms=5000", "llm.options.hedge.hedge_s=1.0", "llm.options.hedge.clause_s=1.1",
        "faceswap.options.fallback.patience_s=20", "faceswap.options.fallback.slow_s=5",
    )  # fmt: skip
    """A machine busy with other tests is slow, not broken."""
    return (
        *patience,
        "asr.engine=fallback", "asr.options.fallback.order=faster_whisper,moonshine",
        f"asr.options.faster_whisper.model={whisper_tiny_en()}", "asr.options.faster_whisper.cpu_threads=1",
        "llm.engine=hedge", "llm.options.hedge.order=gemini,improviser", f"llm.options.gemini.base_url={gemini}",
        "tts.engine=fallback", "tts.options.fallback.order=f5,piper", "tts.options.f5.read_along=false",
        f"tts.options.f5.model={tiny_folder()}", "tts.options.f5.device=cpu",
        "a2f_bridge.engine=fallback", f"a2f_bridge.options.audio2face.address={audio2face}",
        "faceswap.engine=fallback", "faceswap.options.fallback.order=inswapper,mesh_warp",
        f"faceswap.options.inswapper.model={write_models(models)}",
    )  # fmt: skip


@contextlib.asynccontextmanager
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Mirror, Any]]:
    """The mirror on its rig engines, and what ends the peer of a stage."""
    from tests.peers.audio2face import audio2face_peer
    from tests.peers.gemini import GeminiPeer

    gemini = GeminiPeer()
    gemini.is_varied = True
    breaks = tmp_path / "breaks"
    breaks.mkdir()
    monkeypatch.setenv("MIRROR_BREAKS", str(breaks))
    monkeypatch.setenv("GRPC_ENABLE_FORK_SUPPORT", "0")  # else gRPC says at every fork that it does nothing
    monkeypatch.setenv("GEMINI_API_KEY", gemini.key)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    async with contextlib.AsyncExitStack() as stack:
        serving = await stack.enter_async_context(contextlib.AsyncExitStack())
        address = await serving.enter_async_context(gemini.serving())
        animator = stack.enter_context(audio2face_peer())

        async def break_stage(stage: str) -> None:
            if stage == "llm":
                await serving.aclose()
            elif stage == "a2f_bridge":
                await asyncio.to_thread(animator.kill)
            else:
                (breaks / stage).touch()

        options = Options(
            script=str(ROOT / "scripts" / "short.yaml"), port=0, package="tests.support.breakable_services",
            sets=settings(tmp_path / "models", address, animator.address),
        )  # fmt: skip
        yield await stack.enter_async_context(running_mirror(options)), break_stage


async def operator_rows(mirror: Mirror) -> dict[str, dict[str, Any]]:
    """What the operator's page says of each stage."""
    url = mirror.socket_url.replace("/kiosk/", "/operator/") + f"?token={mirror.operator_token}"
    async with connect(url, max_size=None) as socket:
        state = msgspec.json.decode(await socket.recv())
    return {row["stage"]: row for row in state["stages"]}


async def test_a_visit_on_all_rig_engines_goes_on_when_each_of_them_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("faster_whisper", "google.genai", "f5_tts", "grpc", "onnxruntime"):
        pytest.importorskip(package)
    worked: dict[str, dict[str, Any]] = {}
    async with rig(tmp_path, monkeypatch) as (mirror, break_stage):

        async def break_one_after_another() -> None:
            began = time.monotonic()
            for stage, after_s in BREAKS.items():
                await asyncio.sleep(max(0.0, began + after_s - time.monotonic()))
                worked[stage] = (await operator_rows(mirror))[stage]
                await break_stage(stage)

        place = Place(url=mirror.socket_url, token=mirror.kiosk_token, redis_url=mirror.redis.url)
        visitor = read_visitor(ROOT / "tests" / "visitors" / "talkative")
        breaking = asyncio.create_task(break_one_after_another())
        done = await rehearse(visitor, place, lambda _what, _share: None, keeps_pictures=False)
        await breaking
        after = await operator_rows(mirror)
        restarts = {name: service.restarts for name, service in mirror.services.items()}
    assert not any(restarts.values()), "an engine that breaks takes no process with it"
    for stage in RIG:
        assert worked[stage]["state"] == "ready", (stage, worked[stage])
        assert after[stage]["state"] == "degraded", (stage, after[stage])
        assert after[stage]["fallbacks"] > 0, (stage, after[stage])
        assert after[stage]["last_error"], (stage, after[stage])
    for stage in RIG:
        assert RIG[stage] in worked[stage]["engine"]
    heard = {event.engine for event in done.events if isinstance(event, ev.FinalTranscript)}
    assert heard == {"faster_whisper", "moonshine"}
    answered = {event.engine for event in done.events if isinstance(event, ev.ReplyEnded) and event.clauses}
    assert answered >= {"gemini", "improviser"}
    last = done.recording.sounded[-1]
    assert (last.at + len(last.pcm)) / 24_000 - done.recording.approached_at == pytest.approx(75.0, abs=0.5)
    lines = [event.line for event in done.events if isinstance(event, ev.TurnTimed) and event.kind == "line"]
    assert lines[-1] == "bye"
    assert done.wipe["keys_left"] == 0
