"""``pennsieve workflow list``."""

from __future__ import annotations

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown


@command(
    "workflow list",
    answers="list of workflow_summary",
    examples=["pennsieve workflow list", "pennsieve workflow list --archived"],
)
def list_(context: Context, archived: options.Archived = False) -> Shown:
    """The workflows of the workspace, and those that only your own nodes have."""
    from pennsieve_agent.cli.workflow import views
    from pennsieve_agent.services.workflows import find_workflow, node_versions
    from pennsieve_agent.services.workflows.code_visibility import code_visibility

    workflows = list(context.platform.workflows.list(context.workspace_id, archived=archived))
    workflows.sort(key=lambda w: w.name.casefold())
    nodes = [] if archived else context.own_nodes
    known, silent = node_versions.on_nodes((node, context.node_calls(node)) for node in nodes)
    only_nodes = find_workflow.only_on_nodes(
        context.platform, context.workspace_id, workflows, known
    )
    for node in silent:
        context.streams.note(f"node '{node.node.name}' could not be reached: {node.error.message}")
    if workflows or only_nodes:
        code = code_visibility(context.platform, context.user.id)
        return views.listed(context, workflows, known, only_nodes, code)
    if archived:
        return Shown([], notes=["no workflow is archived"])
    return Shown([], notes=["no workflow yet; add one with: pennsieve workflow add GITHUB_URL"])
