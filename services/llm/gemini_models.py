"""What must be known of Gemini's models to ask them quickly. Pure.

Source: ai.google.dev, pages on thinking, models and deprecations, read in November 2026.
"""

import re
from typing import Literal

import msgspec

Level = Literal["MINIMAL", "LOW", "MEDIUM", "HIGH"]


class Thinking(msgspec.Struct, frozen=True, kw_only=True):
    """How much a model may think before it speaks: a level (from 3 on) or a budget (2.5), never both: that is refused."""

    level: Level | None = None
    budget_tokens: int | None = None

    @property
    def is_silent(self) -> bool:
        """Nothing is thought at all that would eat into the tokens of the answer."""
        return self.level in {None, "MINIMAL"} and not self.budget_tokens


_LOWEST = (
    (r"gemini-2\.5-pro", Thinking(budget_tokens=128)),  # cannot be turned off
    (r"gemini-2\.5-", Thinking(budget_tokens=0)),
    (r"gemini-[12]\.|gemma|learnlm", Thinking()),  # do not know the word
    (r"gemini-3.*-pro", Thinking(level="LOW")),
    (r"gemini-3(?:\.[0-6])?-|gemini-flash-lite-latest", Thinking(level="MINIMAL")),
    (r"gemini-", Thinking(level="LOW")),  # 3.7 and 3.8 refuse MINIMAL; what comes after them is asked the cautious way
)
"""The first pattern that matches the beginning of the id wins."""


def lowest_thinking(model: str) -> Thinking:
    """The least a model accepts. A tuned model thinks like its base: ask with the base's id."""
    bare = model.removeprefix("models/")
    return next((thinking for pattern, thinking in _LOWEST if re.match(pattern, bare)), Thinking())


def is_same_model(asked: str, answered: str) -> bool:
    """Whether `modelVersion` is what was asked for.

    Retired ids are answered, and billed, by another model without an error. A numbered build of the same model
    ("-001") is the same; an alias ("-latest") promises nothing, so whatever answers it is right.
    """
    asked, answered = asked.removeprefix("models/"), answered.removeprefix("models/")
    if not answered or asked.endswith("-latest"):
        return True
    return answered == asked or re.fullmatch(re.escape(asked) + r"-\d{3}", answered) is not None
