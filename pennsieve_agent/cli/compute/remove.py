"""``pennsieve compute remove``: taking a node away again, and proving it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import node_choice, node_options
from pennsieve_agent.cli.context import Context
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AgentError, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.runs.run_backend import RunBackend
    from pennsieve_agent.services.workflows.node_versions import Known

app = group("Taking a compute node away.")


@app.command()
def remove(
    ctx: typer.Context,
    node: options.Node,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    cancel_runs: Annotated[
        bool, typer.Option("--cancel-runs", help="End the runs that it is still at.")
    ] = False,
    yes: options.Yes = False,
    dry_run: node_options.DryRun = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Take a compute node away again, on Pennsieve and in AWS, and check that nothing is left.

    Datasets and results on Pennsieve stay. Workflows that live on the node alone go with it, and so
    do their users on Pennsieve. A node that was shared with you is only forgotten here.
    Exit code 1 when something unexpected remains.
    """
    from pennsieve_agent.account.remove.execute_removal import apply_removal
    from pennsieve_agent.account.remove.plan_removal import (
        RemovalOptions,
        observe_removal,
        plan_removal,
    )
    from pennsieve_agent.cli.compute import node_details, views
    from pennsieve_agent.services.runs import active_runs

    context = options.use(ctx, profile, as_json=json)
    meant = _find(context, node)
    if isinstance(meant, OwnNode) and not meant.is_owned:
        _forget(context, meant, yes=yes)
        return
    name, node_id = (meant.name, node_choice.node_id(meant)) if meant is not None else (node, "")
    clients = views.clients(context, name, region, aws_profile, node_id=node_id)
    plan = plan_removal(
        observe_removal(
            clients,
            RemovalOptions(
                name,
                context.workspace_id,
                node_uuid="" if isinstance(meant, OwnNode) else node_id,
                token=node_id if isinstance(meant, OwnNode) else "",
            ),
        )
    )
    backend, runs = _runs(context, meant)
    alone = _alone(context, meant)
    if dry_run and json:
        body = {"active_runs": [run.uuid for run in runs], "workflows": [w.uuid for w in alone]}
        context.streams.document({**plan.to_json(), **body})
        return
    views.show_removal(context, plan)
    for workflow in alone:
        context.streams.explain(
            f"  workflow '{workflow.name}' lives on this node alone: it goes, and its users on "
            "Pennsieve are deleted first"
        )
    if (entry := clients.journal.read()) is not None:
        usd = node_details.idle_usd(entry.settings)
        context.streams.explain(f"  what goes cost about {usd:.2f} USD a month while nothing ran")
    if cancel_runs:
        _say_runs(context, runs)
    else:
        active_runs.refuse_active(runs, name)
    if dry_run:
        context.streams.note("nothing was changed (--dry-run)")
        return
    if not context.streams.confirm(f"Remove compute node '{name}'?", assume=yes):
        context.streams.note("nothing was changed")
        return
    if backend is not None:
        active_runs.cancel_all(backend, runs, context.sleep)
    _end_identities(context, alone)
    with views.shown(context, clients) as live:
        report = apply_removal(plan, live)
    views.show_report(context, name, report)


def _find(context: Context, node: str) -> OwnNode | ComputeNode | None:
    """The node that is meant; None where nobody knows one.

    Raises:
        UsageProblem: there are several.
    """
    try:
        return node_choice.find(context, node)
    except UsageProblem as error:
        if not error.message.startswith("no compute node"):
            raise
        # It may be gone on Pennsieve already, after a removal that was interrupted. What is left
        # in AWS is found by the journal or the stack's tags, or the removal says there is nothing.
        context.streams.note(f"no compute node '{node}' is known; looking in AWS")
        return None


def _forget(context: Context, node: OwnNode, *, yes: bool) -> None:
    """A node that somebody else owns is only forgotten here."""
    question = f"Compute node '{node.name}' was shared with you. Forget it on this machine?"
    if not context.streams.confirm(question, assume=yes):
        context.streams.note("nothing was changed")
        return
    node_choice.memory(context).remove(node.token)
    if context.as_json:
        context.streams.document({"name": node.name, "removed": [], "kept": [node.gateway]})
    else:
        context.streams.result(f"Forgot compute node '{node.name}'; its owner still has it")


def _runs(
    context: Context, meant: OwnNode | ComputeNode | None
) -> tuple[RunBackend | None, tuple[Run, ...]]:
    """Where the node's runs are, and those that have not ended."""
    from pennsieve_agent.cli.run.places import backend_of
    from pennsieve_agent.services.runs import active_runs
    from pennsieve_agent.services.runs.pennsieve_runs import PennsieveRuns

    if meant is None:
        return None, ()
    if not isinstance(meant, OwnNode):
        theirs = PennsieveRuns(context.platform)
        return theirs, active_runs.active_runs(theirs, meant.uuid)
    own = backend_of(context, meant)
    try:
        return own, active_runs.active_runs(own)
    except AgentError as error:
        # A node that is half gone does not answer, and is to be removed all the same.
        context.streams.note(f"whether runs are active cannot be told: {error.message}")
        return None, ()


def _alone(context: Context, meant: OwnNode | ComputeNode | None) -> list[Known]:
    """The workflows that live on an own node and nowhere else; none where that cannot be told."""
    from pennsieve_agent.cli.workflow.named import nodes_of
    from pennsieve_agent.services.workflows.find_workflow import only_on_nodes
    from pennsieve_agent.services.workflows.node_versions import on_nodes

    if not isinstance(meant, OwnNode):
        return []
    known, silent = on_nodes(nodes_of(context))
    here = [row for row in known if row.nodes == (meant.name,)]
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


def _say_runs(context: Context, runs: tuple[Run, ...]) -> None:
    for run in runs:
        context.streams.explain(f"  run '{run.name or run.uuid}' is cancelled first")
