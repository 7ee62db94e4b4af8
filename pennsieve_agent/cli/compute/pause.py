"""``pennsieve compute pause`` and ``pennsieve compute resume``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_choice
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import NOT_CHANGED, Shown

if TYPE_CHECKING:
    from pennsieve_agent.domain.compute import ComputeNode


@command("compute pause", answers="compute_node", examples=["pennsieve compute pause lab"])
def pause(context: Context, node: options.Node, dry_run: options.DryRun = False) -> Shown:
    """Let no new run start on a compute node that Pennsieve runs. What it costs in AWS goes on."""
    why = "only you and those you share it with can start runs on it"
    instead = "stop sharing it with: pennsieve compute unshare NODE --aws ARN"
    chosen = node_choice.find_pennsieves(context, node, why, instead)
    if dry_run:
        return _plan(chosen, f"Compute node '{chosen.name}' would be paused")
    return _changed(context.platform.compute.pause_node(chosen.uuid))


@command("compute resume", answers="compute_node", examples=["pennsieve compute resume lab"])
def resume(context: Context, node: options.Node, dry_run: options.DryRun = False) -> Shown:
    """Let runs start again on a compute node that Pennsieve runs."""
    why = "it cannot be paused, so runs can start on it at any time"
    instead = "check it with: pennsieve compute doctor NODE"
    chosen = node_choice.find_pennsieves(context, node, why, instead)
    if dry_run:
        return _plan(chosen, f"Compute node '{chosen.name}' would be resumed")
    return _changed(context.platform.compute.resume_node(chosen.uuid))


def _plan(node: ComputeNode, sentence: str) -> Shown:
    from pennsieve_agent.console import node_documents

    return Shown(node_documents.pennsieves(node), sentence, [NOT_CHANGED])


def _changed(node: ComputeNode) -> Shown:
    from pennsieve_agent.console import node_documents

    sentence = f"Compute node '{node.name}' is {node.status.value.lower()}"
    return Shown(node_documents.pennsieves(node), sentence)
