"""Remote control of a headless Omniverse Audio2Face: load the scene, and let it drive Unreal."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from shared.errors import EngineUnavailable

POLL_S = 0.5
ANSWER_S = 30.0
"""Loading a scene answers when it is loaded."""


class Remote:
    """Its REST service. Everything here blocks: call it in a thread."""

    def __init__(self, url: str, patience_s: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """`url` as http://host:8011; `patience_s` for the application to come up."""
        self._url, self._patience_s, self._sleep = url.rstrip("/"), patience_s, sleep
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it stands in the same room

    def set_up(self, scene: str, live_link: str, settle_s: float) -> None:
        """Wait for the application, load `scene` (none: what is loaded stays), switch Live Link on without its sound.

        Raises:
            EngineUnavailable: It does not come up, or refuses one of these; says which.
        """
        self._wait()
        if scene:
            self._ask("/A2F/USD/Load", {"file_name": scene})
            self._sleep(settle_s)
        self._ask("/A2F/Exporter/ActivateStreamLivelink", {"node_path": live_link, "value": True})
        # the loudspeaker is ours: Unreal would speak a second time
        quiet = {"node_path": live_link, "values": {"enable_audio_stream": False}}
        self._ask("/A2F/Exporter/SetStreamLivelinkSettings", quiet)

    def _wait(self) -> None:
        until = time.monotonic() + self._patience_s
        while True:
            try:
                self._ask("/status", None)
            except EngineUnavailable:
                if time.monotonic() > until:
                    raise
                self._sleep(POLL_S)
            else:
                return

    def _ask(self, path: str, body: dict[str, Any] | None) -> None:
        """GET without a body, POST with one; an answer that does not say OK is a refusal."""
        payload = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, payload, {"Content-Type": "application/json"})
        try:
            with self._opener.open(request, timeout=ANSWER_S) as response:
                text = response.read(65_536).decode("utf-8", "replace")
        except (OSError, urllib.error.URLError, ValueError) as error:
            raise self._away(path, str(error)) from error
        if not _is_ok(text):
            raise self._away(path, text[:200])

    def _away(self, path: str, why: str) -> EngineUnavailable:
        return EngineUnavailable(
            f"a2f_bridge: omniverse: {self._url}{path}: {why}; start Audio2Face headless, or set "
            "[a2f_bridge.options.omniverse] rest_url"
        )


def _is_ok(text: str) -> bool:
    """`OK`, as text, as a JSON string, or as the status of an object."""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = text.strip()
    if isinstance(answer, dict):
        answer = answer.get("status", "")
    return str(answer).upper() == "OK"
