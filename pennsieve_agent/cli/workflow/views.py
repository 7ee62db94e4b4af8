"""How workflows are shown: on Pennsieve, on own nodes, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pennsieve_agent.console import workflow_documents
from pennsieve_agent.console.shown import Shown, Table, planned
from pennsieve_agent.console.tables import ID, NAME, Column, Cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.composition import Composition
    from pennsieve_agent.domain.workflows import Checkout, Workflow, WorkflowUse
    from pennsieve_agent.services.workflows.build_choice import Choice
    from pennsieve_agent.services.workflows.code_change import CodeChange
    from pennsieve_agent.services.workflows.code_visibility import CodeVisibility
    from pennsieve_agent.services.workflows.node_versions import Known, Placed
    from pennsieve_agent.services.workflows.registration import Added, Means, Wish

PENNSIEVE = "Pennsieve"


def added(value: Added, wish: Wish) -> Shown:
    """What ``workflow add`` did."""
    workflow = value.workflow
    if not value.created:
        return _known(value, wish)
    text = [f"Added workflow '{workflow.name}' ({workflow.uuid})"]
    text += [f"On node '{p.node.name}' as version {p.version}" for p in value.placed]
    notes = []
    if not value.is_on_pennsieve:
        notes.append("only your own nodes have it; Pennsieve does not know it")
    notes.append(f"next: pennsieve dataset grant '{workflow.name}' --dataset DATASET")
    return Shown(added_document(value), text, notes)


def would_add(
    value: Added | Choice,
    means: Means,
    checkouts: Sequence[Checkout],
    wish: Wish,
    composition: Composition | None,
) -> Shown:
    """What ``workflow add`` would do; of a workflow that is there already, nothing."""
    from pennsieve_agent.console.step_graph import StepGraph
    from pennsieve_agent.domain.composition import steps_of
    from pennsieve_agent.services.workflows.build_choice import Build, Choice
    from pennsieve_agent.services.workflows.register_workflow import BUILDERS
    from pennsieve_agent.services.workflows.version_request import shown_address

    if not isinstance(value, Choice):
        return _known(value, wish)
    code = ", ".join(f"{shown_address(c)} {c.tag} ({c.commit[:7]})" for c in checkouts)
    nodes = ", ".join(f"'{desk.node.name}'" for desk in means.desks)
    seen = "public" if wish.is_public else "private"
    places = [f"on Pennsieve, {seen}"] if value.build is Build.PENNSIEVE else []
    places += [f"on your own nodes: {nodes}"] if nodes else []
    name = wish.name or checkouts[-1].manifest.name
    built = f"{BUILDERS[value.build]} builds it: {value.why}"
    if all(checkout.image for checkout in checkouts):
        built = "images are copied, and nothing is built"
    lines = [c.manifest.command for c in checkouts]
    called = "".join(f"; called as: {line.text}" for line in lines if line is not None)
    return planned(
        f"add workflow '{name}' from {code}, {' and '.join(places)}; {built}{called}",
        ["", StepGraph(steps_of(composition, checkouts))] if composition else (),
    )


def _known(value: Added, wish: Wish) -> Shown:
    """A workflow that was there already, and how its code or settings are changed."""
    name = value.workflow.name
    sources = ", ".join(change.before.words for change in value.changes)
    text = f"Workflow '{name}' ({value.workflow.uuid}) is there already: {sources}"
    update = f"pennsieve workflow update '{name}'"
    notes = []
    for change in value.changes:
        if change.moved_from:
            notes.append(
                f"the tag {change.after.tag} means {change.after.commit[:7]} now, and meant "
                f"{change.moved_from[:7]} when it was registered: {update} --accept-moved-tag"
            )
        elif change.is_change:
            which = f" --to {change.after.tag}" if len(value.changes) == 1 else ""
            notes.append(f"{change.new} exists: {update}{which}")
    if (wish.layout, wish.needs_pennsieve, wish.disk) != (None, None, None):
        notes.append(f"its settings were not changed; change them with: {update}")
    return Shown(added_document(value), text, notes or ["nothing was changed"])


def code_change(value: CodeChange) -> dict[str, Any]:
    """A step's code before and after."""
    return {
        "step": value.before.step,
        "source": value.before.address,
        "from_tag": value.before.tag or None,
        "from_commit": value.before.commit or None,
        "to_tag": value.after.tag,
        "to_commit": value.after.commit,
        "changed": value.is_change,
        "tag_moved": bool(value.moved_from),
    }


def added_document(value: Added) -> dict[str, Any]:
    """A workflow that was added, or got newer code."""
    return {
        **workflow_documents.workflow(value.workflow),
        "sources": [
            {"source_url": c.source_url, "tag": c.tag, "commit": c.commit} for c in value.checkouts
        ],
        "created": value.created,
        "build": value.choice.build.value if value.choice else None,
        "build_reason": value.choice.why if value.choice else None,
        "on_pennsieve": value.is_on_pennsieve,
        "nodes": [_placed(placed) for placed in value.placed],
        "changes": [code_change(change) for change in value.changes],
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
    code: CodeVisibility,
    uses: Mapping[str, WorkflowUse],
) -> Shown:
    """The workflows of Pennsieve, those that ``only_nodes`` have, where each is and for whom."""
    nodes = {row.uuid: list(row.nodes) for row in known}
    where = {w.uuid: [PENNSIEVE, *nodes.get(w.uuid, [])] for w in workflows}
    document = [
        *(_summary(w, where[w.uuid], code.of_workflow(w)) for w in workflows),
        *(_of_nodes(row, uses.get(row.uuid)) for row in only_nodes),
    ]
    visible = {w.uuid: visible_to(w, code.of_workflow(w)) for w in workflows}
    table = _list_table(context, workflows, where, visible, only_nodes, uses)
    return Shown(document, table, [f"note: {text}" for text in code.warnings()])


def listed_elsewhere(context: Context, workflows: Sequence[Workflow]) -> Shown:
    """The workflows of other workspaces, which everybody may run on Pennsieve's nodes."""
    where = {w.uuid: [PENNSIEVE] for w in workflows}
    visible = {w.uuid: "everybody" for w in workflows}
    document = [_summary(w, [PENNSIEVE], None) for w in workflows]
    return Shown(document, _list_table(context, workflows, where, visible, (), {}))


def _summary(workflow: Workflow, where: list[str], code: str | None) -> dict[str, Any]:
    return {
        **workflow_documents.workflow_summary(workflow),
        "where": where,
        "visibility": workflow.visibility or None,
        "code_visibility": code,
        **_use_document(workflow.use),
    }


def _use_document(use: WorkflowUse | None) -> dict[str, Any]:
    from pennsieve_agent.console.documents import time

    rate = use.success_rate if use else None
    return {
        "runs": use.runs if use else None,
        "success_rate": None if rate is None else round(rate, 3),
        "last_run_at": time(use.last_at) if use else None,
        "last_run_status": use.last_status.lower() or None if use else None,
    }


def visible_to(workflow: Workflow, code: str | None) -> str:
    """Who sees a workflow on Pennsieve, and who its code."""
    who = "everybody" if workflow.visibility == "public" else "workspace"
    if code is None:
        return who
    return f"{who}; code: {'everybody' if code == 'public' else 'private'}"


def _list_table(
    context: Context,
    workflows: Sequence[Workflow],
    where: dict[str, list[str]],
    visible: dict[str, str],
    only_nodes: Sequence[Known],
    uses: Mapping[str, WorkflowUse],
) -> Table:
    from pennsieve_agent.console.words import when

    def last(use: WorkflowUse | None) -> str:
        if use is None or not use.last_at:
            return ""
        at = when(use.last_at, context.now(), relative=context.relative)
        rate = use.success_rate
        share = "" if rate is None else f", {rate:.0%} of {use.runs}"
        return f"{use.last_status.lower().replace('_', ' ')} {at}{share}"

    rows = [
        [
            workflow.name,
            workflow.description,
            ", ".join(where[workflow.uuid]),
            visible[workflow.uuid],
            last(workflow.use),
            workflow.uuid,
        ]
        for workflow in workflows
    ]
    rows += [
        [row.name, "", ", ".join(row.nodes), "your nodes", last(uses.get(row.uuid)), row.uuid]
        for row in only_nodes
    ]
    rows.sort(key=lambda row: row[0].casefold())
    description = Column("DESCRIPTION", Cut.END, spare=True)
    places, who = Column("WHERE", Cut.END), Column("VISIBLE TO", Cut.END)
    last_run = Column("LAST RUN", Cut.END)
    return Table([NAME, description, places, who, last_run, ID], rows)


def _of_nodes(row: Known, use: WorkflowUse | None) -> dict[str, Any]:
    """A workflow that Pennsieve does not know: nodes tell its name alone."""
    return {
        "id": row.uuid,
        "name": row.name,
        "description": None,
        "status": "active",
        "created_at": None,
        "where": list(row.nodes),
        "visibility": None,
        "code_visibility": None,
        **_use_document(use),
    }
