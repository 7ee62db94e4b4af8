"""Asking the platform on behalf of a mover, which has no token itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.journal import Journal
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.record import Phase
from pennsieve_agent.node.tasks import RelayRequest, relay_allows
from pennsieve_agent.node.web import Web

_WORKS = {Phase.SUBMITTING, Phase.RUNNING}


def relay(node: Node, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The platform's answer, ``{status, body}``; 403 for what a mover has no business with."""
    journal = Journal(node)
    request = RelayRequest(
        str(asked.get("run") or ""),
        str(asked.get("method") or ""),
        str(asked.get("path") or ""),
        {str(k): str(v) for k, v in (asked.get("query") or {}).items()},
        asked.get("body"),
    )
    record = journal.read(request.run)
    if record is None or record.phase not in _WORKS or not relay_allows(request, record.dataset):
        return {"status": 403, "body": {"message": "this is nothing that a mover may ask"}}
    web = Web(node, request.run, journal.token(request.run))
    status, text = web.send(request.method, request.path, request.query, request.body)
    return {"status": status or 503, "body": _body(text)}


def _body(text: str) -> Any:
    import json  # noqa: PLC0415 - only here

    try:
        return json.loads(text) if text else {}
    except ValueError:
        return {"message": text}
