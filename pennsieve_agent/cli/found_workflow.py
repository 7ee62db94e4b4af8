"""The workflow that a command names, on Pennsieve or on own nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.services.workflows.find_workflow import LocatedWorkflow, Nodes


def nodes_of(context: Context) -> Nodes:
    """The own nodes that this machine remembers for the workspace; nothing is asked yet."""
    here = {"", context.workspace_id}
    nodes = [node for node in context.own_nodes if node.organization_id in here]
    return [(node, context.node_calls(node)) for node in nodes]


def found_workflow(context: Context, wanted: str) -> LocatedWorkflow:
    """An active workflow by name, unique prefix or id.

    Raises:
        UsageProblem: none or several match.
    """
    from pennsieve_agent.services.workflows.find_workflow import find

    return find(context.platform, context.workspace_id, nodes_of(context), wanted)
