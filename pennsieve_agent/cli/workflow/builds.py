"""``pennsieve workflow build list``, ``logs`` and ``again``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, Table, planned
from pennsieve_agent.console.tables import ID, Column, Cut

if TYPE_CHECKING:
    from pennsieve_agent.services.workflows.apps import StepBuild
    from pennsieve_agent.services.workflows.find_builds import LocatedBuild

OnePlace = Annotated[
    str,
    typer.Argument(
        metavar="BUILD",
        help="A build on your own nodes: its id, or the beginning of it; or the code's name, for "
        "its newest.",
    ),
]


@command(
    "workflow build list",
    answers="list of build",
    examples=["pennsieve workflow build list", "pennsieve workflow build list spike-rate"],
)
def list_(
    context: Context,
    workflow: Annotated[
        str | None,
        typer.Argument(
            metavar="WORKFLOW", help="Name, unique prefix or id. Default: all on your own nodes."
        ),
    ] = None,
    limit: Annotated[
        int,
        typer.Option("--limit", "-L", metavar="N", min=1, max=100, help="Versions of each step."),
    ] = 5,
) -> Shown:
    """Builds of a workflow, newest first, with the reason of a failure."""
    from pennsieve_agent.cli.workflow.named import named_workflow, nodes_of
    from pennsieve_agent.console import workflow_documents
    from pennsieve_agent.services.workflows import apps, find_builds

    located = named_workflow(context, workflow) if workflow is not None else None
    uuid = located.workflow.uuid if located else ""
    of_nodes = find_builds.builds_on_nodes(nodes_of(context), context.sleep, uuid, limit)
    builds: list[StepBuild] = []
    if located and located.is_on_pennsieve:
        builds = apps.builds(context.platform, context.workspace_id, located.workflow, limit)
    document = [
        *(workflow_documents.node_build(row.build, row.node) for row in of_nodes),
        *(workflow_documents.build(b.step_id, b.version, b.build) for b in builds),
    ]
    rows = [_row_of_node(context, row) for row in of_nodes]
    rows += [_row(context, build) for build in builds]
    columns: list[str | Column] = ["CODE", "TAG", "BUILT BY", "STATUS", "STARTED", "TOOK"]
    columns += [Column("PROBLEM", Cut.WRAP), ID]
    return Shown(document, Table(columns, rows))


@command(
    "workflow build logs",
    answers="build_log",
    examples=["pennsieve workflow build logs spike-rate"],
)
def logs(context: Context, build: OnePlace) -> Shown:
    """The log of a build on an own node, from AWS; of a build that goes on, its lines so far."""
    from pennsieve_agent.console import workflow_documents

    located = _located(context, build)
    lines = located.builds.lines(located.build.id)
    document = workflow_documents.node_build(located.build, located.node)
    return Shown({"build": document, "lines": lines}, lines)


@command(
    "workflow build again",
    answers=("build", "planned_change"),
    examples=["pennsieve workflow build again spike-rate"],
)
def again(context: Context, build: OnePlace, dry_run: options.DryRun = False) -> Shown:
    """Build the same code again on an own node, after a temporary failure."""
    from pennsieve_agent.cli.workflow.code_context import code_record
    from pennsieve_agent.cli.workflow.follow_build import follow_build
    from pennsieve_agent.console import workflow_documents
    from pennsieve_agent.domain.image_builds import BuildState
    from pennsieve_agent.errors import Conflict, NotFound
    from pennsieve_agent.services.workflows.find_builds import add_command
    from pennsieve_agent.services.workflows.node_builds import BuildRequest

    located = _located(context, build)
    before = located.build
    add = add_command(before, code_record(context).every_address())
    if before.state is BuildState.SUCCEEDED:
        raise Conflict(
            f"the build {before.id} made its image; the same code is not built twice",
            hint=f"use the image: {add}",
        )
    if dry_run:
        usd = before.size.usd_per_minute
        return planned(
            f"build {before.name} on node '{located.node}' again, at {usd:.3f} USD a minute"
        )
    request = BuildRequest(before.name, before.source, before.commit, before.size)
    try:
        started = located.builds.start(before.archive, request)
    except NotFound as error:
        raise NotFound(error.message, hint=f"send it again to be built: {add}") from None
    ended = follow_build(context, located.builds, started)
    return Shown(
        workflow_documents.node_build(ended, located.node),
        f"Built {ended.name} on node '{located.node}'",
        [f"next: add or update the workflow, which takes this image: {add}"],
    )


def _located(context: Context, reference: str) -> LocatedBuild:
    from pennsieve_agent.cli.workflow.named import nodes_of
    from pennsieve_agent.services.workflows.find_builds import builds_on_nodes, pick_build

    return pick_build(builds_on_nodes(nodes_of(context), context.sleep), reference)


def _row(context: Context, of_step: StepBuild) -> list[str]:
    from pennsieve_agent.console.words import duration, when

    version, build = of_step.version, of_step.build
    failed = build is not None and build.failed
    start, stop = (build.started_at, build.stopped_at) if build else ("", "")
    return [
        of_step.step_id,
        version.tag,
        "Pennsieve",
        "failed" if failed else version.status.value,
        when(start or version.created_at, context.now(), relative=context.relative),
        duration(start, stop, context.now()) if stop else "",
        (build.reason if build and failed else "") or version.problem,
        build.id if build else "",
    ]


def _row_of_node(context: Context, row: LocatedBuild) -> list[str]:
    from pennsieve_agent.console.words import duration, when
    from pennsieve_agent.console.workflow_documents import time_text

    build = row.build
    start, stop = time_text(build.started_at), time_text(build.ended_at)
    return [
        build.name,
        build.commit[:7],
        f"node '{row.node}'",
        build.state.value,
        when(start, context.now(), relative=context.relative),
        duration(start, stop, context.now()) if stop else "",
        build.problem,
        build.id,
    ]
