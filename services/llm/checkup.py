"""Is the model ready tonight? Every engine that may speak is opened, asked, and timed."""

import asyncio
from collections.abc import Callable, Iterator
from math import inf
from statistics import median
from typing import Any

import msgspec

from services.llm.chat_model import ChatModel, Ended
from services.llm.config import LlmConfig
from services.llm.engines import ENGINES
from services.llm.warming import CURES, first_token_s
from shared.checkup import Finding
from shared.config import section
from shared.errors import MirrorError

CALLS = 10
PEERS = frozenset({"gemini", "openai_compatible"})
"""Asked so often: one call says nothing of a network."""
GIVE_UP = 3
"""Calls that failed one after the other: the rest would, too."""
CALL_S = 2.5
"""Longest wait for one; more than twice what a visitor bears."""
SLOW_S = 0.55
"""Median first token beyond which a hedge starts at every other turn, and without one silence is heard."""


def run_checkup(settings: dict[str, Any], progress: Callable[[float, str], None]) -> Iterator[Finding]:
    """Look at every engine that may speak. Raises ConfigError for wrong settings only."""
    config = section(settings, "llm", LlmConfig)
    names = ENGINES.members(config)
    listens = [name for name in (config.listener,) if name and name not in names]
    for number, name in enumerate((*names, *listens)):
        progress(number / (len(names) + len(listens)), f"asking {name}")
        is_last = number == len(names) - 1
        yield from asyncio.run(_look_at(name, config, is_needed=is_last))
    progress(1.0, "asked")


async def _look_at(name: str, config: LlmConfig, *, is_needed: bool) -> list[Finding]:
    """One engine. Without the last of them the mirror has no words; without any other it has its second choice's."""
    check = f"llm {name}"
    try:
        model = ENGINES.open(msgspec.structs.replace(config, engine=name))
    except MirrorError as error:
        return [_away(check, str(error), is_needed=is_needed)]
    try:
        await model.warm_up()
        calls = [await first_token_s(model, CALL_S)]
        while name in PEERS and len(calls) < CALLS and not _is_hopeless(calls):
            calls.append(await first_token_s(model, CALL_S))
        found = [_timed(check, model, calls, is_needed=is_needed)]
        return found + ([_answered(check, model)] if name in PEERS else [])
    except MirrorError as error:
        return [_away(check, str(error), is_needed=is_needed)]
    finally:
        await model.close()


def _is_hopeless(calls: list[tuple[float, Ended]]) -> bool:
    return len(calls) >= GIVE_UP and all(first_s == inf for first_s, _ in calls[-GIVE_UP:])


def _away(check: str, why: str, *, is_needed: bool) -> Finding:
    """`why` ends with what to do, after a semicolon."""
    what, _, cure = why.rpartition("; ")
    return Finding(check=check, state="wrong" if is_needed else "missing", found=what or why, cure=cure or why)


def _timed(check: str, model: ChatModel, calls: list[tuple[float, Ended]], *, is_needed: bool) -> Finding:
    """First-token time over the calls that had one."""
    came = sorted(first_s for first_s, _ in calls if first_s < inf)
    failed = [ended.ending for first_s, ended in calls if first_s == inf]
    where = f"{model.about.device}, " if model.about.device != "cpu" else ""
    if not came:
        return _away(
            check,
            f"{where}{len(calls)} of {len(calls)} calls failed ({failed[-1]}); {CURES[failed[-1]]}",
            is_needed=is_needed,
        )
    figures = {
        "calls": float(len(calls)), "failed": float(len(failed)), "first_token_p50_ms": round(median(came) * 1000, 2),
        "first_token_worst_ms": round(came[-1] * 1000, 2),
    }  # fmt: skip
    times = f"first token {median(came) * 1000:.0f} ms, at worst {came[-1] * 1000:.0f}"
    found = f"{where}{times}, {len(calls)} calls" + (f", {len(failed)} failed ({failed[-1]})" if failed else "")
    cure = CURES[failed[-1]] if failed else ""
    if not cure and median(came) > SLOW_S:
        cure = "slower than a conversation: a nearer network, service_tier = priority, or a local model in the hedge"
    return Finding(check=check, state="missing" if cure else "right", found=found, cure=cure, figures=figures)


def _answered(check: str, model: ChatModel) -> Finding:
    """The model that really answered, which need not be the one that was asked."""
    cure = model.trouble.rpartition("; ")[2] if "asked for" in model.trouble else ""
    found = model.trouble.rpartition("; ")[0] if cure else model.about.version or "it does not say"
    return Finding(check=f"{check} model", state="missing" if cure else "right", found=found, cure=cure)
