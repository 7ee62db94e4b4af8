"""``pennsieve workflow update``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.workflow.add import (
    Build,
    Builder,
    BuildSize,
    Disk,
    Layout,
    NeedsPennsieve,
    wish_of,
)
from pennsieve_agent.console.shown import NOT_CHANGED, UNCHANGED, Prose, Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.grants.identity_renewal import Renewal, Renewed
    from pennsieve_agent.services.workflows.registration import Wish


To = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        metavar="REF",
        help="Tag, branch or commit. Of several repositories: STEP=REF. Repeatable.",
    ),
]
Step = Annotated[
    list[str] | None,
    typer.Option(
        "--step", "-s", metavar="STEP", help="Only this step's code, pinned or not. Repeatable."
    ),
]
Repo = Annotated[
    list[str] | None,
    typer.Option("--repo", metavar="REPO", help="Where the code is, if it moved. Repeatable."),
]
AcceptMovedTag = Annotated[
    bool,
    typer.Option("--accept-moved-tag", help="Accept a tag that has been moved to another commit."),
]


File = Annotated[
    Path | None,
    typer.Option(
        "--file",
        metavar="FILE",
        help="Its new steps: a YAML file such as 'workflow show --yaml' prints.",
    ),
]


@command(
    "workflow update",
    answers=(
        *(
            "workflow_updated",
            "workflow_replaced",
            "planned_change",
            "workflow_update_plan",
            "workflow",
        ),
        *("workflow_renewal", "workflow_renewal_plan"),
    ),
    examples=[
        "pennsieve workflow update spike-rate",
        "pennsieve workflow update spike-rate --to v1.1.0 --dry-run",
        "pennsieve workflow update spike-rate --step filter --to v2.0.0",
        "pennsieve workflow update spike-rate --name spikes",
        "pennsieve workflow update spike-rate --default THRESHOLD=4 --default filter.LOW=0.5",
        "pennsieve workflow update spike-rate --file workflow.yaml",
        "pennsieve workflow update spike-rate --renew-identity --dry-run",
    ],
)
def update(
    context: Context,
    workflow: options.Workflow,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="A new name; grants and runs stay.")
    ] = None,
    description: Annotated[
        str | None, typer.Option("--description", metavar="TEXT", help="What it does.")
    ] = None,
    default: Annotated[
        list[str] | None,
        typer.Option(
            "--default",
            metavar="K=V",
            help="A parameter's value if a run gives none; STEP.K=V for one step. Repeatable.",
        ),
    ] = None,
    renew_identity: Annotated[
        bool,
        typer.Option(
            "--renew-identity",
            help="Give the workflow new users and keys on Pennsieve, and delete the old ones.",
        ),
    ] = False,
    step: Step = None,
    to: To = None,
    repo: Repo = None,
    file: File = None,
    build: Build = Builder.AUTO,
    build_size: BuildSize = None,
    layout: Layout = None,
    needs_pennsieve: NeedsPennsieve = None,
    disk: Disk = None,
    accept_moved_tag: AcceptMovedTag = False,
    yes: options.Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
) -> Shown:
    """Take newer code for a workflow, or change its name, defaults or identity.

    Without options it takes the newest version tag of its repositories. The present and the new
    code are shown, and you are asked if others use the workflow; runs that were started keep their
    code. A step whose file names a version (uses: REPO@TAG) is pinned, which this machine
    remembers: it keeps that version until you name another, with --step STEP --to TAG. A file
    without the version frees it again.
    """
    from pennsieve_agent.cli.workflow.update_code import CodeRequest, update_code

    edits = name is not None or description is not None or bool(default)
    settings = layout or needs_pennsieve or disk or build_size or build is not Builder.AUTO
    codes = bool(step or to or repo or file or accept_moved_tag or settings)
    _check(name, edits=edits, renews=renew_identity, codes=codes, dry_run=dry_run)
    wish = wish_of(None, build, layout, needs_pennsieve, disk, size=build_size)
    if file is not None:
        return _steps(context, workflow, file, wish, (step, to, repo), yes=yes, dry_run=dry_run)
    if renew_identity:
        return _renew(context, workflow, yes=yes, dry_run=dry_run)
    if edits:
        return _edit(context, workflow, name, description, default or ())
    request = CodeRequest(
        to or (),
        repo or (),
        steps=step or (),
        accept_moved_tag=accept_moved_tag,
        yes=yes,
        dry_run=dry_run,
    )
    return update_code(context, workflow, request, wish)


def _steps(
    context: Context,
    reference: str,
    file: Path,
    wish: Wish,
    others: Sequence[object],
    *,
    yes: bool,
    dry_run: bool,
) -> Shown:
    from pennsieve_agent.cli.workflow.update_steps import update_steps

    if any(others):
        raise UsageProblem(
            "--step, --to and --repo cannot be given with --file", hint="name all code in the file"
        )
    return update_steps(context, reference, file, wish, yes=yes, dry_run=dry_run)


def _check(name: str | None, *, edits: bool, renews: bool, codes: bool, dry_run: bool) -> None:
    """Refuse options that do not go together.

    Raises:
        UsageProblem: they do not.
    """
    if edits + renews + codes > 1:
        raise UsageProblem(
            "a workflow's code, its name and defaults, and its identity are changed one at a time",
            hint="give --to alone; or --name, --description and --default; or --renew-identity",
        )
    if dry_run and edits:
        raise UsageProblem(
            "--dry-run cannot be given with --name, --description or --default",
            hint="leave it out",
        )
    if name is not None and not name.strip():
        raise UsageProblem("the new name is empty", hint="give a name, for example: --name spikes")


def _edit(
    context: Context,
    reference: str,
    name: str | None,
    description: str | None,
    defaults: Sequence[str],
) -> Shown:
    from pennsieve_agent.cli.workflow import views
    from pennsieve_agent.cli.workflow.named import pennsieve_workflow
    from pennsieve_agent.services.workflows import workflow_changes

    platform = context.platform
    before = after = pennsieve_workflow(context, reference)
    new = before.name if name is None else name.strip()
    if new != before.name:
        workflow_changes.check_free(platform, context.workspace_id, new, before.uuid)
    if defaults:  # first: they are checked, and nothing is changed if one is wrong
        after = workflow_changes.set_defaults(platform, before, defaults)
    if name is not None or description is not None:
        text = before.description if description is None else description
        after = workflow_changes.rename(platform, context.workspace_id, before, new, text)
    renamed = f"; it was called '{before.name}'" if after.name != before.name else ""
    notes = [f"see it with: pennsieve workflow show '{after.name}'"]
    return views.changed(after, f"Updated workflow '{after.name}'{renamed}", notes)


def _renew(context: Context, reference: str, *, yes: bool, dry_run: bool) -> Shown:
    """Make new users and keys, put them on the granted datasets, and delete the old ones."""
    from pennsieve_agent.cli.workflow.identity import identity_context, need_own_nodes
    from pennsieve_agent.cli.workflow.named import named_workflow
    from pennsieve_agent.services.grants import identity_renewal

    need_own_nodes(context)
    workflow = named_workflow(context, reference).workflow
    means = identity_context(context)
    plan = identity_renewal.planned(means, workflow)
    if dry_run:
        return _plan(workflow, plan)
    if not _confirmed(context, plan, yes=yes):
        return UNCHANGED
    return _renewed(workflow, plan, identity_renewal.renew(means, plan))


def _confirmed(context: Context, plan: Renewal, *, yes: bool) -> bool:
    """Asks only when something is lost by it."""
    if not plan.lost:
        return True
    for sentence in _losses(plan):
        context.streams.note(sentence)
    question = f"Renew the identity of workflow '{plan.workflow.name}' anyway?"
    return context.streams.confirm(question, assume=yes)


def _losses(plan: Renewal) -> list[str]:
    return [
        f"the workflow loses access to dataset '{row.dataset_name or row.dataset}': {why}"
        for row, why in plan.lost.values()
    ]


def _plan(workflow: Workflow, plan: Renewal) -> Shown:
    keeps = [
        f"it keeps dataset '{row.dataset_name or row.dataset}' ({row.access.words})"
        for row in plan.kept
    ]
    text = [
        f"Workflow '{workflow.name}' would get new users and keys, and lose its old ones",
        *keeps,
        *_losses(plan),
    ]
    return Shown(_document(workflow, plan), [Prose(line) for line in text], [NOT_CHANGED])


def _document(workflow: Workflow, plan: Renewal) -> dict[str, Any]:
    return {
        "workflow": workflow.name,
        "workflow_id": workflow.uuid,
        "datasets": [row.dataset for row in plan.kept],
        "datasets_lost": list(plan.lost),
    }


def _renewed(workflow: Workflow, plan: Renewal, renewed: Renewed) -> Shown:
    from pennsieve_agent.console.words import plural

    document = {
        **_document(workflow, plan),
        "integrations_created": list(renewed.new_users),
        "integrations_deleted": list(renewed.deleted),
        "deletion_proved": renewed.proved,
        "nodes": list(renewed.nodes),
    }
    count, nodes = plural(len(plan.kept), "dataset"), ", ".join(renewed.nodes)
    notes = []
    if not renewed.in_keychain:
        notes.append(
            "note: no keychain can be reached from here; the keys are on the nodes only, and "
            "another node gets keys only when the identity is renewed again"
        )
    if renewed.deleted and renewed.proved:
        notes.append("note: the old keys can no longer sign in")
    text = f"Workflow '{workflow.name}' has a new identity on {count} and compute nodes: {nodes}"
    return Shown(document, text, notes)
