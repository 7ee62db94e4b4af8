"""``pennsieve workflow list``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.domain.workflows import WorkflowUse
    from pennsieve_agent.services.workflows.node_versions import Known, Silent

NEWEST_RUNS = 200
"""So many runs of each own node are counted; Pennsieve counts its own."""


@command(
    "workflow list",
    answers="list of workflow_summary",
    examples=[
        "pennsieve workflow list",
        "pennsieve workflow list --search spike",
        "pennsieve workflow list --other-workspaces",
    ],
)
def list_(
    context: Context,
    search: Annotated[
        str,
        typer.Option(
            "--search", metavar="TEXT", help="Only those with this in their name or description."
        ),
    ] = "",
    others: Annotated[
        bool,
        typer.Option(
            "--other-workspaces", help="List those that other workspaces share with everybody."
        ),
    ] = False,
    archived: options.Archived = False,
) -> Shown:
    """The workflows of the workspace, and those that only your own nodes have."""
    if others and archived:
        raise UsageProblem(
            "--archived cannot be given with --other-workspaces",
            hint="other workspaces' archived workflows cannot be seen",
        )
    if others:
        return _elsewhere(context, search)
    return _here(context, search, archived=archived)


def _here(context: Context, search: str, *, archived: bool) -> Shown:
    from pennsieve_agent.cli.workflow import views
    from pennsieve_agent.services.workflows import find_workflow
    from pennsieve_agent.services.workflows.code_visibility import code_visibility
    from pennsieve_agent.services.workflows.workflow_use import fits, with_runs

    workflows = list(context.platform.workflows.list(context.workspace_id, archived=archived))
    workflows.sort(key=lambda w: w.name.casefold())
    known, silent, uses = _on_nodes(context, [] if archived else context.own_nodes)
    only_nodes = find_workflow.only_on_nodes(
        context.platform, context.workspace_id, workflows, known
    )
    for node in silent:
        context.streams.note(f"node '{node.node.name}' could not be reached: {node.error.message}")
    shown = [with_runs(w, uses) for w in workflows if fits(search, w.name, w.description)]
    only_nodes = [row for row in only_nodes if fits(search, row.name)]
    if shown or only_nodes:
        code = code_visibility(context.platform, context.user.id)
        return views.listed(context, shown, known, only_nodes, code, uses)
    return Shown([], notes=[_nothing(search, archived=archived)])


def _on_nodes(
    context: Context, nodes: Sequence[OwnNode]
) -> tuple[list[Known], list[Silent], Mapping[str, WorkflowUse]]:
    """What own nodes have, and their newest runs, asked at the same time."""
    from pennsieve_agent.cli.run.places import backend_of
    from pennsieve_agent.domain.run_filter import RunQuery
    from pennsieve_agent.errors import AwsError, NodeError, PlatformError
    from pennsieve_agent.services.side_by_side import side_by_side
    from pennsieve_agent.services.workflows import node_versions
    from pennsieve_agent.services.workflows.workflow_use import use_of_runs

    def runs_of(node: OwnNode) -> Sequence[Run]:
        try:
            return backend_of(context, node).newest(RunQuery(limit=NEWEST_RUNS))
        except (PlatformError, AwsError, NodeError):
            return []  # said of its workflows

    def workflows() -> tuple[list[Known], list[Silent]]:
        return node_versions.on_nodes((node, context.node_calls(node)) for node in nodes)

    if not nodes:
        return [], [], {}
    asks: list[Callable[[], Any]] = [workflows, *(partial(runs_of, node) for node in nodes)]
    (known, silent), *runs = side_by_side(asks)
    return known, silent, use_of_runs(run for rows in runs for run in rows)


def _nothing(search: str, *, archived: bool) -> str:
    if search:
        return f"no workflow has '{search}' in its name or description"
    if archived:
        return "no workflow is archived"
    return "no workflow yet; add one with: pennsieve workflow add GITHUB_URL"


def _elsewhere(context: Context, search: str) -> Shown:
    """The public workflows of other workspaces."""
    from pennsieve_agent.cli.workflow import views

    rows = [
        workflow
        for workflow in context.platform.workflows.public(search)
        if workflow.organization_id != context.workspace_id
    ]
    if not rows:
        what = f" with '{search}'" if search else ""
        return Shown([], notes=[f"no other workspace shares a workflow{what} with everybody"])
    return views.listed_elsewhere(context, sorted(rows, key=lambda w: w.name.casefold()))
