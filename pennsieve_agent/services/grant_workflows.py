"""The workflow that a grant is for: Pennsieve has it, or it lives on own nodes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.domain.grants import Access
from pennsieve_agent.domain.matching import pick
from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.errors import NotFound
from pennsieve_agent.services.node_documents import NodeWorkflow, decode_version, decode_workflows
from pennsieve_agent.services.own_nodes import NodeAdmin, ask_each

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform


@dataclass(frozen=True, slots=True)
class Granting:
    """A workflow to be granted something.

    ``promised`` is what its steps get of its identity: ``read``, ``write`` or nothing.
    ``on_pennsieve`` says whether Pennsieve knows it.
    """

    workflow: Workflow
    promised: str = ""
    on_pennsieve: bool = True

    @property
    def needs(self) -> Access:
        """What it needs on the dataset that it works with."""
        writes = self.workflow.writes or self.promised == "write"
        return Access.READ_WRITE if writes else Access.READ


def find(
    platform: Platform, organization_id: str, nodes: Sequence[NodeAdmin], wanted: str
) -> Granting:
    """A workflow by name, unique prefix or id.

    Raises:
        UsageProblem: none or several match.

    """
    answers, _ = ask_each(nodes, _listed)
    here = {row.uuid: (admin, row) for admin, rows in answers for row in rows}
    known = {w.uuid: w.name for w in platform.workflows.list(organization_id) if w.is_active}
    names = {uuid: row.name for uuid, (_, row) in here.items()} | known
    uuid, _ = pick(
        wanted,
        names.items(),
        kind="workflow",
        keys=lambda row: row,
        list_command="pennsieve workflow list",
    )
    on_node, promised = _latest(*here[uuid]) if uuid in here else (None, "")
    if uuid in known:  # list items may lack the steps
        return Granting(platform.workflows.get(uuid), promised)
    return Granting(on_node or Workflow(uuid, names[uuid]), promised, on_pennsieve=False)


def names_on(nodes: Sequence[NodeAdmin]) -> dict[str, str]:
    """The names of the workflows on nodes, by id; of nodes that answer."""
    answers, _ = ask_each(nodes, _listed)
    return {row.uuid: row.name for _, rows in answers for row in rows}


def _listed(admin: NodeAdmin) -> tuple[NodeWorkflow, ...]:
    return decode_workflows(admin.ask("GET", "/workflows"), f"compute node '{admin.node.name}'")


def _latest(admin: NodeAdmin, row: NodeWorkflow) -> tuple[Workflow | None, str]:
    """A workflow as its newest version on a node has it, and what its steps were promised."""
    version = row.latest or (row.versions[-1] if row.versions else "")
    if not version:
        return None, ""
    try:
        answer = admin.ask("GET", f"/workflows/{row.uuid}/versions/{version}")
    except NotFound:
        return None, ""
    found = decode_version(answer, f"compute node '{admin.node.name}'")
    return found.workflow, str(answer.get("needsPennsieve") or "")
