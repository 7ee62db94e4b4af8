"""One workflow by name, wherever it is: on Pennsieve, or on own nodes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from pennsieve_agent.domain.name_matching import pick
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.errors import AwsError, NodeError, PlatformError
from pennsieve_agent.services.nodes.node_documents import decode_version
from pennsieve_agent.services.workflows.node_versions import Known, on_nodes
from pennsieve_agent.services.workflows.node_workflows import newest_document, workflow_on

if TYPE_CHECKING:
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.platform.client import Platform

Nodes = Sequence[tuple[OwnNode, "NodeCalls"]]


@dataclass(frozen=True, slots=True)
class LocatedWorkflow:
    """A workflow with its steps, and whether Pennsieve knows it."""

    workflow: Workflow
    is_on_pennsieve: bool


def find(platform: Platform, organization_id: str, nodes: Nodes, reference: str) -> LocatedWorkflow:
    """An active workflow by name, unique prefix or id.

    The nodes are asked only where no workflow of Pennsieve has that very name or id.

    Raises:
        UsageProblem: none or several match; the hint names a node that could not be asked.
    """
    listed = [w for w in platform.workflows.list(organization_id) if w.is_active]
    names = {workflow.uuid: workflow.name for workflow in listed}
    exact = sum(reference.strip() in pair for pair in names.items()) == 1
    if not exact:
        known, _ = on_nodes(nodes)
        alone = only_on_nodes(platform, organization_id, listed, known)
        names = {**names, **{row.uuid: row.name for row in alone}}
    uuid, _ = pick(
        reference,
        list(names.items()),
        kind="workflow",
        keys=lambda pair: pair,
        list_command="pennsieve workflow list",
    )
    if any(workflow.uuid == uuid for workflow in listed):
        return LocatedWorkflow(platform.workflows.get(uuid), is_on_pennsieve=True)
    return LocatedWorkflow(_from_nodes(nodes, uuid, names[uuid]), is_on_pennsieve=False)


def only_on_nodes(
    platform: Platform, organization_id: str, listed: Sequence[Workflow], known: Sequence[Known]
) -> list[Known]:
    """Those of the nodes' workflows that Pennsieve neither lists nor has in its archive."""
    ids = {workflow.uuid for workflow in listed}
    alone = [row for row in known if row.uuid not in ids]
    if not alone:
        return []
    archived = {w.uuid for w in platform.workflows.list(organization_id, archived=True)}
    return [row for row in alone if row.uuid not in archived]


def remove_everywhere(nodes: Nodes, uuid: str) -> list[str]:
    """Remove a workflow from my nodes, with its versions and grants; the names of those nodes.

    Raises:
        AgentError: a node refuses, or cannot be asked.
    """
    removed = []
    for node, calls in nodes:
        if node.is_owned and workflow_on(node, calls, uuid) is not None:
            calls.ask("DELETE", f"/workflows/{quote(uuid, safe='')}", admin=True)
            removed.append(node.name)
    return removed


def _from_nodes(nodes: Nodes, uuid: str, name: str) -> Workflow:
    for node, calls in nodes:
        try:
            document = newest_document(node, calls, uuid)
        except (PlatformError, AwsError, NodeError):
            continue  # another node may have it
        if document is not None:
            return decode_version(document, f"compute node '{node.name}'").workflow
    return Workflow(uuid, name)
