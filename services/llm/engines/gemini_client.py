"""Google's client, set up so that nothing but our settings decides where it goes and how often it tries.

Left to itself it uses aiohttp if that happens to be installed, and then tries again behind our back; it lets the environment
change its address and platform; and it closes a response that was not read to its end when the garbage collector comes by. So it is given
an HTTP client, an address and a platform, and every response is caught on its way in, and put into the words it reads.
"""

from contextvars import ContextVar

import httpx2
from google import genai
from google.genai import types

from services.llm.engines.event_lines import read_plainly
from services.llm.engines.peer import checked_url, http_client, tls

GOOGLE = "https://generativelanguage.googleapis.com"

_RESPONSES: ContextVar[list[httpx2.Response]] = ContextVar("_RESPONSES")


def address_of(base_url: str, api_version: str) -> tuple[str, str | None]:
    """Base and version of the API. A version at the end of the address is taken for one; None is the client's own choice."""
    base = checked_url(base_url or GOOGLE, "gemini")
    for version in ("v1", "v1beta"):
        if base.endswith(f"/{version}"):
            return base.removesuffix(f"/{version}"), api_version or version
    return base, api_version or None


def open_client(
    base_url: str, version: str | None, key: str, request_s: float
) -> tuple[genai.Client, httpx2.AsyncClient]:
    """The client and the HTTP client inside it."""
    http = http_client(request_s)
    http.event_hooks = {"response": [_catch]}
    client = genai.Client(
        api_key=key or "none",  # it insists on one; a peer of our own may not
        vertexai=False,
        http_options=types.HttpOptions(
            base_url=base_url,
            api_version=version,
            timeout=int(request_s * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            httpx_async_client=http,
            client_args={"verify": tls()},  # for the clients it builds and we never use
            async_client_args={"ssl": tls()},
        ),
    )
    return client, http


def catch_responses() -> list[httpx2.Response]:
    """The list into which the responses to this task's next requests go, so that they can be closed."""
    caught: list[httpx2.Response] = []
    _RESPONSES.set(caught)
    return caught


async def _catch(response: httpx2.Response) -> None:
    read_plainly(response)
    _RESPONSES.get([]).append(response)
