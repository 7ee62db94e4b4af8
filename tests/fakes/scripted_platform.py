"""A platform that expects certain calls in order, and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx

from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.platform.client import Platform
from tests.fakes.clock import Clock
from tests.fakes.network import answering

V1, V2, COGNITO = "https://api.test", "https://api2.test", "https://cognito.test/"
HOSTS = Hosts(api=V1, api2=V2, cognito=COGNITO)
WORKSPACE = "N:organization:w"
KEY = ApiKey("the-key", "the-secret")
COGNITO_CONFIG = {
    "region": "us-east-1",
    "userPool": {"region": "us-east-1", "id": "us-east-1_A", "appClientId": "users"},
    "tokenPool": {"region": "us-east-1", "id": "us-east-1_B", "appClientId": "tokens"},
    "identityPool": {"region": "us-east-1", "id": "us-east-1:c", "appClientId": "x"},
}

Answerer = Callable[[httpx.Request], httpx.Response]


def jwt(claims: dict[str, Any]) -> str:
    parts = [json.dumps({"alg": "RS256"}), json.dumps(claims), "signature"]
    return ".".join(base64.urlsafe_b64encode(p.encode()).decode().rstrip("=") for p in parts)


def signed_in(number: int, *, life: int = 3600, workspace: str = WORKSPACE) -> dict[str, Any]:
    claims = {"custom:organization_node_id": workspace, "custom:organization_id": "5"}
    return {
        "ChallengeParameters": {},
        "AuthenticationResult": {
            "AccessToken": f"access-{number}",
            "IdToken": jwt(claims),
            "RefreshToken": "refresh",
            "ExpiresIn": life,
            "TokenType": "Bearer",
        },
    }


@dataclass
class Expected:
    method: str
    url: str
    answer: Answerer
    query: dict[str, str] | None = None
    body: Any = None
    has_body: bool = False


@dataclass
class ScriptedPlatform:
    """Sign-in is answered by itself and counted; every other call must be the next expected one."""

    clock: Clock = field(default_factory=Clock)
    life: int = 3600
    expected: list[Expected] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sign_ins: int = 0
    configs: int = 0

    def on(
        self,
        call: str,
        answer: object = None,
        *,
        status: int = 200,
        query: dict[str, str] | None = None,
        **body: Any,
    ) -> None:
        """Expect ``"GET v1/user"``. The answer is JSON, bytes, an exception or a function."""
        method, address = call.split(" ")
        surface, _, path = address.partition("/")
        url = f"{ {'v1': V1, 'v2': V2}[surface] }/{path}"
        self.expected.append(
            Expected(
                method,
                url,
                _answerer(answer, status),
                query,
                body.get("body"),
                has_body="body" in body,
            )
        )

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/authentication/cognito-config":
            self.configs += 1
            assert "Authorization" not in request.headers
            return httpx.Response(200, json=COGNITO_CONFIG)
        if str(request.url) == COGNITO:
            self.sign_ins += 1
            assert "Authorization" not in request.headers
            return httpx.Response(200, json=signed_in(self.sign_ins, life=self.life))
        self.requests.append(request)
        url = unquote(str(request.url.copy_with(query=None)))
        assert self.expected, f"unexpected call: {request.method} {request.url}"
        wanted = self.expected.pop(0)
        assert (request.method, url) == (wanted.method, wanted.url)
        assert request.headers["Authorization"] == f"Bearer access-{self.sign_ins}"
        if wanted.query is not None:
            assert dict(request.url.params) == wanted.query
        if wanted.has_body:
            assert (json.loads(request.content) if request.content else None) == wanted.body
        return wanted.answer(request)

    def platform(self) -> Platform:
        return Platform(
            HOSTS,
            KEY,
            network=answering(self.handle),
            now=self.clock.now,
            sleep=self.clock.sleep,
            note=self.notes.append,
        )


def _answerer(answer: object, status: int) -> Answerer:
    def respond(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            response: httpx.Response = answer(request)
            return response
        if isinstance(answer, bytes):
            return httpx.Response(status, content=answer)
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(status, json=answer)

    return respond


@contextmanager
def scripted() -> Iterator[tuple[ScriptedPlatform, Platform]]:
    """A script and a client of it; in the end every expected call must have been made."""
    script = ScriptedPlatform()
    with script.platform() as platform:
        yield script, platform
    assert not script.expected, f"never called: {[(e.method, e.url) for e in script.expected]}"
