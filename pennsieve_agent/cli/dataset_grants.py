"""``pennsieve dataset grant|revoke|grants``: which workflows may use a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.found_workflow import found_workflow
from pennsieve_agent.domain.grants import Access
from pennsieve_agent.errors import NotFound, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.grants.grant_dataset import Granted, Revoked
    from pennsieve_agent.services.grants.grant_list import Listed
    from pennsieve_agent.services.grants.grant_workflows import Granting
    from pennsieve_agent.services.nodes.own_node_admin import Unasked

app = group("Which workflows may use a dataset.")
_MANAGER = (
    "on Pennsieve the workflow's user becomes manager of the dataset: it can change and delete "
    "everything in it"
)
_DELAYS = (
    "note: Pennsieve may let the workflow's user in for up to 5 minutes more, credentials for "
    "uploads end within 60 minutes, and download links when they expire"
)


@app.command()
def grant(
    ctx: typer.Context,
    workflow: options.Workflow,
    dataset: options.Dataset,
    access: Annotated[
        Access | None,
        typer.Option(
            help="read: inputs only; read-write: results are written back. Default: what the "
            "workflow needs.",
            show_default=False,
        ),
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Let a workflow use a dataset. Your compute nodes move data of granted datasets only."""
    from pennsieve_agent.cli.identity_desk import (
        check_all_asked,
        desk_of,
        need_own_nodes,
        tell_unasked,
    )
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.grants import grant_dataset as granting
    from pennsieve_agent.services.grants.grant_workflows import granting_of

    context = options.use(ctx, profile, as_json=json)
    need_own_nodes(context)
    what = granting_of(found_workflow(context, workflow).workflow, context.admin_nodes)
    where = lookup.dataset(context.platform, dataset)
    granted = granting.grant(desk_of(context), what.workflow, where, access or what.needs)
    if json:
        tell_unasked(context, granted.unasked)
        context.streams.document(_document(what.workflow, where, granted))
        return
    _say_granted(context, what, where, granted, chosen=access)
    check_all_asked(granted.unasked)


def _document(workflow: Workflow, dataset: Dataset, granted: Granted) -> dict[str, object]:
    return {
        "workflow": workflow.name,
        "workflow_id": workflow.uuid,
        "dataset": dataset.name,
        "dataset_id": dataset.id,
        "access": granted.access.value,
        "changed": granted.changed,
        "nodes": list(granted.nodes),
        "nodes_not_asked": [each.node.name for each in granted.unasked],
        "integrations_made": list(granted.new_users),
    }


def _say_granted(
    context: Context,
    what: Granting,
    dataset: Dataset,
    granted: Granted,
    *,
    chosen: Access | None,
) -> None:
    from pennsieve_agent.cli.identity_desk import REACH

    workflow = what.workflow
    verb = "may" if granted.changed else "already may"
    words, nodes = granted.access.words, ", ".join(granted.nodes)
    context.streams.prose(
        f"Workflow '{workflow.name}' {verb} {words} dataset '{dataset.name}' on your compute "
        f"nodes: {nodes}"
    )
    if chosen is None:
        context.streams.explain(f"note: {words} is what this workflow needs")
    elif what.needs.writes and not chosen.writes:
        context.streams.explain(
            "note: this workflow writes results back, which needs --access read-write"
        )
    if granted.access.writes and granted.changed:
        context.streams.explain(f"note: {_MANAGER}")
    if granted.new_users:
        place = (
            "in this machine's keychain and on the nodes"
            if granted.in_keychain
            else "on the nodes alone: this machine has no keychain"
        )
        names = ", ".join(f"'{name}'" for name in granted.new_users)
        context.streams.explain(
            f"note: made the workflow's own identity, {names}; its keys are {place}"
        )
        context.streams.explain(f"note: {REACH}")
        if what.promised:
            context.streams.explain(
                "note: the steps of this workflow get its key, so their code can use all of these "
                "datasets by itself; the node cannot prevent that"
            )


@app.command()
def revoke(
    ctx: typer.Context,
    workflow: options.Workflow,
    dataset: options.Dataset,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Take a dataset from a workflow; a run that still needs it ends."""
    from pennsieve_agent.cli.identity_desk import check_all_asked, desk_of
    from pennsieve_agent.services.grants import grant_dataset as granting

    context = options.use(ctx, profile, as_json=json)
    what = found_workflow(context, workflow).workflow
    id_, name = _granted_dataset(context, what, dataset)
    revoked = granting.revoke(desk_of(context), what, id_)
    if json:
        document = {"workflow_id": what.uuid, "dataset_id": id_, "revoked": revoked.had}
        context.streams.document(document)
    else:
        _say_revoked(context, what, name, revoked)
    check_all_asked(revoked.unasked)


def _granted_dataset(context: Context, workflow: Workflow, wanted: str) -> tuple[str, str]:
    """A dataset's id and name; one that is gone is known from the nodes' grants alone."""
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.grants.grant_list import of_nodes

    try:
        dataset = lookup.dataset(context.platform, wanted)
    except (NotFound, UsageProblem):
        listed, _ = of_nodes(context.admin_nodes, workflow.uuid)
        known = {row.grant.dataset: row.grant.dataset_name for row in listed}
        ids = [id_ for id_, name in known.items() if wanted in {id_, name}]
        if len(ids) != 1:
            raise
        return ids[0], known[ids[0]] or ids[0]
    return dataset.id, dataset.name


def _say_revoked(context: Context, workflow: Workflow, name: str, revoked: Revoked) -> None:
    verb = "may no longer" if revoked.had else "had no access to, and may not,"
    context.streams.result(f"Workflow '{workflow.name}' {verb} use dataset '{name}'")
    if revoked.had:
        context.streams.explain(_DELAYS)


@app.command()
def grants(
    ctx: typer.Context,
    dataset: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATASET]",
            help="Name, unique prefix or id; all if left out.",
            show_default=False,
        ),
    ] = None,
    workflow: Annotated[
        str | None,
        typer.Option("--workflow", "-w", metavar="WORKFLOW", help="Only those of a workflow."),
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Which workflows may use which datasets: who granted it, and when."""
    from pennsieve_agent.cli.identity_desk import tell_unasked
    from pennsieve_agent.console import grant_documents

    context = options.use(ctx, profile, as_json=json)
    known = _known_workflows(context)
    listed, unasked = _listed(context, dataset, workflow, known)
    tell_unasked(context, unasked)
    if json:
        context.streams.document(
            [
                grant_documents.grant(row.grant, known.get(row.grant.workflow, ""), row.nodes)
                for row in listed
            ]
        )
        return
    if not listed:
        context.streams.note("no workflow is granted a dataset" + (" here" if dataset else ""))
        return
    _show(context, listed, known)


def _known_workflows(context: Context) -> dict[str, str]:
    """Names by id, those of own nodes and archived ones too: their grants are kept."""
    from pennsieve_agent.services.workflows.node_versions import on_nodes

    workflows = context.platform.workflows
    archived = workflows.list(context.workspace_id, archived=True)
    rows, _ = on_nodes((admin.node, admin) for admin in context.admin_nodes)
    names = {row.uuid: row.name for row in rows}
    names |= {w.uuid: f"{w.name} (archived)" for w in archived}
    return names | {w.uuid: w.name for w in workflows.list(context.workspace_id)}


def _listed(
    context: Context, dataset: str | None, workflow: str | None, known: dict[str, str]
) -> tuple[list[Listed], list[Unasked]]:
    from pennsieve_agent.domain.name_matching import pick
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.grants import grant_list

    id_ = ""
    if workflow is not None:
        id_ = pick(
            workflow,
            known.items(),
            kind="workflow",
            keys=lambda row: row,
            list_command="pennsieve workflow list",
        )[0]
    where = lookup.dataset(context.platform, dataset) if dataset is not None else None
    rows, unasked = grant_list.of_nodes(context.admin_nodes, id_, where.id if where else "")
    if where is not None:
        members = context.platform.people.members(context.workspace_id)
        people = {str(member.number): member.name for member in members}
        others = grant_list.of_others(context.platform, where, rows, people)
        rows += [row for row in others if not id_ or row.grant.workflow == id_]
    names = {where.id: where.name} if where else {}
    return grant_list.with_names(rows, names), unasked


def _show(context: Context, listed: list[Listed], known: dict[str, str]) -> None:
    from pennsieve_agent.console.grant_documents import moment
    from pennsieve_agent.console.tables import table
    from pennsieve_agent.console.words import when

    rows = [
        [
            known.get(row.grant.workflow, row.grant.workflow),
            row.grant.dataset_name or row.grant.dataset,
            row.grant.access.value,
            row.grant.by or row.grant.by_email,
            when(moment(row.grant.at), context.now(), relative=context.relative),
            ", ".join(row.nodes) or "somebody else's",
        ]
        for row in listed
    ]
    columns = ["WORKFLOW", "DATASET", "ACCESS", "GRANTED BY", "SINCE", "NODES"]
    context.streams.result(table(columns, rows, context.streams))
