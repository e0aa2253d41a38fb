"""Redirects of a model hub: the token stays with its host, https stays https, and what the hub says of the file is kept."""

import re
import urllib.parse
import urllib.request
from email.message import Message
from http.client import HTTPMessage
from typing import IO

from shared.errors import BadInput

_SHA256 = re.compile(r'"?([0-9a-f]{64})"?')


class Redirects(urllib.request.HTTPRedirectHandler):
    """One request's way to the file."""

    def __init__(self, token: str) -> None:
        self._token = token
        self.commit = ""
        """Of the repository, as a hub tells it."""
        self.sha256 = ""
        """Of the file, as a hub tells it for its large files."""

    def authorise(self, request: urllib.request.Request) -> None:
        """Put the token on a request; urllib does not carry this header to another address by itself."""
        if self._token:
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """The next request, or a refusal."""
        self._hear(headers)
        before, after = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if before.scheme == "https" and after.scheme != "https":
            raise BadInput(
                f"models: {before.netloc} sends us to {after.scheme}://{after.netloc}, which nobody vouches for"
            )
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None and after.netloc == before.netloc:
            self.authorise(request)
        return request

    def http_response(
        self, request: urllib.request.Request, response: "urllib.request._UrlopenRet"
    ) -> "urllib.request._UrlopenRet":
        """Hear what an answer without a redirect says, too."""
        del request
        self._hear(response.headers)
        return response

    https_response = http_response

    def _hear(self, headers: Message) -> None:
        self.commit = self.commit or headers.get("X-Repo-Commit", "")
        told = _SHA256.fullmatch(headers.get("X-Linked-Etag", "").strip())
        if told and not self.sha256:
            self.sha256 = told[1]
