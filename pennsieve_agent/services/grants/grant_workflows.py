"""What a workflow needs of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.domain.grants import Access
from pennsieve_agent.domain.node_calls import NodeAdmin
from pennsieve_agent.services.nodes.own_node_admin import ask_nodes
from pennsieve_agent.services.workflows.node_workflows import newest_document

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


def _promised(admin: NodeAdmin, uuid: str) -> str:
    document = newest_document(admin.node, admin, uuid)
    return str(document.get("needsPennsieve") or "") if document else ""
