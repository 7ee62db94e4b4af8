"""``pennsieve workflow share|unshare``: whether other workspaces may run a workflow."""

from __future__ import annotations

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, planned


@command(
    "workflow share",
    answers=("workflow", "planned_change"),
    examples=["pennsieve workflow share spike-rate"],
)
def share(context: Context, workflow: options.Workflow, dry_run: options.DryRun = False) -> Shown:
    """Let every workspace list and run a workflow. Only the person who added it can do this."""
    from pennsieve_agent.cli.workflow import views
    from pennsieve_agent.cli.workflow.named import pennsieve_workflow

    match = pennsieve_workflow(context, workflow)
    if dry_run:
        return planned(f"let every workspace list and run workflow '{match.name}'")
    shared = context.platform.workflows.publish(match.uuid)
    return views.changed(shared, f"Every workspace can now list and run workflow '{shared.name}'")


@command(
    "workflow unshare",
    answers=("workflow", "planned_change"),
    examples=["pennsieve workflow unshare spike-rate"],
)
def unshare(context: Context, workflow: options.Workflow, dry_run: options.DryRun = False) -> Shown:
    """Hide a workflow from other workspaces again. Only the person who added it can do this."""
    from pennsieve_agent.cli.workflow import views
    from pennsieve_agent.cli.workflow.named import pennsieve_workflow

    match = pennsieve_workflow(context, workflow)
    if dry_run:
        return planned(f"hide workflow '{match.name}' from other workspaces")
    private = context.platform.workflows.unpublish(match.uuid)
    return views.changed(private, f"Only this workspace can now see workflow '{private.name}'")
