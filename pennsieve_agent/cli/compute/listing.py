"""``pennsieve compute list|show``: the nodes that there are, one's own and Pennsieve's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import node_choice, node_options
from pennsieve_agent.cli.context import Context
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AgentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.domain.compute import ComputeNode

app = group("The compute nodes that there are.")
_NONE = "no compute node yet; make one with: pennsieve compute register"


@app.command("list")
def list_(
    ctx: typer.Context,
    aws: Annotated[
        bool, typer.Option("--aws", help="Find your own nodes in your AWS account, too.")
    ] = False,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """The compute nodes you may use in this workspace: your own, and those that Pennsieve runs.

    Own nodes are those that this machine remembers. AWS is asked with --aws, and where there is
    nothing else to show, as on a new machine.
    """
    from pennsieve_agent.console import documents, own_nodes

    context = options.use(ctx, profile, as_json=json)
    if aws:
        _find(context, region, aws_profile)
    theirs = context.platform.compute.nodes(context.workspace_id)
    own = _remembered(context)
    if not own and not theirs and not aws:
        _try_to_find(context, region, aws_profile)
        own = _remembered(context)
    if json:
        found = [own_nodes.document(node) for node in own]
        found += [documents.node(node) | {"kind": "pennsieve"} for node in theirs]
        context.streams.document(sorted(found, key=lambda row: str(row["name"]).casefold()))
        return
    if not own and not theirs:
        context.streams.note(_NONE)
        return
    _show_table(context, own, theirs)


def _show_table(context: Context, own: Sequence[OwnNode], theirs: Sequence[ComputeNode]) -> None:
    from pennsieve_agent.console import own_nodes
    from pennsieve_agent.console.tables import table
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
    columns = ["NAME", "KIND", "STATUS", "AWS ACCOUNT", "MODE", "CREATED", "ID"]
    context.streams.result(table(columns, rows, context.streams))


def _remembered(context: Context) -> list[OwnNode]:
    here = {"", context.workspace_id}
    return [node for node in node_choice.memory(context).list() if node.organization_id in here]


def _try_to_find(context: Context, region: str | None, aws_profile: str | None) -> None:
    """The same where it need not work: there may be no AWS credentials."""
    try:
        _find(context, region, aws_profile)
    except AgentError as error:
        context.streams.note(f"your own nodes in AWS cannot be looked for: {error.message}")


def _find(context: Context, region: str | None, aws_profile: str | None) -> None:
    """Remember the own nodes in the AWS account that this machine does not know yet."""
    from dataclasses import replace

    from pennsieve_agent.account.world.find_nodes import nodes_in

    memory = node_choice.memory(context)
    known = {node.token: node for node in memory.list()}
    session = context.aws(region, aws_profile)
    found = nodes_in(session, context.workspace_id)
    for node in found:
        before = known.get(node.token)
        if before is None or not before.is_owned:
            memory.put(node)
            context.streams.note(f"found compute node '{node.name}' ({node.token})")
        else:
            memory.put(replace(node, name=before.name, aws_profile=before.aws_profile))
    if not found:
        who = session.identity()
        context.streams.note(
            f"no own node of this workspace is in AWS account {who.account_id}, {who.region}"
        )


@app.command()
def show(
    ctx: typer.Context,
    node: options.Node,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """One compute node: how it is, what it is made of, who may use it."""
    context = options.use(ctx, profile, as_json=json)
    found = node_choice.find(context, node)
    if isinstance(found, OwnNode):
        _show_own(context, found)
    else:
        _show_served(context, found)


def _show_own(context: Context, node: OwnNode) -> None:
    from pennsieve_agent.cli.compute.node_details import made_of
    from pennsieve_agent.console import own_nodes
    from pennsieve_agent.console.tables import details

    made = made_of(context, node)
    if context.as_json:
        body = made.to_json()
        body |= {"version": made.version or None, "region": node.region}
        context.streams.document({**own_nodes.document(node), **body})
        return
    pairs = [
        ("name", node.name),
        ("id", node.token),
        ("kind", f"own; {own_nodes.access(node)}"),
        ("AWS account", node.account),
        ("region", node.region),
        ("mode", node.mode),
        *made.pairs,
        ("for users", node.gateway),
        *([("for its owner", node.admin)] if node.is_owned else []),
        ("called by", node.aws_profile or "the AWS credentials of the command"),
    ]
    context.streams.result(details(pairs, context.streams))
    context.streams.note(f"ask it how it is with: pennsieve compute doctor '{node.name}'")


def _show_served(context: Context, listed: ComputeNode) -> None:
    from pennsieve_agent.cli.compute.node_details import made_of
    from pennsieve_agent.console import documents
    from pennsieve_agent.console.tables import details
    from pennsieve_agent.console.words import when

    found = context.platform.compute.node(listed.uuid)
    made = made_of(context, found)
    if context.as_json:
        document = documents.node(found) | {"kind": "pennsieve"}
        health = listed.health or document["health"]
        context.streams.document({**document, "health": health, **made.to_json()})
        return
    pairs = [
        ("name", found.name),
        ("id", found.uuid),
        ("kind", "run by Pennsieve"),
        ("status", found.status.value.lower()),
        ("health", listed.health.lower()),
        ("AWS account", found.aws_account_id),
        ("mode", found.deployment_mode),
        *made.pairs,
        ("who may use it", found.access_scope),
        ("description", found.description),
        ("created", when(found.created_at, context.now(), relative=context.relative)),
    ]
    context.streams.result(details(pairs, context.streams))
