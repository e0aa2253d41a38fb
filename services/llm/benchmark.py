"""What models and clients take: `mirror bench llm`. Gemini against local models, and our own share of it."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
import msgspec

from services.llm.chat_model import ChatModel, Delta, Prompt
from services.llm.clauses import ClauseSplitter
from services.llm.config import LlmConfig
from services.llm.conversation import prompt_of
from services.llm.engines import ENGINES
from services.llm.pump import Deadlines, pumped
from services.llm.roster import speakers
from services.llm.speakable import words_in
from shared.benchmark import Benchmark, Cell, Plot, Table
from shared.config import section
from shared.errors import BadInput, MirrorError
from shared.events import Heard, ReplyRequest, ScenePrompt

SAID: dict[str, tuple[str, ...]] = {
    "en": (
        "I'm afraid of the dark.", "I never told my father that I love him.", "I don't know.", "Who are you?",
        "I hide how tired I am from everyone at work.", "My sister stopped calling me after our mother died.",
        "Maybe I am only pretending to be happy, so that nobody asks.", "What do you want from me?",
        "I wish I had stayed.", "I would keep my voice, I think.",
    ),
    "nl": (
        "Ik ben bang voor het donker.", "Ik heb mijn vader nooit gezegd dat ik van hem hou.", "Weet ik niet.", "Wie ben jij?",
        "Ik verberg op het werk hoe moe ik ben.", "Mijn zus belt niet meer sinds onze moeder dood is.",
        "Misschien doe ik maar alsof ik gelukkig ben, zodat niemand iets vraagt.", "Wat wil je van mij?",
        "Ik wou dat ik gebleven was.", "Ik zou mijn stem houden, denk ik.",
    ),
}  # fmt: skip
"""Turns such as visitors make; a file of them, one a line, can be given instead."""
_SCENE = ScenePrompt(
    scene="bench",
    goal="They name one thing they hide from others.",
    persona="You are the reflection of the person before the mirror, awake for five minutes.",
)
PATIENCE = Deadlines(first_token_s=8.0, inter_token_s=4.0, total_s=15.0)
"""Far beyond a visitor's: the tail is what is to be seen."""
LATE_S = 1.5
HISTORY = 12


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """One reply, seconds from the request; None for what never came."""

    first_token_s: float | None
    first_clause_s: float | None
    total_s: float
    words: int
    tokens: int


async def timed(model: ChatModel, prompt: Prompt) -> Timing:
    """One reply as the stage would read it."""
    now = asyncio.get_running_loop().time
    started, splitter = now(), ClauseSplitter()
    first = clause = None
    text, tokens = "", 0
    async with pumped(model, prompt, PATIENCE) as pieces:
        async for piece in pieces:
            if isinstance(piece, Delta):
                first = first or now() - started
                text += piece.text
                ready = splitter.push(piece.text)
            else:
                tokens, ready = piece.tokens, splitter.finish(is_whole=piece.ending == "stop")
            clause = clause or (now() - started if ready else None)
    return Timing(
        first_token_s=first, first_clause_s=clause, total_s=now() - started, words=words_in(text), tokens=tokens
    )


def run_benchmark(
    settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Callable[[float, str], None]
) -> Benchmark:
    """Clients against a server that answers at once; then the models behind them, as far as they can be reached.

    Args:
        settings: All settings; section [llm] counts.
        inputs: `input`: a text file with one visitor's turn a line, instead of ours; `quick`: a short run.
        progress: Told how far it is, 0..1.

    Raises:
        BadInput: The input is no text file.
    """
    config = section(settings, "llm", LlmConfig)
    is_quick = bool(inputs.get("quick"))
    said = _said(inputs.get("input"))
    cost, figures = asyncio.run(_client_cost(20 if is_quick else 100, progress))
    names = tuple(dict.fromkeys((*speakers(config), "gemini", "openai_compatible", "improviser")))
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    for number, name in enumerate(names):
        progress(0.4 + 0.6 * number / len(names), f"asking {name}")
        found, note = asyncio.run(_model_rows(name, config, said, 1 if is_quick else 3))
        rows += found
        notes += [note] if note else []
        for row in found:
            figures |= {f"{row[0]}.{row[1]}.first_clause_p50_ms": float(row[7] or 0.0)}
    return Benchmark(name="llm", tables=(cost, _models(rows)), figures=figures, notes=tuple(notes))


def _said(path: str | None) -> dict[str, tuple[str, ...]]:
    if not path:
        return SAID
    file = Path(path)
    if not file.is_file():
        raise BadInput(f"llm: no file {path}; give a text file with one visitor's turn a line")
    lines = [line.strip() for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
    return {"en": tuple(filter(None, lines))}


def _prompt(said: str, language: str, before: tuple[Heard, ...] = ()) -> Prompt:
    return prompt_of(
        ReplyRequest(session="bench", turn=1, utterance=1, said=said, language=language, prompt=_SCENE, history=before),
        HISTORY,
    )


# --- what the clients cost ------------------------------------------------------------------------------------------------


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


async def _client_cost(times: int, progress: Callable[[float, str], None]) -> tuple[Table, dict[str, float]]:
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
                prompt = _prompt("I'm afraid of the dark.", "en", before)
                ours, bare = await _side_by_side(model, prompt, base_url + path, times)
                over = sorted(a - b for a, b in zip(ours, bare, strict=True))
                rows.append(
                    (name, str(turns), _ms(bare, 50), _ms(ours, 50), _ms(ours, 95), _ms(over, 50), _ms(over, 95))
                )
                figures |= {
                    f"{name}.{turns}_turns.first_clause_p50_ms": _ms(ours, 50),
                    f"{name}.{turns}_turns.overhead_p50_ms": _ms(over, 50),
                    f"{name}.{turns}_turns.overhead_p95_ms": _ms(over, 95),
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


# --- what the models take -------------------------------------------------------------------------------------------------


async def _model_rows(
    name: str, config: LlmConfig, said: dict[str, tuple[str, ...]], rounds: int
) -> tuple[list[tuple[Cell, ...]], str]:
    """A row a language; or none, and why."""
    try:
        options = {**config.options, name: {**config.options.get(name, {}), **_counting(name, config)}}
        model = ENGINES.open(msgspec.structs.replace(config, engine=name, options=options))
    except MirrorError as error:
        return [], f"{name}: {error}"
    try:
        await model.warm_up()
        rows = []
        for language, lines in said.items():
            if model.about.languages and language not in model.about.languages:
                continue
            times = [await timed(model, _prompt(line, language)) for _ in range(rounds) for line in lines]
            rows.append(_row(name, language, model, times))
    except MirrorError as error:
        return [], f"{name}: not measured: {error}"
    else:
        return rows, ""
    finally:
        await model.close()


def _counting(name: str, config: LlmConfig) -> dict[str, Any]:
    """Servers of chat completions count tokens only if they are asked to."""
    if name != "openai_compatible":
        return {}
    extra = config.options.get(name, {}).get("extra", {})
    return {"extra": {**extra, "stream_options": {"include_usage": True}}}


def _row(name: str, language: str, model: ChatModel, times: list[Timing]) -> tuple[Cell, ...]:
    tokens = [one.first_token_s for one in times if one.first_token_s is not None]
    clauses = [one.first_clause_s for one in times if one.first_clause_s is not None]
    if not clauses:
        return (name, language, model.about.version, len(times), *[None] * 9, len(times))
    late = sum((one.first_clause_s or PATIENCE.total_s) > LATE_S for one in times)
    rates = [one.tokens / (one.total_s - one.first_token_s) for one in times if one.tokens and one.first_token_s]
    return (
        name, language, model.about.version, float(len(times)), _ms(tokens, 50), _ms(tokens, 95), _ms(tokens, 99),
        _ms(clauses, 50), _ms(clauses, 95), _ms(clauses, 99), round(100 * late / len(times), 1),
        round(median(rates), 1) if rates else None, round(sum(one.words for one in times) / len(times), 1),
        float(len(times) - len(clauses)),
    )  # fmt: skip


def _models(rows: list[tuple[Cell, ...]]) -> Table:
    columns = (
        "engine", "language", "model that answered", "replies", "first token p50 ms", "p95 ms", "p99 ms",
        "first clause p50 ms", "p95", "p99", "later than 1.5 s, %", "tokens/s", "words a reply", "failed",
    )  # fmt: skip
    note = (
        "The same turns for every engine, one after another, over this machine's network. Tokens/s after the first token, as the server "
        "counts them. The improviser writes no tokens: it is the floor."
    )
    plot = Plot(x="engine", y=("first token p50 ms", "first clause p50 ms"), unit="ms")
    return Table(title="Models compared", columns=columns, rows=tuple(rows), note=note, plot=plot if rows else None)


def _ms(seconds: list[float], percent: int) -> float:
    """A percentile, milliseconds: the value that so many per cent do not exceed."""
    ordered = sorted(seconds)
    return round(1000 * ordered[min(len(ordered) - 1, -(-percent * len(ordered) // 100) - 1)], 2)
