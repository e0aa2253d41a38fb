"""Any server of chat completions: llama.cpp, Ollama, vLLM. Plain HTTP: the wire is small, and closing it is ours."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx2
import msgspec

from services.llm.chat_model import About, ChatModel, Ended, Prompt
from services.llm.engines import openai_wire as wire
from services.llm.engines.peer import (
    checked_url,
    ending_of_status,
    host_of,
    http_client,
    key_from_environment,
    seconds_of,
)
from services.llm.engines.peer_model import PeerModel
from services.llm.understanding import Question
from services.llm.warming import WARM_PROMPT
from shared.errors import EngineFailed, EngineUnavailable

LOADING_STEP_S = 0.5
"""Between two looks at a server that is still loading its weights."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which server, and how it is asked."""

    base_url: str = "http://127.0.0.1:8081/v1"
    """With or without /v1."""
    model: str = ""
    """Empty: the first that the server lists; llama.cpp has only one."""
    api_key_env: str = "OPENAI_API_KEY"
    """Name of the variable that holds the key. Not set: none is sent."""
    extra: dict[str, Any] = {}
    """Fields added to every request: `{temperature = 0.8, chat_template_kwargs = {enable_thinking = false}}`."""
    request_s: float = 8.0
    """For one read. Only a net below the stage's own deadlines."""
    warm_up_s: float = 60.0
    """The first reply may have to wait for gigabytes of weights."""
    keep_warm_s: float = 240.0
    """Ollama unloads a model that was idle for five minutes; 0: never ask by ourselves."""


class OpenAiCompatible(PeerModel):
    """Asks a server of chat completions."""

    name: ClassVar[str] = wire.NAME

    def __init__(self, options: Options, key: str) -> None:
        super().__init__(http_client(options.request_s), keep_warm_s=options.keep_warm_s, warm_up_s=options.warm_up_s)
        self._options = options
        self._key = key
        self._base_url = _with_version(checked_url(options.base_url, self.name))
        self._model = options.model
        self._answered = ""
        if key:
            self._http.headers["authorization"] = f"Bearer {key}"

    @property
    def about(self) -> About:
        """The version is the model that says it answers."""
        version = self._answered or self._model
        return About(name=self.name, is_deterministic=False, device=host_of(self._base_url), version=version)

    async def warm_up(self) -> None:
        """One real reply, as soon as the server has its weights; then it is kept warm."""
        try:
            async with asyncio.timeout(self._warm_up_s):
                while not await self._is_loaded():  # noqa: ASYNC110 - a server sets no event of ours
                    await asyncio.sleep(LOADING_STEP_S)
        except TimeoutError as error:
            raise EngineUnavailable(
                f"{self.name} at {self.about.device}: still loading after {self._warm_up_s:g} s; raise warm_up_s"
            ) from error
        await super().warm_up()

    async def _is_loaded(self) -> bool:
        """Whether the server lists its models; if none is configured, the first becomes ours."""
        try:
            answer = await self._http.get(f"{self._base_url}/models")
            if answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
                return False
            models = msgspec.json.decode(answer.content, type=wire.Models).data if answer.is_success else []
        except (httpx2.HTTPError, msgspec.DecodeError):
            return True  # the reply that follows says better what is wrong
        self._model = self._model or next((model.id for model in models), "default")
        return True

    def _begin(self) -> wire.Answer:
        return wire.Answer()

    async def _chunks(self, prompt: Prompt) -> AsyncGenerator[wire.Chunk | Ended, None]:
        body = wire.body_of(prompt, self._model or "default", self._options.extra)
        try:
            async with self._http.sse(f"{self._base_url}/chat/completions", method="POST", json=body) as events:
                if not events.response.is_success:
                    await events.response.aread()
                    yield self._refused(events.response, is_ours=prompt is WARM_PROMPT)
                    return
                async for event in events:
                    chunk = wire.chunk_of(event.data)
                    yield chunk if chunk.error is None else self._failed_midway(chunk.error)
        except httpx2.HTTPError as error:
            yield self._unreachable(error)
        except (ValueError, msgspec.DecodeError) as error:
            yield self._unreadable(error)

    async def choose(self, question: Question) -> str:
        """A closed question, answered in its schema. Raises EngineFailed, with nothing of what was said."""
        body = wire.question_body(question, self._model or "default", self._options.extra)
        try:
            response = await self._http.post(f"{self._base_url}/chat/completions", json=body)
            if not response.is_success:
                raise EngineFailed(f"{self.name}: {response.status_code}")
            return wire.text_of_whole(response.content)
        except (httpx2.HTTPError, msgspec.DecodeError) as error:
            raise EngineFailed(f"{self.name}: {type(error).__name__}") from error

    def _refused(self, response: httpx2.Response, *, is_ours: bool) -> Ended:
        why = f"{response.status_code} {response.reason_phrase}"
        if is_ours and (words := wire.words_of_error(_json_of(response), self._key)):
            why = f"{why}: {words}"
        ending = ending_of_status(response.status_code)
        retry_after_s = seconds_of(response.headers.get("retry-after")) if ending == "rate" else 0.0
        return self._broken(why, Ended(ending=ending, engine=self.name, retry_after_s=retry_after_s))

    def _failed_midway(self, error: Any) -> Ended:
        status = wire.status_of_error(error)
        return self._broken(f"error {status} in the stream", Ended(ending=ending_of_status(status), engine=self.name))

    def _finished(self, answer: wire.Answer) -> None:
        self._answered = answer.model or self._answered

    async def _ping(self) -> None:
        """One token, so that the weights stay loaded."""
        body = {
            **wire.body_of(WARM_PROMPT, self._model or "default", self._options.extra),
            "stream": False,
            "max_tokens": 1,
        }
        try:
            await self._http.post(f"{self._base_url}/chat/completions", json=body)
        except httpx2.HTTPError as error:
            self._unreachable(error)


def _with_version(base_url: str) -> str:
    """A bare host and port gets the path that all these servers have; the whole address of a call loses its end."""
    base_url = base_url.removesuffix("/chat/completions")
    return base_url if urlsplit(base_url).path else f"{base_url}/v1"


def _json_of(response: httpx2.Response) -> Any:
    try:
        return msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return ""


def open_engine(options: Options, others: Callable[[str], ChatModel]) -> OpenAiCompatible:
    """The engine; `warm_up` speaks to the server for the first time."""
    return OpenAiCompatible(options, key_from_environment((options.api_key_env,), wire.NAME))
