"""The workflows that one own node has, as it lists them, and the newest version of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pennsieve_agent.errors import NotFound
from pennsieve_agent.services.nodes.node_documents import NodeWorkflow, decode_workflows

if TYPE_CHECKING:
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode


def version_path(workflow: str, version: str) -> str:
    """The node's path of one version, unquoted: it goes into a document, not into a URL.

    The version of several repositories has a ``+`` in it.
    """
    return f"/workflows/{workflow}/versions/{version}"


def workflows_on(node: OwnNode, calls: NodeCalls) -> tuple[NodeWorkflow, ...]:
    """All workflows on a node.

    Raises:
        AgentError: the node refuses, or cannot be asked.

    """
    answer = calls.ask("GET", "/workflows", admin=node.is_owned)
    return decode_workflows(answer, f"compute node '{node.name}'")


def workflow_on(node: OwnNode, calls: NodeCalls, uuid: str) -> NodeWorkflow | None:
    """One workflow on a node by its id; None when it is not there. Errors as of the list."""
    return next((row for row in workflows_on(node, calls) if row.uuid == uuid), None)


def newest_document(node: OwnNode, calls: NodeCalls, uuid: str) -> Mapping[str, Any] | None:
    """The document of a workflow's newest version on a node; None when there is none.

    Raises:
        AgentError: the node refuses, or cannot be asked.

    """
    workflow = workflow_on(node, calls, uuid)
    if workflow is None or not workflow.newest:
        return None
    try:
        return calls.ask("GET", version_path(uuid, workflow.newest), admin=node.is_owned)
    except NotFound:
        return None
