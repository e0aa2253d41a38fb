"""What models and clients take: `mirror bench llm`. Gemini against local models, and our own share of it."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from services.llm.chat_model import ChatModel
from services.llm.client_cost import client_cost
from services.llm.config import LlmConfig
from services.llm.engines import ENGINES
from services.llm.timing import PATIENCE, Timing, bench_prompt, percentile_ms, timed
from shared.benchmark import Benchmark, Cell, Plot, Table
from shared.config import section
from shared.errors import BadInput, MirrorError

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
LATE_S = 1.5


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
    cost, figures = asyncio.run(client_cost(20 if is_quick else 100, progress))
    names = tuple(dict.fromkeys((*ENGINES.members(config), "gemini", "openai_compatible", "improviser")))
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
            times = [await timed(model, bench_prompt(line, language)) for _ in range(rounds) for line in lines]
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
        name, language, model.about.version, float(len(times)), percentile_ms(tokens, 50), percentile_ms(tokens, 95), percentile_ms(tokens, 99),
        percentile_ms(clauses, 50), percentile_ms(clauses, 95), percentile_ms(clauses, 99), round(100 * late / len(times), 1),
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
