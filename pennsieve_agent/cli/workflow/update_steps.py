"""``pennsieve workflow update --file``: other steps for a workflow that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.console.shown import UNCHANGED, Shown, planned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.services.grants.identity_renewal import Renewal
    from pennsieve_agent.services.workflows.existing_workflow import Existing
    from pennsieve_agent.services.workflows.find_workflow import LocatedWorkflow
    from pennsieve_agent.services.workflows.registration import Wish
    from pennsieve_agent.services.workflows.replace_workflow import Replaced


def update_steps(
    context: Context, reference: str, file: Path, wish: Wish, *, yes: bool, dry_run: bool
) -> Shown:
    """Show what a workflow gets, ask where something is lost or others use it, and do it."""
    from pennsieve_agent.cli.workflow.code_context import registering
    from pennsieve_agent.cli.workflow.composed import read_file
    from pennsieve_agent.cli.workflow.identity import identity_context
    from pennsieve_agent.console.step_graph import StepGraph
    from pennsieve_agent.domain.composition import steps_of
    from pennsieve_agent.services.workflows import replace_workflow
    from pennsieve_agent.services.workflows.existing_workflow import existing_of
    from pennsieve_agent.services.workflows.other_users import other_users

    composed = read_file(file, context.streams.note)
    composition = composed.composition
    located = _located(context, reference)
    name = replace_workflow.name_of_replaced(located.workflow)
    with registering(context) as (means, folder):
        existing = existing_of(
            located.workflow, means.desks, is_on_pennsieve=located.is_on_pennsieve
        )
        checkouts = composed.fetch(context, folder)
        keeps = replace_workflow.keeps_definition(existing, composition, checkouts)
        identity = identity_context(context)
        moved = None if keeps else replace_workflow.grants_to_move(identity, existing.workflow)
        others = other_users(
            means.platform, means.organization_id, means.user_id, existing.workflow, means.desks
        )
        sentence = f"give workflow '{name}' these steps{'' if keeps else _how(moved)}"
        if dry_run:
            return planned(sentence, ["", StepGraph(steps_of(composition, checkouts))])
        losses = [*others, *_losses(moved)]
        for line in losses:
            context.streams.note(line)
        question = f"{sentence[0].upper()}{sentence[1:]}?"
        if losses and not context.streams.confirm(question, assume=yes):
            return UNCHANGED
        wish = composed.wish(wish)
        if keeps:
            replaced = replace_workflow.change_steps(means, existing, checkouts, wish, composition)
        else:
            replaced = replace_workflow.replace_definition(
                means, identity, existing, checkouts, wish, composition
            )
        return _shown(name, existing, replaced)


def _located(context: Context, reference: str) -> LocatedWorkflow:
    """The workflow; one that an earlier command was replacing comes first."""
    from pennsieve_agent.cli.workflow.named import named_workflow
    from pennsieve_agent.services.workflows.replace_workflow import REPLACED

    listed = context.platform.workflows.list(context.workspace_id)
    under_way = any(row.name == f"{reference}{REPLACED}" for row in listed)
    return named_workflow(context, f"{reference}{REPLACED}" if under_way else reference)


def _how(moved: Renewal | None) -> str:
    kept = len(moved.kept) if moved else 0
    grants = f", with {kept} of its grants" if kept else ""
    return f": as a new definition of that name on Pennsieve{grants}; the old one is archived"


def _losses(moved: Renewal | None) -> Iterator[str]:
    for row, why in moved.lost.values() if moved else ():
        yield f"it loses access to dataset '{row.dataset_name or row.dataset}': {why}"


def _shown(name: str, existing: Existing, replaced: Replaced) -> Shown:
    from pennsieve_agent.console import workflow_documents

    added = replaced.added
    document = {
        **workflow_documents.workflow(added.workflow),
        "replaced_id": replaced.old,
        "granted_again": [row.dataset for row in replaced.granted],
        "nodes": [placed.node.name for placed in added.placed],
    }
    text = [f"Workflow '{name}' ({added.workflow.uuid}) has the steps of the file"]
    text += [f"On node '{p.node.name}' as version {p.version}" for p in added.placed]
    notes = []
    if replaced.old:
        notes.append(f"archived the definition that it had, {existing.workflow.uuid}")
    notes += [f"granted again: {row.dataset_name or row.dataset}" for row in replaced.granted]
    notes.append(f"see it with: pennsieve workflow show '{name}'")
    return Shown(document, text, notes)
