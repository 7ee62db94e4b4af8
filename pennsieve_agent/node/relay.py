"""The relay's Lambda function: it does for transfers what they have no permissions for.

A transfer, be it a job or a call of a function, has no token, no key and no way into the node's
table. It asks for these with ``{"relay": {...}}``: Pennsieve, the receipt of its run, and to note
what it delivered. AWS hands it what became of a call of a transfer function; it notes that, and has
the reconciler look at the run.

It submits no jobs and moves no runs forward, and the slots that it has are its own: however many
transfers ask, they keep the reconciler from nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.execution_environment import environment_node, make_clients
from pennsieve_agent.node.identity.transfer_requests import relay
from pennsieve_agent.node.jobs import calls, tasks
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.runs.large_answers import as_sent
from pennsieve_agent.node.runs.outputs import note_outputs
from pennsieve_agent.node.runs.receipt import receipt_for
from pennsieve_agent.node.wake_reconciler import wake


def handler(event: Mapping[str, Any], _context: object = None) -> Any:
    """AWS Lambda's way in."""
    return handle(event, environment_node())


def handle(event: Mapping[str, Any], node: Node) -> Any:
    """Answer a transfer, or note that a call has ended.

    Raises:
        ValueError: the event is neither.

    """
    if "relay" in event:
        return as_sent(node, _answer(node, event["relay"]))
    if "requestPayload" in event:
        wake(node, (calls.note_ended(node, event),))
        return {"ok": True}
    raise ValueError("the relay accepts only requests of transfers and reports of their ends")


def _answer(node: Node, request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a transfer, from the node itself or from Pennsieve."""
    run = str(request.get("run"))
    match request.get("path"):
        case tasks.RECEIPT_PATH:
            return receipt_for(node, run, str((request.get("query") or {}).get("step") or ""))
        case tasks.OUTPUTS_PATH:
            return note_outputs(node, run, request.get("body"))
        case _:
            return relay(node, request)


make_clients("dynamodb", "lambda", "s3", "ssm")
