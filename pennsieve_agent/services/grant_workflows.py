"""What a workflow needs of a dataset, and what its own nodes know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.domain.grants import Access
from pennsieve_agent.errors import NotFound
from pennsieve_agent.services.node_documents import NodeWorkflow, decode_workflows
from pennsieve_agent.services.own_node_admin import NodeAdmin, ask_nodes

if TYPE_CHECKING:
    from pennsieve_agent.domain.workflows import Workflow


@dataclass(frozen=True, slots=True)
class Granting:
    """A workflow to be granted something.

    ``promised`` is what its steps get of its identity: ``read``, ``write`` or nothing.
    """

    workflow: Workflow
    promised: str = ""

    @property
    def needs(self) -> Access:
        """What it needs on the dataset that it works with."""
        writes = self.workflow.writes or self.promised == "write"
        return Access.READ_WRITE if writes else Access.READ


def granting_of(workflow: Workflow, nodes: Sequence[NodeAdmin]) -> Granting:
    """A workflow with what the newest version on any node promises its steps."""
    answers, _ = ask_nodes(nodes, lambda admin: _promised(admin, workflow.uuid))
    words = {word for _, word in answers}
    return Granting(workflow, next((word for word in ("write", "read") if word in words), ""))


def names_on(nodes: Sequence[NodeAdmin]) -> dict[str, str]:
    """The names of the workflows on nodes, by id; of nodes that answer."""
    answers, _ = ask_nodes(nodes, _listed)
    return {row.uuid: row.name for _, rows in answers for row in rows}


def _listed(admin: NodeAdmin) -> tuple[NodeWorkflow, ...]:
    return decode_workflows(admin.ask("GET", "/workflows"), f"compute node '{admin.node.name}'")


def _promised(admin: NodeAdmin, uuid: str) -> str:
    latest = next((row.latest for row in _listed(admin) if row.uuid == uuid), "")
    if not latest:
        return ""
    try:
        answer = admin.ask("GET", f"/workflows/{uuid}/versions/{latest}")
    except NotFound:
        return ""
    return str(answer.get("needsPennsieve") or "")
