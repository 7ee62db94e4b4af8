"""The session of the person who started a run, which acts with it on Pennsieve's nodes.

Source: ``contracts/workflows.md`` 4.1 and 5.5. The person's access token, and the refresh token if
one was sent, lie in Secrets Manager from the start of a run to its end, under the names that steps
know them by. Without a refresh token the session ends after an hour, whatever the run does.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.identity.pennsieve_api import Down, PennsieveApi
from pennsieve_agent.node.identity.run_secrets import RunSecrets
from pennsieve_agent.node.identity.sign_in import KeyRefused, renew
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_store import RunStore

log = logging.getLogger(__name__)

SESSION, REFRESH = "SESSION_TOKEN", "REFRESH_TOKEN"
MARGIN_SECONDS = 300.0
"""A session is renewed this long before it ends."""


def keep_tokens(node: Node, run: str, session: str, refresh: str) -> None:
    """Keep what Pennsieve handed over with a run."""
    tokens = {SESSION: session, REFRESH: refresh}
    if kept := {name: value for name, value in tokens.items() if value}:
        RunSecrets(node).merge(_scope(run), kept)
    # What this environment remembers may be older.
    node.memory.pop(_scope(run), None)


def forget_tokens(node: Node, run: str) -> None:
    """A run is over. May be repeated."""
    RunSecrets(node).remove(_scope(run))
    node.memory.pop(_scope(run), None)


def token_secrets(node: Node, run: str) -> list[dict[str, str]]:
    """The person's tokens for a step, in AWS Batch's form of secrets."""
    arn, tokens = RunSecrets(node).read(_scope(run))
    return [{"name": name, "valueFrom": f"{arn}:{name}::"} for name in sorted(tokens)]


def token_values(node: Node, run: str) -> list[str]:
    """The tokens, which must not be seen in logs."""
    return list(_tokens(node, run).values())


def as_person(node: Node, store: RunStore, run: str) -> PennsieveApi:
    """Pennsieve, asked as the person; by the run's own token where the session is refused."""
    return PennsieveApi(node, run, store.token(run), _session(node, run))


def _tokens(node: Node, run: str) -> dict[str, str]:
    if _scope(run) not in node.memory:
        node.memory[_scope(run)] = RunSecrets(node).read(_scope(run))[1]
    tokens: dict[str, str] = node.memory[_scope(run)]
    return tokens


def _session(node: Node, run: str) -> str:
    """The person's access token, renewed if it ends soon and can be."""
    tokens = _tokens(node, run)
    session, refresh = tokens.get(SESSION, ""), tokens.get(REFRESH, "")
    claims = _claims(session)
    ends, client = claims.get("exp"), str(claims.get("client_id") or "")
    if not refresh or not client or not isinstance(ends, int | float):
        return session
    if ends - node.now() > MARGIN_SECONDS:
        return session
    try:
        renewed = renew(node, refresh, client).token
    except (KeyRefused, Down) as error:
        log.warning("the session of run %s cannot be renewed: %r", run, error)
        return session
    keep_tokens(node, run, renewed, "")
    return renewed


def _claims(token: str) -> Mapping[str, Any]:
    """What a token says of itself; empty where it is no JSON web token. It is not verified."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _scope(run: str) -> str:
    return f"runs/{run}"
