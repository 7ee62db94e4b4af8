"""``pennsieve compute remove``: taking a node away again, and proving it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import node_options, options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Run

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

    Datasets and results on Pennsieve stay. Exit code 1 when something unexpected remains.
    """
    from pennsieve_agent.account.removal import RemovalOptions, observe_removal, plan_removal
    from pennsieve_agent.account.undo import apply_removal
    from pennsieve_agent.cli import compute_views, node_made
    from pennsieve_agent.services import active_runs
    from pennsieve_agent.services.pennsieve_runs import PennsieveRuns

    context = options.use(ctx, profile, as_json=json)
    workspace = context.workspace_id
    name, uuid = _find(context, node)
    worlds = compute_views.worlds(context, name, region, aws_profile, node_uuid=uuid)
    plan = plan_removal(observe_removal(worlds, RemovalOptions(name, workspace, uuid)))
    backend = PennsieveRuns(context.platform)
    runs = active_runs.active_runs(backend, uuid) if uuid else ()
    if dry_run and json:
        context.streams.document({**plan.to_json(), "active_runs": [run.uuid for run in runs]})
        return
    compute_views.show_removal(context, plan)
    if (entry := worlds.journal.read()) is not None:
        usd = node_made.idle_usd(entry.settings)
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
    active_runs.cancel_all(backend, runs, context.sleep)
    with compute_views.shown(context, worlds) as live:
        report = apply_removal(plan, live)
    compute_views.show_report(context, name, report)


def _find(context: Context, node: str) -> tuple[str, str]:
    """The node's name and uuid; no uuid where Pennsieve knows none."""
    from pennsieve_agent.services import lookup

    try:
        found = lookup.node(context.platform, context.workspace_id, node)
    except UsageProblem:
        # Its record may be gone already, after a removal that was interrupted. What is left in
        # AWS is found by the journal or the stack's tags, or the removal says there is nothing.
        context.streams.note(f"no compute node '{node}' on Pennsieve; looking in AWS")
        return node, ""
    return found.name, found.uuid


def _say_runs(context: Context, runs: tuple[Run, ...]) -> None:
    for run in runs:
        context.streams.explain(f"  run '{run.name or run.uuid}' is cancelled first")
