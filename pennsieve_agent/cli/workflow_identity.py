"""``pennsieve workflow update|archive|restore``: a workflow and its own identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.found_workflow import found_workflow
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.grants import Grant
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.grants.identity_context import IdentityContext
    from pennsieve_agent.services.grants.identity_renewal import Renewal, Renewed

app = group("A workflow and its own identity.")


@app.command()
def update(
    ctx: typer.Context,
    workflow: options.Workflow,
    renew_identity: Annotated[
        bool,
        typer.Option(
            "--renew-identity",
            help="Give the workflow new users and keys on Pennsieve, and delete the old ones.",
        ),
    ] = False,
    yes: options.Yes = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Change a workflow."""
    from pennsieve_agent.cli.identity_desk import desk_of, need_own_nodes
    from pennsieve_agent.services.grants import identity_renewal

    context = options.use(ctx, profile, as_json=json)
    if not renew_identity:
        raise UsageProblem("what should be changed?", hint="add: --renew-identity")
    need_own_nodes(context)
    what = found_workflow(context, workflow).workflow
    desk = desk_of(context)
    plan = identity_renewal.planned(desk, what)
    if not _confirmed(context, plan, yes=yes):
        context.streams.note("nothing was changed")
        return
    renewed = identity_renewal.renew(desk, plan)
    if json:
        context.streams.document(_renewed_document(what, plan, renewed))
    else:
        _say_renewed(context, what, plan, renewed)


def _confirmed(context: Context, plan: Renewal, *, yes: bool) -> bool:
    """Asks only when something is lost by it."""
    if not plan.lost:
        return True
    for row, why in plan.lost.values():
        name = row.dataset_name or row.dataset
        context.streams.explain(f"the workflow loses access to dataset '{name}': {why}")
    question = f"Renew the identity of workflow '{plan.workflow.name}' all the same?"
    return context.streams.confirm(question, assume=yes)


def _renewed_document(workflow: Workflow, plan: Renewal, renewed: Renewed) -> dict[str, Any]:
    return {
        "workflow": workflow.name,
        "workflow_id": workflow.uuid,
        "integrations_made": list(renewed.new_users),
        "integrations_deleted": list(renewed.deleted),
        "deletion_proved": renewed.proved,
        "nodes": list(renewed.nodes),
        "datasets": [row.dataset for row in plan.kept],
        "datasets_lost": list(plan.lost),
    }


def _say_renewed(context: Context, workflow: Workflow, plan: Renewal, renewed: Renewed) -> None:
    from pennsieve_agent.console.words import plural

    count = plural(len(plan.kept), "dataset")
    nodes = ", ".join(renewed.nodes)
    context.streams.result(
        f"Workflow '{workflow.name}' has a new identity on {count} and compute nodes: {nodes}"
    )
    if not renewed.in_keychain:
        context.streams.explain(
            "note: this machine has no keychain; the keys are on the nodes alone, and a further "
            "node gets one by renewing again"
        )
    if renewed.deleted and renewed.proved:
        context.streams.note("note: the old keys can no longer sign in")


@app.command()
def archive(
    ctx: typer.Context,
    workflow: options.Workflow,
    yes: options.Yes = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Archive a workflow on Pennsieve: its keys are deleted; restore takes it back.

    Its runs stay. A workflow that lives on your own nodes alone cannot be archived, only removed.
    """
    from pennsieve_agent.cli.identity_desk import desk_of, tell_unasked
    from pennsieve_agent.services.grants import identity_renewal

    context = options.use(ctx, profile, as_json=json)
    found = found_workflow(context, workflow)
    what = found.workflow
    if not found.is_on_pennsieve:
        raise UsageProblem(
            f"workflow '{what.name}' lives on your own nodes alone, which have no archive",
            hint=f"remove it for good with: pennsieve workflow remove '{what.name}'",
        )
    question = f"Archive workflow '{what.name}', and delete its own identity on Pennsieve?"
    if not context.streams.confirm(question, assume=yes):
        context.streams.note("nothing was changed")
        return
    ended = identity_renewal.end(desk_of(context), what)
    context.platform.workflows.archive(what.uuid)
    tell_unasked(context, ended.unasked)
    if json:
        context.streams.document(
            {
                "id": what.uuid,
                "name": what.name,
                "archived": True,
                "integrations_deleted": list(ended.deleted),
                "grants_kept": [row.dataset for row in ended.kept],
            }
        )
        return
    context.streams.result(f"Archived workflow '{what.name}'")
    if ended.kept:
        context.streams.note(
            f"note: it keeps the list of its grants ({_listed(ended.kept)}), and gets them again "
            f"with: pennsieve workflow restore '{what.name}'"
        )


@app.command()
def restore(
    ctx: typer.Context,
    workflow: options.Workflow,
    yes: options.Yes = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Take an archived workflow back, with its grants, so that it can be started again."""
    from pennsieve_agent.cli.identity_desk import desk_of
    from pennsieve_agent.console import documents
    from pennsieve_agent.services.grants import identity_renewal
    from pennsieve_agent.services.workflows import workflow_changes

    context = options.use(ctx, profile, as_json=json)
    platform = context.platform
    what = workflow_changes.archived(platform, context.workspace_id, workflow)
    workflow_changes.check_free(platform, context.workspace_id, what.name, what.uuid)
    desk = desk_of(context)
    plan = _grants_to_renew(context, desk, what, yes=yes)  # asked first: nothing is half done
    platform.workflows.restore(what.uuid)
    if plan is not None:
        identity_renewal.renew(desk, plan)
    again = plan.kept if plan is not None else ()
    changed = platform.workflows.get(what.uuid)
    if json:
        document = documents.workflow(changed) | {"visibility": changed.visibility or None}
        context.streams.document({**document, "granted_again": [row.dataset for row in again]})
        return
    context.streams.result(f"Workflow '{changed.name}' can be started again")
    if again:
        context.streams.explain(f"note: granted again: {_listed(again)}")


def _grants_to_renew(
    context: Context, desk: IdentityContext, workflow: Workflow, *, yes: bool
) -> Renewal | None:
    """The grants that its nodes kept, to be given again; None for none. Asks, changes nothing."""
    from pennsieve_agent.cli.identity_desk import REACH
    from pennsieve_agent.services.grants import identity_renewal

    if not desk.nodes:
        return None
    plan = identity_renewal.planned(desk, workflow)
    if not plan.kept and not plan.lost:
        return None
    for row, why in plan.lost.values():
        context.streams.explain(
            f"not granted again: dataset '{row.dataset_name or row.dataset}': {why}"
        )
    context.streams.explain(f"note: {REACH}")
    question = f"Make a new identity for it, and grant again: {_listed(plan.kept)}?"
    if not plan.kept or not context.streams.confirm(question, assume=yes):
        context.streams.note(
            "nothing is granted again; grant a dataset with: "
            f"pennsieve dataset grant '{workflow.name}' --dataset DATASET"
        )
        return None
    return plan


def _listed(grants: tuple[Grant, ...] | list[Grant]) -> str:
    return ", ".join(f"'{row.dataset_name or row.dataset}' ({row.access.words})" for row in grants)


def identity_document(context: Context, workflow: Workflow) -> list[dict[str, Any]]:
    """A workflow's own identity as JSON."""
    from pennsieve_agent.cli.identity_desk import desk_of, tell_unasked
    from pennsieve_agent.console.grant_documents import moment
    from pennsieve_agent.services.grants.identity_view import shown

    rows, unasked = shown(desk_of(context), workflow)
    tell_unasked(context, unasked)
    return [
        {
            "kind": row.kind.value,
            "integration": row.integration,
            "name": row.name,
            "user": row.user or None,
            "made_at": moment(row.created) if row.created else None,
            "keys": list(row.keys),
        }
        for row in rows
    ]


def identity_section(
    context: Context, workflow: Workflow
) -> tuple[list[str], list[list[str]]] | None:
    """A workflow's own identity as a table: columns and rows; None when it has none."""
    from pennsieve_agent.console.words import when

    rows = identity_document(context, workflow)
    if not rows:
        return None
    return ["IDENTITY", "USER", "MADE", "KEY IS IN"], [
        [
            row["name"],
            row["user"] or "",
            when(row["made_at"] or "", context.now(), relative=context.relative),
            ", ".join(row["keys"]) or "no place that is known here",
        ]
        for row in rows
    ]
