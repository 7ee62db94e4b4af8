"""A workflow by name, wherever it is: on Pennsieve, or on own nodes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pennsieve_agent.domain.matching import pick
from pennsieve_agent.errors import AwsError, NodeError, PlatformError
from pennsieve_agent.services.node_documents import decode_version, decode_workflows

if TYPE_CHECKING:
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.node_documents import NodeWorkflow
    from pennsieve_agent.services.run_backend import NodeCalls

Nodes = Sequence[tuple["OwnNode", "NodeCalls"]]


def find(platform: Platform, nodes: Nodes, wanted: str) -> Workflow:
    """The workflow that is meant, with its steps; a node's own in its newest version there.

    A node that cannot be reached is not looked at.

    Raises:
        UsageProblem: none or several match.
    """
    registered = [w for w in platform.workflows.list(platform.workspace_id()) if w.is_active]
    names = {w.uuid: w.name for w in registered}
    on_nodes = _on_nodes(nodes)
    for uuid, (_, _, row) in on_nodes.items():
        names.setdefault(uuid, row.name)
    uuid, _ = pick(
        wanted,
        names.items(),
        kind="workflow",
        keys=lambda pair: pair,
        list_command="pennsieve workflow list",
    )
    if any(w.uuid == uuid for w in registered):
        return platform.workflows.get(uuid)  # list items may lack the steps
    node, calls, row = on_nodes[uuid]
    path = f"/workflows/{uuid}/versions/{row.latest}"
    answer = calls.ask("GET", path, admin=node.is_owned)
    workflow = decode_version(answer, f"compute node '{node.name}'").workflow
    return replace(workflow, organization_id=node.organization_id)


def _on_nodes(nodes: Nodes) -> dict[str, tuple[OwnNode, NodeCalls, NodeWorkflow]]:
    rows: dict[str, tuple[OwnNode, NodeCalls, NodeWorkflow]] = {}
    for node, calls in nodes:
        try:
            answer = calls.ask("GET", "/workflows", admin=node.is_owned)
        except (PlatformError, AwsError, NodeError):
            continue  # what asks the nodes next says so
        for row in decode_workflows(answer, f"compute node '{node.name}'"):
            rows.setdefault(row.uuid, (node, calls, row))
    return rows
