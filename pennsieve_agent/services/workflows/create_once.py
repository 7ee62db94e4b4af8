"""Making a workflow once, though names are not unique and two commands may run at once.

Looking first is not enough: both see nothing, and both make one. So each looks again when it has
made its own, and the later one gives way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.workflows import Step, Workflow
from pennsieve_agent.errors import Conflict
from pennsieve_agent.services.workflows.node_versions import (
    NodeContext,
    Placed,
    document_of,
    remove_version,
    versions_of,
)
from pennsieve_agent.services.workflows.version_request import same_code

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform


def create_once(
    platform: Platform, organization_id: str, name: str, description: str, steps: Sequence[Step]
) -> tuple[Workflow, bool]:
    """The only workflow of that name, and whether it is the one that this call made.

    One that came later is archived, as Pennsieve never deletes any.
    """
    known = [w for w in platform.workflows.list(organization_id) if w.name == name]
    if known:
        return first_of(known), False
    created = platform.workflows.create(name, description, organization_id, steps)
    named = [w for w in platform.workflows.list(organization_id) if w.name == name]
    first = first_of(named or [created])
    if first.uuid == created.uuid:
        return created, True
    platform.workflows.archive(created.uuid)
    return first, False


def first_of(workflows: Sequence[Workflow]) -> Workflow:
    """Which of several of one name stays: the same one, whoever asks."""
    return min(workflows, key=lambda workflow: (workflow.created_at, workflow.uuid))


def give_way(desk: NodeContext, mine: Placed) -> None:
    """Take a version off a node again when other code was put there first, under the same name.

    Raises:
        Conflict: so it was.
    """
    workflow = str(mine.document["workflow"])
    first = versions_of(desk, workflow)[0]
    if first == mine.version or same_code(document_of(desk, workflow, first), mine.document):
        return
    if mine.created:
        remove_version(desk, workflow, mine.version)
    name = mine.document["name"]
    raise Conflict(
        f"somebody else added a workflow '{name}' made from other code at the same moment",
        where=f"compute node '{desk.node.name}'",
        hint="choose another name with --name",
    )
