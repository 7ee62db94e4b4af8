"""Signing in to Pennsieve from a node (``contracts/core.md`` 1.2 and 1.3).

A node signs in with an API key, or renews a person's session.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.node.identity.pennsieve_api import Down
from pennsieve_agent.node.node import Node

CALL_SECONDS = 20.0
USUAL_LIFE_SECONDS = 3600
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_REFUSED = {
    "NotAuthorizedException",
    "UserNotFoundException",
    "UserNotConfirmedException",
    "PasswordResetRequiredException",
}
_OK = 200
Json = Mapping[str, Any]
_CLIENT_ERROR = 400


class KeyRefused(Exception):  # noqa: N818 - an answer
    """Pennsieve does not know the key any more, or its secret is another; or a refresh token."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a sign-in gave. Times are unix seconds of the node's clock."""

    token: str = field(repr=False)
    began: float
    until: float


def sign_in(node: Node, key: str, secret: str) -> Session:
    """Sign in once.

    Raises:
        KeyRefused: the key was deleted, or its secret is another.
        Down: Pennsieve or its sign-in service gives no usable answer now; worth trying later.

    """
    config = _config(node)
    client = str(_pool(config)["appClientId"])
    return _initiate(
        node, config, "USER_PASSWORD_AUTH", client, {"USERNAME": key, "PASSWORD": secret}
    )


def renew(node: Node, refresh: str, client: str) -> Session:
    """A new session for a refresh token. ``client`` is the ``client_id`` of the old session.

    Raises:
        KeyRefused: the refresh token has expired or was revoked.
        Down: as for :func:`sign_in`.

    """
    config = _config(node)
    return _initiate(node, config, "REFRESH_TOKEN_AUTH", client, {"REFRESH_TOKEN": refresh})


def _initiate(
    node: Node, config: Json, flow: str, client: str, parameters: Mapping[str, str]
) -> Session:
    address = _address(node, config)
    # Before the request, so that a session is never believed to last longer than it does.
    began = node.now()
    body = {"AuthFlow": flow, "ClientId": client, "AuthParameters": dict(parameters)}
    request = urllib.request.Request(  # noqa: S310 - checked in _address, or the node's own setting
        address,
        json.dumps(body).encode(),
        {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
        },
        method="POST",
    )
    status, said = _send(node, request)
    if status != _OK:
        kind = str(said.get("__type") or "").rpartition("#")[2]
        # Cognito throttles by 400 and a word, not by 429 (contracts/core.md 1.3).
        if status == _CLIENT_ERROR and kind in _REFUSED:
            raise KeyRefused
        raise Down(f"Pennsieve's sign-in does not answer: {kind or f'HTTP {status}'}")
    return _session(said, began)


def _session(said: dict[str, Any], began: float) -> Session:
    result = said.get("AuthenticationResult")
    token = result.get("AccessToken") if isinstance(result, dict) else None
    if not isinstance(result, dict) or not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise Down("Pennsieve's sign-in answers without a token")
    life = result.get("ExpiresIn")
    seconds = life if isinstance(life, int) and 0 < life <= 10**6 else USUAL_LIFE_SECONDS
    return Session(token, began, began + seconds)


def _config(node: Node) -> Json:
    """What Pennsieve says of its sign-in."""
    url = f"{node.settings.api}/authentication/cognito-config"
    status, config = _send(node, urllib.request.Request(url))  # noqa: S310 - Pennsieve's address
    if status != _OK or not _pool(config).get("appClientId"):
        raise Down(f"Pennsieve does not say where to sign in: HTTP {status}")
    return config


def _pool(config: Json) -> Json:
    """The pool that API keys sign in to."""
    pool = config.get("tokenPool")
    return pool if isinstance(pool, dict) else {}


def _address(node: Node, config: Json) -> str:
    """Where to sign in."""
    if node.settings.cognito:
        return node.settings.cognito
    region = str(_pool(config).get("region") or config.get("region") or "")
    if not _REGION.fullmatch(region):
        # It becomes part of the host name to which the secret is sent.
        raise Down("Pennsieve does not name the AWS region of its sign-in")
    return f"https://cognito-idp.{region}.amazonaws.com/"


def _send(node: Node, request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
    """HTTP's status and the JSON object of an answer; 0 and nothing when there is none."""
    try:
        with node.open_url(request, CALL_SECONDS) as answer:
            return int(answer.status), _object(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _object(error.read())
    except (OSError, ValueError):
        return 0, {}


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
