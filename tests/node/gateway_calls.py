"""Calls of an own node's functions, below its client."""

from __future__ import annotations

import uuid
from typing import Any

from pennsieve_agent.aws.node_proof import proof_of
from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.node import relay
from tests.node.cloud import GATEWAY
from tests.node.owned import (
    Owned,
)


def raw(node: Owned, name: str = "bob", function: str = GATEWAY, **changes: Any) -> dict[str, Any]:
    """A request with its proof, as a client makes it; ``changes`` are made before signing."""
    event = {"protocol": 1, "id": uuid.uuid4().hex, "method": "GET", "path": "/health", "query": {}}
    event |= {"person": {"name": name, "email": ""}, **changes}
    number = f"AKIA{name.upper():0<16}"
    key = node.cloud.keys[number]
    keys = SigningKeys(number, key.secret, key.token)
    return event | {"proof": proof_of(keys, function, event, node.cloud.url, node.world.now())}


def asked(node: Owned, event: dict[str, Any], function: str = GATEWAY) -> dict[str, Any]:
    answer: dict[str, Any] = node.cloud.functions[function](event)
    return answer


def code(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["status"], answer["body"]["code"]


def relayed(node: Owned, run: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """What a transfer job of a run is answered."""
    event = {"run": run, "method": method, "path": path, "query": {}, "body": body}
    answer: dict[str, Any] = relay.handle({"relay": event}, node.world.node())
    return answer
