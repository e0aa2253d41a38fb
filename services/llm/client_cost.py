"""What a client costs: first clause through an engine, beside the same bytes through bare HTTP, turn about."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import msgspec

from services.llm.chat_model import ChatModel, Prompt
from services.llm.clauses import ClauseSplitter
from services.llm.config import LlmConfig
from services.llm.engines import ENGINES
from services.llm.timing import PATIENCE, bench_prompt, percentile_ms, timed
from shared.benchmark import Cell, Table
from shared.errors import MirrorError
from shared.events import Heard


@contextmanager
def _loopback() -> Iterator[str]:
    """Address of a server that answers at once, in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "services.llm.loopback"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


PATHS = {
    "gemini": "/v1/models/loopback:streamGenerateContent?alt=sse",
    "openai_compatible": "/v1/chat/completions",
}


async def client_cost(times: int, progress: Callable[[float, str], None]) -> tuple[Table, dict[str, float]]:
    """First clause through each client, beside the same bytes through bare HTTP, turn about."""
    rows: list[tuple[Cell, ...]] = []
    figures: dict[str, float] = {}
    long = tuple(
        Heard(speaker=("mirror", "visitor")[n % 2], text="And what came then, when it was dark?") for n in range(11)
    )
    with _loopback() as base_url:
        for number, (name, path) in enumerate(PATHS.items()):
            try:
                options = {name: {"base_url": base_url, "model": "loopback", "keep_warm_s": 0}}
                model = ENGINES.open(LlmConfig(engine=name, options=options))
                await model.warm_up()
            except MirrorError as error:
                rows.append((name, str(error), *[None] * 5))
                continue
            for turns, before in ((1, ()), (12, long)):
                progress(0.2 * number + 0.1 * (turns > 1), f"client of {name}")
                prompt = bench_prompt("I'm afraid of the dark.", "en", before)
                ours, bare = await _side_by_side(model, prompt, base_url + path, times)
                over = sorted(a - b for a, b in zip(ours, bare, strict=True))
                rows.append(
                    (
                        name,
                        str(turns),
                        percentile_ms(bare, 50),
                        percentile_ms(ours, 50),
                        percentile_ms(ours, 95),
                        percentile_ms(over, 50),
                        percentile_ms(over, 95),
                    )
                )
                figures |= {
                    f"{name}.{turns}_turns.first_clause_p50_ms": percentile_ms(ours, 50),
                    f"{name}.{turns}_turns.overhead_p50_ms": percentile_ms(over, 50),
                    f"{name}.{turns}_turns.overhead_p95_ms": percentile_ms(over, 95),
                }
            await model.close()
    columns = (
        "client",
        "turns sent",
        "bare HTTP p50 ms",
        "first clause p50 ms",
        "p95 ms",
        "overhead p50 ms",
        "overhead p95 ms",
    )
    note = (
        f"{times} replies each, turn about, from a server on this machine whose first token takes no time. Overhead: first clause "
        "through our engine, its client, pump and splitter, less the same clause through bare httpx2. Budget: 20 ms."
    )
    return Table(title="What a client costs", columns=columns, rows=tuple(rows), note=note), figures


async def _side_by_side(model: ChatModel, prompt: Prompt, url: str, times: int) -> tuple[list[float], list[float]]:
    ours, bare = [], []
    async with httpx2.AsyncClient() as http:
        for _ in range(times + 3):
            ours.append((await timed(model, prompt)).first_clause_s or PATIENCE.total_s)
            bare.append(await _bare(http, url, prompt))
    return ours[3:], bare[3:]  # the first few open connections


async def _bare(http: httpx2.AsyncClient, url: str, prompt: Prompt) -> float:
    """First clause without an engine."""
    now = asyncio.get_running_loop().time
    started, splitter, at = now(), ClauseSplitter(), None
    body = {"system": prompt.system, "contents": [message.text for message in prompt.messages]}
    async with http.sse(url, method="POST", json=body) as events:
        async for event in events:
            if at is None and event.data != "[DONE]" and splitter.push(_text_of(msgspec.json.decode(event.data))):
                at = now() - started
    return at or now() - started


def _text_of(chunk: Any) -> str:
    """The text of a chunk of either wire."""
    if "candidates" in chunk:
        return str(chunk["candidates"][0]["content"]["parts"][0]["text"])
    return str(chunk["choices"][0]["delta"]["content"])
