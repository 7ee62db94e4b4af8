"""``pennsieve workflow archive|restore``: put a workflow away with its identity, and restore it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import UNCHANGED, Shown, planned
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.domain.grants import Grant
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.grants.identity_context import IdentityContext
    from pennsieve_agent.services.grants.identity_renewal import Renewal


@command(
    "workflow archive",
    answers=("workflow_archived", "workflow_deleted", "planned_change"),
    examples=["pennsieve workflow archive spike-rate"],
)
def archive(
    context: Context,
    workflow: options.Workflow,
    delete: Annotated[
        bool,
        typer.Option(
            "--delete",
            help="If only your own nodes have it: delete it for good; nodes have no archive.",
        ),
    ] = False,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Archive a workflow and delete its keys; its runs stay.

    Restore it with 'pennsieve workflow restore'. Pennsieve never deletes a workflow.
    """
    from pennsieve_agent.cli.workflow.named import named_workflow
    from pennsieve_agent.domain.name_matching import need_whole

    located = named_workflow(context, workflow)
    name = located.workflow.name
    if not located.is_on_pennsieve:
        if not delete:
            raise UsageProblem(
                f"only your own nodes have workflow '{name}', and nodes have no archive",
                hint=f"delete it for good with: pennsieve workflow archive '{name}' --delete",
            )
        need_whole(workflow, located.workflow.uuid, name, "workflow")
    if dry_run:
        verb = "archive" if located.is_on_pennsieve else "delete"
        return planned(f"{verb} workflow '{name}', and delete its own identity on Pennsieve")
    end = _archive if located.is_on_pennsieve else _delete
    return end(context, located.workflow, yes=yes)


def _archive(context: Context, workflow: Workflow, *, yes: bool) -> Shown:
    from pennsieve_agent.cli.workflow.identity import identity_context, note_unasked
    from pennsieve_agent.services.grants import identity_renewal

    question = f"Archive workflow '{workflow.name}', and delete its own identity on Pennsieve?"
    if not context.streams.confirm(question, assume=yes):
        return UNCHANGED
    ended = identity_renewal.end(identity_context(context), workflow)
    context.platform.workflows.archive(workflow.uuid)
    note_unasked(context, ended.unasked)
    document = {
        "id": workflow.uuid,
        "name": workflow.name,
        "status": "archived",
        "integrations_deleted": list(ended.deleted),
        "grants_kept": [row.dataset for row in ended.kept],
    }
    notes = []
    if ended.kept:
        again = f"pennsieve workflow restore '{workflow.name}'"
        notes = [f"note: its grants are remembered ({_listed(ended.kept)}); get them with: {again}"]
    return Shown(document, f"Archived workflow '{workflow.name}'", notes)


def _delete(context: Context, workflow: Workflow, *, yes: bool) -> Shown:
    """Delete a workflow that Pennsieve does not know from all own nodes."""
    from pennsieve_agent.cli.workflow.identity import identity_context, note_unasked
    from pennsieve_agent.cli.workflow.named import nodes_of
    from pennsieve_agent.services.grants import identity_renewal
    from pennsieve_agent.services.workflows import find_workflow

    question = (
        f"Delete workflow '{workflow.name}' from your own nodes, with its grants and its own "
        "identity? It cannot be restored"
    )
    if not context.streams.confirm(question, assume=yes):
        return UNCHANGED
    ended = identity_renewal.end(identity_context(context), workflow)
    note_unasked(context, ended.unasked)
    nodes = find_workflow.remove_everywhere(nodes_of(context), workflow.uuid)
    document = {"id": workflow.uuid, "name": workflow.name, "deleted": True, "nodes": nodes}
    return Shown(document, f"Deleted workflow '{workflow.name}' from: {', '.join(nodes)}")


@command(
    "workflow restore",
    answers=("workflow_restored", "planned_change"),
    examples=["pennsieve workflow restore spike-rate"],
)
def restore(
    context: Context,
    workflow: options.Workflow,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Restore an archived workflow with its grants, so that it can be started again."""
    from pennsieve_agent.cli.workflow.identity import identity_context
    from pennsieve_agent.console import workflow_documents
    from pennsieve_agent.services.grants import identity_renewal
    from pennsieve_agent.services.workflows import workflow_changes

    platform = context.platform
    match = workflow_changes.archived(platform, context.workspace_id, workflow)
    workflow_changes.check_free(platform, context.workspace_id, match.name, match.uuid)
    if dry_run:
        return planned(f"restore workflow '{match.name}', with its grants if you say yes to them")
    means = identity_context(context)
    plan = _grants_to_renew(context, means, match, yes=yes)  # asked first: nothing is half done
    workflow_changes.restore(platform, context.workspace_id, match)
    if plan is not None:
        identity_renewal.renew(means, plan)
    again = plan.kept if plan is not None else ()
    changed = platform.workflows.get(match.uuid)
    document = {
        **workflow_documents.workflow(changed),
        "granted_again": [row.dataset for row in again],
    }
    notes = [f"note: granted again: {_listed(again)}"] if again else []
    return Shown(document, f"Workflow '{changed.name}' can be started again", notes)


def _grants_to_renew(
    context: Context, means: IdentityContext, workflow: Workflow, *, yes: bool
) -> Renewal | None:
    """The grants that its nodes kept, to be given again; None for none. Asks, changes nothing."""
    from pennsieve_agent.cli.workflow.identity import REACH
    from pennsieve_agent.services.grants import identity_renewal

    if not means.nodes:
        return None
    plan = identity_renewal.planned(means, workflow)
    if not plan.kept and not plan.lost:
        return None
    for row, why in plan.lost.values():
        context.streams.note(
            f"not granted again: dataset '{row.dataset_name or row.dataset}': {why}"
        )
    context.streams.note(f"note: {REACH}")
    question = f"Make a new identity for it, and grant again: {_listed(plan.kept)}?"
    if not plan.kept or not context.streams.confirm(question, assume=yes):
        context.streams.note(
            "nothing is granted again; grant a dataset with: "
            f"pennsieve dataset grant '{workflow.name}' --dataset DATASET"
        )
        return None
    return plan


def _listed(grants: Sequence[Grant]) -> str:
    return ", ".join(f"'{row.dataset_name or row.dataset}' ({row.access.words})" for row in grants)
