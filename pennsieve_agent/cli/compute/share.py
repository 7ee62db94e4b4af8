"""``pennsieve compute share`` and ``pennsieve compute unshare``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_options
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, planned
from pennsieve_agent.domain.own_node import OwnNode

if TYPE_CHECKING:
    from pennsieve_agent.services.nodes.node_access import NodeAccess

AwsIdentity = Annotated[
    str | None,
    typer.Option(
        "--aws",
        metavar="ARN",
        help="Of an own node: a user, a role, or an account's 12 digits.",
        show_default=False,
    ),
]
_ANSWERS = ("compute_access", "compute_share", "planned_change")


@command(
    "compute share",
    answers=_ANSWERS,
    examples=[
        "pennsieve compute share lab --user grace@example.org",
        ("pennsieve compute share my-compute --aws 222233334444 --workflow word-count"),
    ],
)
def share(
    context: Context,
    node: options.Node,
    user: options.User = None,
    team: options.Team = None,
    workspace: options.Workspace = False,
    aws: AwsIdentity = None,
    workflow: Annotated[
        list[str] | None,
        typer.Option("--workflow", "-w", metavar="WORKFLOW", help="With --aws. Repeatable."),
    ] = None,
    aws_profile: node_options.AwsProfile = None,
    dry_run: options.DryRun = False,
) -> Shown:
    """Let somebody use a compute node.

    An own node is shared with an AWS identity, for some of its workflows: --aws ARN --workflow W.
    A node that Pennsieve runs is shared with a person, a team or the workspace. Earlier shares
    stay.
    """
    from pennsieve_agent.cli.compute import node_shares
    from pennsieve_agent.services.nodes import node_access

    who = node_access.Grantees(user, team, workspace)
    chosen = node_shares.shareable(context, node, aws, who)
    if isinstance(chosen, OwnNode):
        return node_shares.share(
            context, chosen, str(aws), tuple(workflow or ()), aws_profile, dry_run=dry_run
        )
    if dry_run:
        name = node_access.whom(context.platform, context.workspace_id, who)
        return planned(f"let {name} use compute node '{chosen.name}'")
    who.check()
    name, access = node_access.share(context.platform, context.workspace_id, chosen, who)
    return _shown(access, f"{name[:1].upper()}{name[1:]} may use compute node '{chosen.name}'")


@command(
    "compute unshare",
    answers=_ANSWERS,
    examples=["pennsieve compute unshare lab --user grace@example.org"],
)
def unshare(
    context: Context,
    node: options.Node,
    user: options.User = None,
    team: options.Team = None,
    workspace: options.Workspace = False,
    aws: AwsIdentity = None,
    aws_profile: node_options.AwsProfile = None,
    dry_run: options.DryRun = False,
) -> Shown:
    """Stop sharing a compute node with somebody; other shares stay."""
    from pennsieve_agent.cli.compute import node_shares
    from pennsieve_agent.services.nodes import node_access

    who = node_access.Grantees(user, team, workspace)
    chosen = node_shares.shareable(context, node, aws, who)
    if isinstance(chosen, OwnNode):
        return node_shares.unshare(context, chosen, str(aws), aws_profile, dry_run=dry_run)
    if dry_run:
        name = node_access.whom(context.platform, context.workspace_id, who)
        return planned(f"stop sharing compute node '{chosen.name}' with {name}")
    who.check()
    name, access = node_access.unshare(context.platform, context.workspace_id, chosen, who)
    return _shown(access, f"Compute node '{chosen.name}' is not shared with {name} any more")


def _shown(access: NodeAccess, sentence: str) -> Shown:
    from pennsieve_agent.cli.compute import share_documents

    hint = f"see who may use it with: pennsieve compute show '{access.node.name}'"
    return Shown(share_documents.access(access), sentence, [hint])
