"""The workflow that a command names, on Pennsieve or on own nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.workflows.find_workflow import LocatedWorkflow, Nodes


def nodes_of(context: Context) -> Nodes:
    """The own nodes that this machine remembers for the workspace; nothing is asked yet."""
    here = {"", context.workspace_id}
    nodes = [node for node in context.own_nodes if node.organization_id in here]
    return [(node, context.node_calls(node)) for node in nodes]


def named_workflow(context: Context, reference: str) -> LocatedWorkflow:
    """An active workflow by name, unique prefix or id.

    Raises:
        UsageProblem: none or several match.
    """
    from pennsieve_agent.services.workflows.find_workflow import find

    return find(context.platform, context.workspace_id, nodes_of(context), reference)


def pennsieve_workflow(context: Context, reference: str) -> Workflow:
    """An active workflow of Pennsieve by name, unique prefix or id.

    Raises:
        UsageProblem: none or several match, or only own nodes have it.
    """
    located = named_workflow(context, reference)
    if not located.is_on_pennsieve:
        name = located.workflow.name
        raise UsageProblem(
            f"only your own nodes have workflow '{name}'; Pennsieve does not know it",
            hint=f"see it with: pennsieve workflow show '{name}'",
        )
    return located.workflow
