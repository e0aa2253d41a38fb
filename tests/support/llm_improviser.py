"""The shipped lines, and prompts to improvise on."""

import tomllib
from functools import cache

import msgspec

from services.llm.chat_model import Prompt
from services.llm.conversation import prompt_of
from services.llm.engines.improviser import REPERTOIRE
from services.llm.improvise import Repertoire
from shared.events import Heard, ScenePrompt
from tests.support.llm_room import SCENE, mirror, request, visitor


@cache
def repertoire(language: str) -> Repertoire:
    return msgspec.convert(tomllib.loads((REPERTOIRE / f"{language}.toml").read_text()), Repertoire)


def prompt(
    said: str, *, language: str = "en", scene: ScenePrompt = SCENE, history: tuple[Heard, ...] = (), turn: int = 1
) -> Prompt:
    return prompt_of(request(said, language=language, prompt=scene, history=history, turn=turn), 12)


def after(history: tuple[Heard, ...], said: str, reply: str) -> tuple[Heard, ...]:
    return (*history, visitor(said), mirror(reply))
