"""``pennsieve workflow build list``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, Table
from pennsieve_agent.console.tables import Column, Cut

if TYPE_CHECKING:
    from pennsieve_agent.services.workflows.apps import StepBuild


@command(
    "workflow build list",
    answers="list of build",
    examples=["pennsieve workflow build list spike-rate"],
)
def list_(
    context: Context,
    workflow: options.Workflow,
    limit: Annotated[
        int,
        typer.Option("--limit", "-L", metavar="N", min=1, max=100, help="Versions of each step."),
    ] = 5,
) -> Shown:
    """Builds of a workflow, newest first, with the reason of a failure."""
    from pennsieve_agent.cli.workflow.named import pennsieve_workflow
    from pennsieve_agent.console import workflow_documents
    from pennsieve_agent.services.workflows import apps

    match = pennsieve_workflow(context, workflow)
    builds = apps.builds(context.platform, context.workspace_id, match, limit)
    columns: list[str | Column] = [
        "STEP",
        "TAG",
        "STATUS",
        "STARTED",
        "TOOK",
        Column("PROBLEM", Cut.WRAP),
    ]
    table = Table(columns, [_row(context, build) for build in builds])
    return Shown([workflow_documents.build(b.step_id, b.version, b.build) for b in builds], table)


def _row(context: Context, of_step: StepBuild) -> list[str]:
    from pennsieve_agent.console.words import duration, when

    version, build = of_step.version, of_step.build
    failed = build is not None and build.failed
    start, stop = (build.started_at, build.stopped_at) if build else ("", "")
    return [
        of_step.step_id,
        version.tag,
        "failed" if failed else version.status.value,
        when(start or version.created_at, context.now(), relative=context.relative),
        duration(start, stop, context.now()) if stop else "",
        (build.reason if build and failed else "") or version.problem,
    ]
