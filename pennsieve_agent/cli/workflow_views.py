"""How workflows are shown: on Pennsieve, on own nodes, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.workflows.node_versions import Known, Placed
    from pennsieve_agent.services.workflows.register_workflow import Added

PENNSIEVE = "Pennsieve"


def show_added(context: Context, added: Added) -> None:
    """What ``workflow add`` did."""
    from pennsieve_agent.console import documents

    workflow = added.workflow
    if context.as_json:
        commits = [
            {"source_url": c.source_url, "tag": c.tag, "commit": c.commit} for c in added.checkouts
        ]
        context.streams.document(
            {
                **documents.workflow(workflow),
                "sources": commits,
                "created": added.created,
                "build": added.choice.build.value,
                "build_reason": added.choice.why,
                "on_pennsieve": added.is_on_pennsieve,
                "nodes": [_placed(each) for each in added.placed],
            }
        )
        return
    changed = any(each.created for each in added.placed)
    verb = "Added" if added.created else "Updated" if changed else "Up to date:"
    context.streams.result(f"{verb} workflow '{workflow.name}' ({workflow.uuid})")
    for each in added.placed:
        context.streams.result(f"On node '{each.node.name}' as version {each.version}")
    if not added.is_on_pennsieve:
        context.streams.note("it lives on your own nodes alone; Pennsieve does not know it")
    context.streams.note(f"next: pennsieve dataset grant '{workflow.name}' --dataset DATASET")


def show_list(
    context: Context, listed: list[Workflow], known: list[Known], alone: list[Known]
) -> None:
    """The workflows of Pennsieve, and those on own nodes ``alone``; and where each is."""
    from pennsieve_agent.console import documents
    from pennsieve_agent.console.tables import table
    from pennsieve_agent.console.words import when

    nodes = {row.uuid: list(row.nodes) for row in known}
    if context.as_json:
        context.streams.document(
            [
                *(
                    {
                        **documents.workflow(workflow),
                        "where": [PENNSIEVE, *nodes.get(workflow.uuid, [])],
                    }
                    for workflow in listed
                ),
                *(_alone(row) for row in alone),
            ]
        )
        return
    rows = [
        [
            workflow.name,
            workflow.description,
            ", ".join([PENNSIEVE, *nodes.get(workflow.uuid, [])]),
            when(workflow.created_at, context.now(), relative=context.relative),
            workflow.uuid,
        ]
        for workflow in listed
    ]
    rows += [[row.name, "", ", ".join(row.nodes), "", row.uuid] for row in alone]
    rows.sort(key=lambda row: row[0].casefold())
    names = ["NAME", "DESCRIPTION", "WHERE", "ADDED", "ID"]
    context.streams.result(table(names, rows, context.streams))


def _alone(row: Known) -> dict[str, Any]:
    return {
        "id": row.uuid,
        "name": row.name,
        "description": "",
        "active": True,
        "created_at": None,
        "steps": [],
        "where": list(row.nodes),
    }


def _placed(placed: Placed) -> dict[str, Any]:
    images = {
        str(step["id"]): str(step["image"])
        for step in placed.document["steps"]
        if step.get("image")
    }
    return {
        "node": placed.node.name,
        "token": placed.node.token,
        "version": placed.version,
        "created": placed.created,
        "images": images,
    }
