"""What a node that is there says of its workflows, grants and shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import AgentError

if TYPE_CHECKING:
    from pennsieve_agent.account.rights.caller_sentences import Registered


def registered_on(context: Context, name: str) -> Registered | None:
    """What is registered on an own node of this name; None where it is not there or silent."""
    from pennsieve_agent.account.rights.caller_sentences import Registered

    node = next((n for n in context.own_nodes if n.name == name and n.is_owned), None)
    if node is None:
        return None
    try:
        calls = context.node_calls(node)
        workflows, grants, shares = (
            calls.ask("GET", f"/{what}", admin=True).get(what) or ()
            for what in ("workflows", "grants", "shares")
        )
    except AgentError as error:
        context.streams.note(f"what is registered on node '{name}' is not known: {error.message}")
        return None
    return Registered(workflows, grants, shares)
