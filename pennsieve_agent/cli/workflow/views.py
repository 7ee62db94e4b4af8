"""How workflows are shown: on Pennsieve, on own nodes, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pennsieve_agent.console import workflow_documents
from pennsieve_agent.console.shown import Shown, Table
from pennsieve_agent.console.tables import ID, NAME, Column, Cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.workflows.node_versions import Known, Placed
    from pennsieve_agent.services.workflows.register_workflow import Added

PENNSIEVE = "Pennsieve"


def added(value: Added) -> Shown:
    """What ``workflow add`` did."""
    workflow = value.workflow
    changed = any(placed.created for placed in value.placed)
    verb = "Added" if value.created else "Updated" if changed else "Up to date:"
    text = [f"{verb} workflow '{workflow.name}' ({workflow.uuid})"]
    text += [f"On node '{p.node.name}' as version {p.version}" for p in value.placed]
    notes = []
    if not value.is_on_pennsieve:
        notes.append("only your own nodes have it; Pennsieve does not know it")
    notes.append(f"next: pennsieve dataset grant '{workflow.name}' --dataset DATASET")
    return Shown(_added_document(value), text, notes)


def _added_document(value: Added) -> dict[str, Any]:
    return {
        **workflow_documents.workflow(value.workflow),
        "sources": [
            {"source_url": c.source_url, "tag": c.tag, "commit": c.commit} for c in value.checkouts
        ],
        "created": value.created,
        "build": value.choice.build.value,
        "build_reason": value.choice.why,
        "on_pennsieve": value.is_on_pennsieve,
        "nodes": [_placed(placed) for placed in value.placed],
    }


def _placed(placed: Placed) -> dict[str, Any]:
    images = {
        str(step["id"]): str(step["image"])
        for step in placed.document["steps"]
        if step.get("image")
    }
    return {
        "node": placed.node.name,
        "node_id": placed.node.token,
        "version": placed.version,
        "created": placed.created,
        "images": images,
    }


def changed(workflow: Workflow, sentence: str, notes: Sequence[str] = ()) -> Shown:
    """A workflow as it is after a change."""
    return Shown(workflow_documents.workflow(workflow), sentence, notes)


def listed(
    context: Context,
    workflows: Sequence[Workflow],
    known: Sequence[Known],
    only_nodes: Sequence[Known],
) -> Shown:
    """The workflows of Pennsieve, those that ``only_nodes`` have, and where each is."""
    nodes = {row.uuid: list(row.nodes) for row in known}
    where = {w.uuid: [PENNSIEVE, *nodes.get(w.uuid, [])] for w in workflows}
    document = [
        *({**workflow_documents.workflow_summary(w), "where": where[w.uuid]} for w in workflows),
        *(_of_nodes(row) for row in only_nodes),
    ]
    return Shown(document, _list_table(context, workflows, where, only_nodes))


def _list_table(
    context: Context,
    workflows: Sequence[Workflow],
    where: dict[str, list[str]],
    only_nodes: Sequence[Known],
) -> Table:
    from pennsieve_agent.console.words import when

    rows = [
        [
            workflow.name,
            workflow.description,
            ", ".join(where[workflow.uuid]),
            when(workflow.created_at, context.now(), relative=context.relative),
            workflow.uuid,
        ]
        for workflow in workflows
    ]
    rows += [[row.name, "", ", ".join(row.nodes), "", row.uuid] for row in only_nodes]
    rows.sort(key=lambda row: row[0].casefold())
    description = Column("DESCRIPTION", Cut.END, spare=True)
    return Table([NAME, description, Column("WHERE", Cut.END), "ADDED", ID], rows)


def _of_nodes(row: Known) -> dict[str, Any]:
    """A workflow that Pennsieve does not know: nodes tell its name alone."""
    return {
        "id": row.uuid,
        "name": row.name,
        "description": None,
        "status": "active",
        "created_at": None,
        "where": list(row.nodes),
    }
