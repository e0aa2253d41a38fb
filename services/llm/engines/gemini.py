"""Gemini, through Google's own client."""

import logging
from collections.abc import AsyncGenerator, Callable
from typing import Any, ClassVar, Literal

import httpx2
import msgspec
from google.genai import errors, types

from services.llm.chat_model import About, ChatModel, Ended, Prompt
from services.llm.engines import gemini_wire as wire
from services.llm.engines.gemini_client import GOOGLE, address_of, catch_responses, open_client
from services.llm.engines.peer import host_of, key_from_environment
from services.llm.engines.peer_model import PeerModel
from services.llm.gemini_models import Thinking, is_same_model, lowest_thinking
from services.llm.understanding import Question
from services.llm.warming import WARM_PROMPT
from shared.errors import EngineFailed, EngineUnavailable

LOG = logging.getLogger(__name__)

KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which model, how it is asked, and where."""

    model: str = "gemini-3.5-flash-lite"
    """An id, never an alias: an alias moves on opening night. Of a tuned model: its base."""
    tuned_model: str = ""
    """`tunedModels/...`, asked instead of `model`; how much it thinks and what may answer go by its base."""
    base_url: str = ""
    """Empty: Google's. Any peer that speaks Gemini's wire."""
    api_version: str = ""
    """v1 or v1beta; empty: the client's own choice, v1."""
    thinking: Literal["lowest", "none", "MINIMAL", "LOW", "MEDIUM", "HIGH"] = "lowest"
    """lowest: the least this model accepts. none: not mentioned."""
    safety: Literal["BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"] = (
        "BLOCK_MEDIUM_AND_ABOVE"
    )
    service_tier: Literal["", "standard", "priority", "flex"] = ""
    request_s: float = 8.0
    """For one read. Only a net below the stage's own deadlines."""
    warm_up_s: float = 10.0
    keep_warm_s: float = 20.0
    """Idle time after which the connection is used for a question that costs nothing; 0: never."""


class Gemini(PeerModel):
    """Asks Gemini."""

    name: ClassVar[str] = wire.NAME

    def __init__(self, options: Options, key: str) -> None:
        self._base_url, version = address_of(options.base_url, options.api_version)
        self._client, http = open_client(self._base_url, version, key, options.request_s)
        super().__init__(http, keep_warm_s=options.keep_warm_s, warm_up_s=options.warm_up_s)
        self._options = options
        self._key = key
        self._asked = options.tuned_model or options.model
        self._thinking = _thinking(options)
        self._config = wire.fixed_config(self._thinking, options.safety, options.service_tier)
        self._answered = ""
        self.rerouted = 0
        """How many replies in a row came from another model than the one that was asked."""

    @property
    def about(self) -> About:
        """The version is the model that answered last, before that the one that is asked."""
        version = self._answered or self._asked
        return About(name=self.name, is_deterministic=False, device=host_of(self._base_url), version=version)

    @property
    def trouble(self) -> str:
        """What failed last, until something works; else that another model answers than was asked."""
        if self._failing or not self.rerouted:
            return self._failing
        return (
            f"asked for {self._asked}, {self._answered} answers ({self.rerouted} replies); "
            "set [llm.options.gemini] model to one that still exists"
        )

    async def warm_up(self) -> None:
        """One real reply; then the connection is kept warm."""
        if not self._key and self._base_url == GOOGLE:
            cure = f"set {KEYS[0]} in the environment (.env.example), or base_url for a peer that needs none"
            raise EngineUnavailable(f"gemini: no key; {cure}")
        await super().warm_up()

    def _begin(self) -> wire.Answer:
        return wire.Answer()

    async def _chunks(self, prompt: Prompt) -> AsyncGenerator[types.GenerateContentResponse | Ended, None]:
        caught = catch_responses()
        config = types.GenerateContentConfig(
            system_instruction=prompt.system,
            max_output_tokens=wire.most_tokens(prompt.scene.max_words, self._thinking),
            http_options=wire.with_contents(prompt),
            **self._config,
        )
        chunks: Any = await self._client.aio.models.generate_content_stream(
            model=self._asked, contents=wire.PLACEHOLDER, config=config
        )
        try:
            async for chunk in chunks:
                yield chunk
        except errors.APIError as error:
            yield self._refused(error, is_ours=prompt is WARM_PROMPT)
        except httpx2.HTTPError as error:
            yield self._unreachable(error)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            yield self._unreadable(error)  # whichever of them the client trips over first
        finally:
            for response in caught:
                await response.aclose()
            await chunks.aclose()

    async def choose(self, question: Question) -> str:
        """A closed question, answered in its schema. Raises EngineFailed, with nothing of what was said."""
        config = types.GenerateContentConfig(
            system_instruction=question.instruction,
            response_mime_type="application/json",
            response_json_schema=question.schema,
            max_output_tokens=wire.most_tokens(0, self._thinking),
            **self._config,
        )
        try:
            answer: Any = await self._client.aio.models.generate_content(
                model=self._asked, contents=question.said, config=config
            )
            return str(answer.text or "")
        except errors.APIError as error:
            raise EngineFailed(f"gemini: {error.code} {error.status or ''}".strip()) from error
        except (httpx2.HTTPError, ValueError, TypeError, AttributeError, KeyError) as error:
            raise EngineFailed(f"gemini: {type(error).__name__}") from error

    def _refused(self, error: errors.APIError, *, is_ours: bool) -> Ended:
        why = f"{error.code} {error.status or ''}".strip()
        if is_ours and (words := wire.words_of_error(error, self._key)):
            why = f"{why}: {words}"
        return self._broken(why, wire.ended_by(error))

    def _finished(self, answer: wire.Answer) -> None:
        """Retired models are replaced without a word; the operator is to have one."""
        if not answer.version:
            return
        self._answered = answer.version
        if is_same_model(self._options.model, answer.version) or is_same_model(self._asked, answer.version):
            self.rerouted = 0
        else:
            self.rerouted += 1
            LOG.warning("another model answered", extra={"asked": self._asked, "answered": answer.version})

    async def _ping(self) -> None:
        """Uses the connection and no tokens. What the answer says does not matter, only that there is one."""
        try:
            await self._client.aio.models.get(model=self._asked)
        except httpx2.HTTPError as error:
            self._unreachable(error)
        except (errors.APIError, ValueError):
            return

    async def close(self) -> None:
        """Let go of connections, also of those the client opened for calls that we never make."""
        await super().close()
        self._client.close()


def _thinking(options: Options) -> Thinking:
    if options.thinking == "lowest":
        return lowest_thinking(options.model)
    return Thinking() if options.thinking == "none" else Thinking(level=options.thinking)


def open_engine(options: Options, others: Callable[[str], ChatModel]) -> Gemini:
    """The engine; `warm_up` asks Google for the first time."""
    return Gemini(options, key_from_environment(KEYS, "gemini"))
