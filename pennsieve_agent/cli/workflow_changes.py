"""``pennsieve workflow rename|defaults|publish|...``: changing a registered workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.context import Context

if TYPE_CHECKING:
    from pennsieve_agent.domain.workflows import Workflow

app = group("Changing a workflow.")


@app.command()
def rename(
    ctx: typer.Context,
    workflow: options.Workflow,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    description: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Describe it, too.", show_default=False)
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Give a workflow another name; its grants and runs stay."""
    from pennsieve_agent.errors import UsageProblem
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.workflows import workflow_changes

    context = options.use(ctx, profile, as_json=json)
    if not new.strip():
        raise UsageProblem("the new name is empty", hint="give a name")
    platform, name = context.platform, new.strip()
    found = lookup.workflow(platform, context.workspace_id, workflow)
    workflow_changes.check_free(platform, context.workspace_id, name, found.uuid)
    platform.workflows.rename(
        found.uuid, name, found.description if description is None else description
    )
    changed = platform.workflows.get(found.uuid)
    _say(context, changed, f"Workflow '{found.name}' is called '{changed.name}' now")


@app.command()
def defaults(
    ctx: typer.Context,
    workflow: options.Workflow,
    values: Annotated[
        list[str], typer.Argument(metavar="K=V...", help="A parameter; STEP.K=V for one step.")
    ],
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Set what a workflow's parameters are when a run does not say; others stay as they are."""
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.workflows import workflow_changes

    context = options.use(ctx, profile, as_json=json)
    found = lookup.workflow(context.platform, context.workspace_id, workflow)
    changed = workflow_changes.set_defaults(context.platform, found, values)
    if json:
        from pennsieve_agent.console import documents

        steps = {step.id: dict(step.default_params) for step in changed.processors}
        context.streams.document({**documents.workflow(changed), "defaults": steps})
        return
    context.streams.result(f"Workflow '{changed.name}' has new defaults")
    context.streams.note(f"see them with: pennsieve workflow show '{changed.name}'")


@app.command()
def publish(
    ctx: typer.Context,
    workflow: options.Workflow,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Let every workspace list and run a workflow. Only who made it may."""
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    found = lookup.workflow(context.platform, context.workspace_id, workflow)
    changed = context.platform.workflows.publish(found.uuid)
    _say(context, changed, f"Every workspace can see workflow '{changed.name}' now")


@app.command()
def unpublish(
    ctx: typer.Context,
    workflow: options.Workflow,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Stop showing a workflow to other workspaces."""
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    found = lookup.workflow(context.platform, context.workspace_id, workflow)
    changed = context.platform.workflows.unpublish(found.uuid)
    _say(context, changed, f"Only this workspace can see workflow '{changed.name}' now")


def _say(context: Context, changed: Workflow, sentence: str) -> None:
    from pennsieve_agent.console import documents

    if context.as_json:
        document = documents.workflow(changed)
        context.streams.document({**document, "visibility": changed.visibility or None})
    else:
        context.streams.result(sentence)


@app.command()
def targets(
    ctx: typer.Context, profile: options.Profile = None, json: options.Json = False
) -> None:
    """What the last step of a workflow can do with results."""
    from pennsieve_agent.console import offer_documents
    from pennsieve_agent.console.tables import table

    context = options.use(ctx, profile, as_json=json)
    found = context.platform.workflows.target_types()
    if json:
        context.streams.document([offer_documents.target_type(target) for target in found])
        return
    rows = [[t.name, t.label, ", ".join(p.name for p in t.parameters)] for t in found]
    context.streams.result(table(["TARGET", "LABEL", "PARAMETERS"], rows, context.streams))


@app.command()
def builds(
    ctx: typer.Context,
    workflow: options.Workflow,
    limit: Annotated[
        int,
        typer.Option("--limit", "-L", metavar="N", min=1, max=100, help="Versions of each step."),
    ] = 5,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Builds of a workflow's code, newest first, with the reason of a failure."""
    from pennsieve_agent.console import offer_documents
    from pennsieve_agent.console.tables import table
    from pennsieve_agent.console.words import duration, when
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.workflows import apps

    context = options.use(ctx, profile, as_json=json)
    workflow_ = lookup.workflow(context.platform, context.workspace_id, workflow)
    found = apps.builds(context.platform, context.workspace_id, workflow_, limit)
    if json:
        context.streams.document(
            [offer_documents.build(b.step_id, b.version, b.build) for b in found]
        )
        return
    rows = []
    for step_id, version, build in ((b.step_id, b.version, b.build) for b in found):
        failed = build is not None and build.failed
        start, stop = (build.started_at, build.stopped_at) if build else ("", "")
        reason = build.reason if build and failed else ""
        rows.append(
            [
                step_id,
                version.tag,
                "failed" if failed else version.status.value,
                when(start or version.created_at, context.now(), relative=context.relative),
                duration(start, stop, context.now()) if stop else "",
                reason or version.problem,
            ]
        )
    columns = ["STEP", "TAG", "STATUS", "STARTED", "TOOK", "PROBLEM"]
    context.streams.result(table(columns, rows, context.streams, wrap_last=True))
