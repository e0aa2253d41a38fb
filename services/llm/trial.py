"""One engine alone, for `mirror try llm "..."`: what would the mirror say, and what did it understand?"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from services.llm.chat_model import Delta, Ended
from services.llm.conversation import prompt_of, visitor_said
from services.llm.pump import pumped
from services.llm.reply import ReplyWriter
from services.llm.safety import Gate
from services.llm.stage import LlmStage, open_stage
from shared.errors import BadInput
from shared.events import Heard, ReplyRequest, ScenePrompt, SignalSpec

LONGEST_TURN = 2_000
"""Characters; a visitor speaks a few hundred."""

_PERSONA = "You are the reflection of the person before the mirror, awake for five minutes."
_SCENE = {
    "en": (
        "They name one thing they hide from others.",
        ("You said {echo}. And you left out why.", "Where does {thing} live in you?"),
    ),
    "nl": (
        "Ze noemen één ding dat ze voor anderen verbergen.",
        ("Je zei: {echo}. En het waarom liet je weg.", "Waar woont {thing} in jou?"),
    ),
}
_SIGNALS = {
    "en": (
        SignalSpec(name="agreed", means="says yes"), SignalSpec(name="declined", means="says no"),
        SignalSpec(name="gave_name", means="says their name", examples=("my name is", "I'm called", "call me")),
        SignalSpec(name="named_fear", means="names something they fear or hide", examples=("I'm afraid of", "I hide that")),
    ),
    "nl": (
        SignalSpec(name="agreed", means="zegt ja"), SignalSpec(name="declined", means="zegt nee"),
        SignalSpec(name="gave_name", means="noemt een naam", examples=("ik heet", "mijn naam is", "noem me")),
        SignalSpec(name="named_fear", means="noemt iets om bang voor te zijn", examples=("ik ben bang voor", "ik verberg dat")),
    ),
}  # fmt: skip


def run_trial(
    settings: dict[str, Any], inputs: Mapping[str, str | None], progress: Callable[[float, str], None]
) -> dict[str, object]:
    """A conversation with the configured engine.

    Args:
        settings: All settings; section [llm] counts.
        inputs: `input`: what the visitor says, one turn a line, or the path of a .txt file with that; `language` (en);
            `speaker` (self); `max_words` (32); `out`: where to write the conversation, if anywhere.
        progress: Told how far it is, 0..1.

    Returns:
        `engine`, `device`, `version`, `warm_s`, `trouble`, `conversation` to be read, and `turns`: of each `said`, `reply`,
        `clauses`, `reason`, `engine` that spoke, `is_fallback`, `signal`, `captured`, `other`, `engine_s`.

    Raises:
        BadInput: No words, or too many.
    """
    lines = _lines(inputs.get("input"))
    report = asyncio.run(_converse(open_stage(settings), lines, inputs, progress))
    if out := inputs.get("out"):
        Path(out).write_text(str(report["conversation"]) + "\n", encoding="utf-8")
    return report


def _lines(given: str | None) -> list[str]:
    text = (given or "").strip()
    if text.endswith(".txt"):
        path = Path(text)
        if not path.is_file():
            raise BadInput(f"llm: no file {path}; give the words themselves, or a text file with one turn a line")
        text = path.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise BadInput('llm: nothing was said; try `mirror try llm "I am afraid of the dark"`')
    if any(len(line) > LONGEST_TURN for line in lines):
        raise BadInput(
            f"llm: a turn is longer than {LONGEST_TURN} characters; a visitor says a few sentences at a time"
        )
    return lines


async def _converse(
    stage: LlmStage, lines: list[str], inputs: Mapping[str, str | None], progress: Callable[[float, str], None]
) -> dict[str, Any]:
    heard: tuple[Heard, ...] = ()
    turns = []
    try:
        progress(0.0, "warming up")
        await stage.warm_up()
        for number, line in enumerate(lines, 1):
            turn = await _turn(stage, _request(number, line, heard, inputs))
            heard += (Heard(speaker="visitor", text=line), Heard(speaker="mirror", text=turn["reply"]))
            turns.append(turn)
            progress(number / len(lines), "answering")
    finally:
        await stage.close()
    conversation = "\n".join(f"visitor  {turn['said']}\nmirror   {turn['reply']}" for turn in turns)
    health = stage.health()
    return {
        "engine": health.engine, "device": health.device, "version": health.version, "warm_s": round(health.warm_s, 4),
        "trouble": health.last_error, "conversation": conversation, "turns": turns,
    }  # fmt: skip


def _request(number: int, said: str, heard: tuple[Heard, ...], inputs: Mapping[str, str | None]) -> ReplyRequest:
    language = inputs.get("language") or "en"
    goal, improvise = _SCENE.get(language, ("", ()))
    scene = ScenePrompt(
        scene="trial", goal=goal, persona=_PERSONA, speaker=inputs.get("speaker") or "self", improvise=improvise,
        max_words=_max_words(inputs.get("max_words")),
    )  # fmt: skip
    return ReplyRequest(
        session="trial", turn=number, utterance=number, said=said, language=language, prompt=scene, history=heard,
        signals=_SIGNALS.get(language, ()),
    )  # fmt: skip


def _max_words(given: str | None) -> int:
    if given and not given.isdigit():
        raise BadInput(f"llm: max_words is {given!r}; give a whole number, such as 32")
    return int(given or 32)


async def _turn(stage: LlmStage, request: ReplyRequest) -> dict[str, Any]:
    now = asyncio.get_running_loop().time
    started = now()
    reading = await stage.listening.read(request, asyncio.Event())
    writer = ReplyWriter(Gate(visitor_said(request), request.language), request.prompt.max_words)
    clauses, ended = [], Ended(ending="stop", engine=stage.model.about.name)
    async with pumped(stage.model, prompt_of(request, stage.config.history_turns), stage.deadlines) as pieces:
        async for piece in pieces:
            clauses += writer.push(piece.text) if isinstance(piece, Delta) else writer.finish(piece.ending)
            if isinstance(piece, Ended):
                ended = piece
            if writer.ending:
                break
    return {
        "said": request.said, "reply": " ".join(clauses), "clauses": clauses, "reason": writer.ending or ended.ending,
        "engine": ended.engine, "is_fallback": ended.is_fallback,
        "signal": reading.name, "captured": reading.captured, "other": reading.other, "engine_s": round(now() - started, 5),
    }  # fmt: skip
