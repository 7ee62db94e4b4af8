"""``pennsieve compute delete``: delete a node, and check that nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_choice, node_options, node_runs
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import UNCHANGED, Shown
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AgentError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.account.remove.execute_removal import RemovalReport
    from pennsieve_agent.account.remove.plan_removal import RemovalPlan
    from pennsieve_agent.account.world.clients import Clients
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.runs.run_backend import RunBackend
    from pennsieve_agent.services.workflows.node_versions import Known


@command(
    "compute delete",
    answers=("compute_deleted", "compute_deletion_plan"),
    examples=[
        "pennsieve compute delete my-compute --dry-run",
        "pennsieve compute delete my-compute",
    ],
)
def delete(
    context: Context,
    node: options.WholeNode,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    cancel_runs: Annotated[
        bool, typer.Option("--cancel-runs", help="Cancel its active runs first.")
    ] = False,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Delete a compute node, on Pennsieve and in AWS, and check that nothing is left.

    Datasets and results on Pennsieve stay. Workflows that are on no other node are deleted with it,
    and so are their users on Pennsieve. A node that was shared with you is only forgotten on this
    machine. The exit code is 1 when something unexpected remains.
    """
    from pennsieve_agent.account.remove.execute_removal import apply_removal
    from pennsieve_agent.cli.compute import views
    from pennsieve_agent.services.runs import active_runs

    target = _find(context, node)
    if isinstance(target, OwnNode) and not target.is_owned:
        return _forget(context, target, yes=yes, dry_run=dry_run)
    name = node if target is None else target.name
    clients, plan = _plan(context, node, target, (region, aws_profile))
    backend, runs = _runs(context, target)
    workflows = _workflows_of(context, target)
    lines = _lines(clients, plan, runs, workflows, cancel_runs=cancel_runs)
    if dry_run:
        return views.dry_run(_plan_document(plan, runs, workflows), lines)
    views.explain(context, lines)
    if not cancel_runs:
        active_runs.refuse_deletion(runs, name)
    if not context.streams.confirm(f"Delete compute node '{name}'?", assume=yes):
        return UNCHANGED
    with context.interruption.during("the node is there, its runs may be ended", views.GO_ON):
        if backend is not None:
            active_runs.cancel_all(backend, runs, context.sleep)
        _end_identities(context, workflows)
    with views.shown(context, clients) as live:
        report = apply_removal(plan, live)
    return _deleted(name, report)


def _plan(
    context: Context,
    node: str,
    target: OwnNode | ComputeNode | None,
    where: tuple[str | None, str | None],
) -> tuple[Clients, RemovalPlan]:
    """Look at everything that the node has, and plan its deletion."""
    from pennsieve_agent.account.remove.observe_removal import RemovalOptions, observe_removal
    from pennsieve_agent.account.remove.plan_removal import plan_removal
    from pennsieve_agent.cli.compute import views

    name, node_id = (node, "") if target is None else (target.name, node_choice.node_id(target))
    clients = views.clients(context, name, *where, node_id=node_id)
    is_own = isinstance(target, OwnNode)
    removal = RemovalOptions(
        name,
        context.workspace_id,
        node_uuid="" if is_own else node_id,
        token=node_id if is_own else "",
    )
    return clients, plan_removal(observe_removal(clients, removal))


def _lines(
    clients: Clients,
    plan: RemovalPlan,
    runs: Sequence[Run],
    workflows: Sequence[Known],
    *,
    cancel_runs: bool,
) -> list[str]:
    """The plan in words."""
    from pennsieve_agent.cli.compute import node_details, views

    lines = views.removal_lines(plan)
    lines += [
        f"  workflow '{workflow.name}' is on no other node: it is deleted, and its users on "
        "Pennsieve are deleted first"
        for workflow in workflows
    ]
    if (entry := clients.journal.read()) is not None:
        usd = node_details.idle_usd(entry.settings)
        lines.append(f"  while nothing ran, the node cost about {usd:.2f} USD a month")
    end = "is cancelled first" if cancel_runs else "is active; add --cancel-runs to cancel it first"
    return [*lines, *(f"  run '{run.name or run.uuid}' {end}" for run in runs)]


def _plan_document(
    plan: RemovalPlan, runs: Sequence[Run], workflows: Sequence[Known]
) -> dict[str, Any]:
    document = plan.to_json()
    document["workspace_id"] = document.pop("organization_id")
    document["run_ids"] = [run.uuid for run in runs]
    document["workflow_ids"] = [workflow.uuid for workflow in workflows]
    return document


def _deleted(name: str, report: RemovalReport) -> Shown:
    """What was deleted.

    Raises:
        AgentError: something unexpected remains.
    """
    if report.leftovers:
        raise AgentError(
            f"something of compute node '{name}' remains: {', '.join(map(str, report.leftovers))}",
            hint="look at it in the AWS console, then run the same command again",
        )
    return Shown(
        {"name": name, "deleted": list(report.removed), "kept": list(report.kept)},
        f"Deleted compute node '{name}'; nothing unexpected is left in AWS",
        [f"  kept: {kept}" for kept in report.kept],
    )


def _find(context: Context, node: str) -> OwnNode | ComputeNode | None:
    """The node that is target; None where nobody knows one.

    Raises:
        UsageProblem: there are several, or it is not the full name.
    """
    try:
        return node_choice.find_whole(context, node)
    except UnknownName:
        # It may be gone on Pennsieve already, after a removal that was interrupted. What is left
        # in AWS is found by the journal or the stack's tags, or the removal says there is nothing.
        context.streams.note(f"no compute node '{node}' is known; looking in AWS")
        return None


def _forget(context: Context, node: OwnNode, *, yes: bool, dry_run: bool) -> Shown:
    """A node that somebody else owns is only forgotten here."""
    from pennsieve_agent.cli.compute import views

    document = {"name": node.name, "deleted": [], "kept": [node.gateway]}
    if dry_run:
        line = f"This machine would forget compute node '{node.name}'; its owner keeps it"
        return views.dry_run(document, [line])
    question = f"Compute node '{node.name}' was shared with you. Forget it on this machine?"
    if not context.streams.confirm(question, assume=yes):
        return UNCHANGED
    node_choice.memory(context).remove(node.token)
    return Shown(document, f"Forgot compute node '{node.name}'; its owner still has it")


def _runs(
    context: Context, target: OwnNode | ComputeNode | None
) -> tuple[RunBackend | None, tuple[Run, ...]]:
    """Where the node's runs are, and those that have not ended."""
    from pennsieve_agent.services.runs import active_runs
    from pennsieve_agent.services.runs.pennsieve_runs import PennsieveRuns

    if target is None:
        return None, ()
    if not isinstance(target, OwnNode):
        theirs = PennsieveRuns(context.platform)
        return theirs, active_runs.active_runs(theirs, target.uuid)
    return node_runs.active_on(context, target)


def _workflows_of(context: Context, target: OwnNode | ComputeNode | None) -> list[Known]:
    """The workflows that are on an own node and nowhere else; none where that cannot be told."""
    from pennsieve_agent.cli.workflow.named import nodes_of
    from pennsieve_agent.services.workflows.find_workflow import only_on_nodes
    from pennsieve_agent.services.workflows.node_versions import on_nodes

    if not isinstance(target, OwnNode):
        return []
    known, silent = on_nodes(nodes_of(context))
    here = [row for row in known if row.nodes == (target.name,)]
    if not here or silent:
        return []
    platform, workspace = context.platform, context.workspace_id
    listed = [w for w in platform.workflows.list(workspace) if w.is_active]
    return only_on_nodes(platform, workspace, listed, here)


def _end_identities(context: Context, workflows: list[Known]) -> None:
    """Delete the users of workflows that are about to go, while there is still a name for them."""
    from pennsieve_agent.cli.workflow.identity import identity_context
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.grants import identity_renewal

    for row in workflows:
        try:
            identity_renewal.end(identity_context(context), Workflow(row.uuid, row.name))
        except AgentError as error:  # the node is to be removed all the same
            context.streams.note(
                f"warning: users of workflow '{row.name}' may stay on Pennsieve: {error.message}"
            )
