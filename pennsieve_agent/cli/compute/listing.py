"""``pennsieve compute list``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_choice, node_options
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, Table
from pennsieve_agent.console.tables import ID, NAME, Column
from pennsieve_agent.errors import AgentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.own_node import OwnNode

_NO_NODE = "no compute node yet; make one with: pennsieve compute register"


@command(
    "compute list",
    answers=("list of compute_node", "list of gpu_type"),
    examples=["pennsieve compute list", "pennsieve compute list --gpu-types"],
)
def list_(
    context: Context,
    aws: Annotated[
        bool, typer.Option("--aws", help="Look for your own nodes in your AWS account, too.")
    ] = False,
    gpu_types: Annotated[
        bool,
        typer.Option("--gpu-types", help="The GPU machines a node may have, cheapest first."),
    ] = False,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
) -> Shown:
    """The compute nodes you may use in this workspace: your own, and those that Pennsieve runs.

    Your own nodes are those that this machine remembers. With --aws, or if it remembers none, your
    AWS account is searched for more.
    """
    from pennsieve_agent.console import node_documents

    if gpu_types:
        return _gpu_types(context)
    if aws:
        _look_in_aws(context, region, aws_profile)
    theirs = context.platform.compute.nodes(context.workspace_id)
    own = _remembered(context)
    if not own and not theirs and not aws:
        _try_to_look(context, region, aws_profile)
        own = _remembered(context)
    rows = [node_documents.own(node) for node in own]
    rows += [node_documents.pennsieves(node) for node in theirs]
    rows.sort(key=lambda row: str(row["name"]).casefold())
    if not rows:
        return Shown(rows, notes=[_NO_NODE])
    return Shown(rows, _table(context, own, theirs))


def _table(context: Context, own: Sequence[OwnNode], theirs: Sequence[ComputeNode]) -> Table:
    from pennsieve_agent.console import own_nodes
    from pennsieve_agent.console.words import when

    rows = [
        [n.name, node_choice.OWN, own_nodes.access(n), n.account, n.mode, "-", n.token] for n in own
    ]
    rows += [
        [
            n.name,
            node_choice.PENNSIEVE,
            n.status.value.lower(),
            n.aws_account_id,
            n.deployment_mode,
            when(n.created_at, context.now(), relative=context.relative),
            n.uuid,
        ]
        for n in theirs
    ]
    rows.sort(key=lambda row: (row[0].casefold(), row[1]))
    columns: list[str | Column] = [NAME, "KIND", "STATUS", "AWS ACCOUNT"]
    spare = [Column("MODE", spare=True), Column("CREATED", spare=True)]
    return Table([*columns, *spare, ID], rows)


def _gpu_types(context: Context) -> Shown:
    from pennsieve_agent.console import offer_documents
    from pennsieve_agent.console.words import UNKNOWN, count

    tiers = context.platform.compute.gpu_tiers(context.workspace_id)
    rows = [
        [
            tier.name,
            tier.gpu,
            count(tier.gpu_memory, unit="GB"),
            count(tier.cpus),
            count(tier.memory, unit="GB"),
            UNKNOWN if tier.hourly_price is None else f"{tier.hourly_price:.3f}",
        ]
        for tier in tiers
    ]
    columns = ["TIER", "GPU", "GPU MEMORY", "CPUS", "MEMORY", "USD/HOUR"]
    return Shown([offer_documents.gpu(tier) for tier in tiers], Table(columns, rows))


def _remembered(context: Context) -> list[OwnNode]:
    here = {"", context.workspace_id}
    return [node for node in node_choice.memory(context).list() if node.organization_id in here]


def _try_to_look(context: Context, region: str | None, aws_profile: str | None) -> None:
    """The same where it need not work: there may be no AWS credentials."""
    try:
        _look_in_aws(context, region, aws_profile)
    except AgentError as error:
        from pennsieve_agent.aws.wrong_settings import sentence

        context.streams.note(f"your AWS account cannot be searched for nodes: {sentence(error)}")


def _look_in_aws(context: Context, region: str | None, aws_profile: str | None) -> None:
    """Remember the own nodes in the AWS account that this machine does not know yet."""
    from dataclasses import replace

    from pennsieve_agent.account.world.find_nodes import nodes_in

    memory = node_choice.memory(context)
    known = {node.token: node for node in memory.list()}
    session = context.aws(region, aws_profile)
    nodes = nodes_in(session, context.workspace_id)
    for node in nodes:
        before = known.get(node.token)
        if before is None or not before.is_owned:
            memory.put(node)
            context.streams.note(f"found compute node '{node.name}' ({node.token})")
        else:
            memory.put(replace(node, name=before.name, aws_profile=before.aws_profile))
    if not nodes:
        who = session.identity()
        context.streams.note(
            f"no own node of this workspace is in AWS account {who.account_id}, {who.region}"
        )
