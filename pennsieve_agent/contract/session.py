"""Signing in with a key, and what is known while the checks are asked."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from pennsieve_agent.contract.check import Asker, Check, Surface
from pennsieve_agent.contract.shapes import Either, Filled, Only, parts
from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.errors import NotSignedIn, PlatformError
from pennsieve_agent.platform.http.raw import RawAnswer, RawClient, RawRequest

INITIATE_AUTH = "AWSCognitoIdentityProviderService.InitiateAuth"
_OK = 200
_BRACES = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"\{#(\w+)\}")


class UnknownValue(Exception):  # noqa: N818 - a reason to leave a check out, not a fault
    """A check names a value that no answer has given; the text is its name."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gives."""

    access: str = field(repr=False)
    identity: str = field(repr=False)

    @property
    def claims(self) -> Mapping[str, Any]:
        """What the ID token says; it is not verified, as no client verifies it."""
        part = self.identity.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return claims


@dataclass(slots=True)
class Known:
    """Values by name, and each asker's ``Authorization``."""

    hosts: Hosts
    cognito: str = ""
    values: dict[str, str] = field(default_factory=dict, repr=False)
    credentials: dict[Asker, str] = field(default_factory=dict, repr=False)

    def filled(self, text: str) -> str:
        """A text with its values.

        Raises:
            UnknownValue: one is not known.

        """
        return _BRACES.sub(lambda match: self._value(match[1]), text)

    def filled_all(self, value: Any) -> Any:
        """A body or a shape with its values; raises as :meth:`filled`."""
        match value:
            case str():
                number = _NUMBER.fullmatch(value)
                return int(self._value(number[1])) if number else self.filled(value)
            case dict():
                return {key: self.filled_all(item) for key, item in value.items()}
            case list():
                return [self.filled_all(item) for item in value]
            case Only() | Filled() | Either():
                return type(value)(*(self.filled_all(part) for part in parts(value)))
            case _:
                return value

    def request(self, check: Check) -> RawRequest:
        """The request of a check.

        Raises:
            UnknownValue: a value, or a key for who asks, is not known.

        """
        base = {
            Surface.V1: self.hosts.api,
            Surface.V2: self.hosts.api2,
            Surface.SIGN_IN: self.cognito,
        }[check.surface].rstrip("/")
        path = _BRACES.sub(lambda match: quote(self._value(match[1]), safe=""), check.path)
        query = urlencode({name: self.filled(value) for name, value in check.query.items()})
        headers = {"Accept": "application/json", **check.sent}
        if check.asker is not Asker.NOBODY and "Authorization" not in headers:
            if check.asker not in self.credentials:
                raise UnknownValue(check.asker.value)
            headers["Authorization"] = self.credentials[check.asker]
        content = None
        if isinstance(check.body, bytes):
            content = check.body
        elif check.body is not None:
            content = json.dumps(self.filled_all(check.body)).encode()
        if content is not None:
            headers = {"Content-Type": "application/json", **headers}
        return RawRequest(
            check.method, f"{base}{path}{'?' if query else ''}{query}", headers, content
        )

    def _value(self, name: str) -> str:
        if name not in self.values:
            raise UnknownValue(name)
        return self.values[name]


def find_pool(client: RawClient, hosts: Hosts) -> tuple[str, str]:
    """Where to sign in, and the client id of the API keys' pool (``contracts/core.md`` 1.2).

    Raises:
        Unreachable: no answer.
        PlatformError: no usable one.

    """
    url = f"{hosts.api.rstrip('/')}/authentication/cognito-config"
    answer = client.send(RawRequest("GET", url))
    try:
        pool = json.loads(answer.body)["tokenPool"]
        region, client_id = str(pool["region"]), str(pool["appClientId"])
    except (ValueError, KeyError, TypeError):
        region = client_id = ""
    if answer.status != _OK or not client_id or not re.fullmatch(r"[a-z0-9-]+", region):
        raise PlatformError(
            "this is not a Pennsieve: its sign-in settings cannot be read",
            where=url,
            hint="give the address of the v1 API, such as https://api.pennsieve.io",
            status=answer.status,
        )
    return hosts.cognito or f"https://cognito-idp.{region}.amazonaws.com/", client_id


def sign_in(client: RawClient, pool: tuple[str, str], key: ApiKey) -> Tokens:
    """Tokens for an API key (``contracts/core.md`` 1.3).

    Raises:
        NotSignedIn: the key was refused, or the answer has no tokens.

    """
    address, client_id = pool
    body = {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": client_id,
        "AuthParameters": {"USERNAME": key.key, "PASSWORD": key.secret},
    }
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": INITIATE_AUTH}
    answer = client.send(RawRequest("POST", address, headers, json.dumps(body).encode()))
    return _tokens(answer, address)


def _tokens(answer: RawAnswer, address: str) -> Tokens:
    try:
        result = json.loads(answer.body)["AuthenticationResult"]
        return Tokens(str(result["AccessToken"]), str(result["IdToken"]))
    except (ValueError, KeyError, TypeError):
        raise NotSignedIn(
            f"the key was not accepted (status {answer.status})",
            where=address,
            hint="check the profile with: pennsieve whoami",
        ) from None
