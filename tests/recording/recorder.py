"""Three ports in front of a sandbox's three, which write down what they are asked."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from pennsieve_agent.contract.requests import ObservedRequest
from pennsieve_agent.sandbox.host.ports import Listener, bind
from pennsieve_agent.sandbox.host.state import SandboxState

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SURFACES = ("v1", "v2", "aws")
OURS = "pennsieve-agent/"
"""What this program calls itself; who else asks is a node."""
SIGN_IN = "AWSCognitoIdentityProviderService"
SECONDS = 60
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})
_ADDRESSES = ("/files/", "/upload/archives/", "/log-archives/", "/viewer-files/")
"""Where the sandbox serves what an answer points to; no client composes these."""


@dataclass(frozen=True)
class Recorded:
    """A request, and whose it was: the words of a command, or ``(node)``."""

    by: str
    asked: ObservedRequest


class Recorder:
    """Hands on every request; those to Pennsieve are kept under the label of the moment."""

    def __init__(self, state: SandboxState) -> None:
        self.label = ""
        self.found: list[Recorded] = []
        self._lock = threading.Lock()
        upstream = (state.api, state.api2, state.aws)
        self._listeners = [
            Listener(taken, self._application(surface, url))
            for taken, surface, url in zip(bind([0, 0, 0]), SURFACES, upstream, strict=True)
        ]

    @property
    def urls(self) -> list[str]:
        """Where v1, v2 and the sign-in are now."""
        return [f"http://127.0.0.1:{each.port}" for each in self._listeners]

    def start(self) -> None:
        for each in self._listeners:
            each.start()

    def close(self) -> None:
        for each in self._listeners:
            each.close()

    def _application(self, surface: str, upstream: str) -> WSGIApplication:
        host = urlsplit(upstream).netloc

        def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            raw, body = str(environ["RAW_URI"]), environ["wsgi.input"].read()
            headers = _headers(environ)
            self._keep(surface, str(environ["REQUEST_METHOD"]), raw, headers, body)
            connection = http.client.HTTPConnection(host, timeout=SECONDS)
            try:
                kept = {n: v for n, v in headers.items() if n not in _HOP}
                connection.request(str(environ["REQUEST_METHOD"]), raw, body, kept)
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            given = [(n, v) for n, v in answer.getheaders() if n.lower() not in _HOP]
            start(f"{answer.status} {answer.reason}", given)
            return [content]

        return application

    def _keep(
        self, surface: str, method: str, raw: str, headers: dict[str, str], body: bytes
    ) -> None:
        path, _, query = raw.partition("?")
        if path.startswith(_ADDRESSES):
            return
        if surface == "aws" and not headers.get("x-amz-target", "").startswith(SIGN_IN):
            return
        named = parse_qs(query, keep_blank_values=True)
        by = self.label if headers.get("user-agent", "").startswith(OURS) else "(node)"
        with self._lock:
            self.found.append(
                Recorded(by, ObservedRequest(surface, method, path, named, headers, body))
            )


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    found = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if kind := environ.get("CONTENT_TYPE"):
        found["content-type"] = str(kind)
    return found
