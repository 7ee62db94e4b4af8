"""``pennsieve compute join``: a node that somebody else owns, used with one's AWS identity."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_choice, node_options
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, planned
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.aws.session import Aws

_GATEWAY = re.compile(
    r"arn:[a-z-]+:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12})"
    r":function:pennsieve-node-(?P<token>[0-9a-f]{8})-(?P<word>gateway|admin)"
)


@command(
    "compute join",
    answers=("joined_node", "planned_change"),
    examples=[
        (
            "pennsieve compute join "
            "arn:aws:lambda:us-east-1:111122223333:function:pennsieve-node-0a1b2c3d-gateway"
        )
    ],
)
def join(
    context: Context,
    arn: Annotated[str, typer.Argument(metavar="ARN", help="Of the node's gateway function.")],
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="What to call it here.", show_default=False),
    ] = None,
    aws_profile: node_options.AwsProfile = None,
    dry_run: options.DryRun = False,
) -> Shown:
    """Use a compute node that its owner has shared with your AWS identity.

    The owner gets the ARN from "compute share". The node is called once to check that it answers.
    """
    from pennsieve_agent.console import node_documents
    from pennsieve_agent.errors import NotPermitted

    aws, node = _node(context, arn, name, aws_profile)
    calls = context.calls_with(aws)(node)
    try:
        health = calls.ask("GET", "/health")
    except NotPermitted:
        for note in _policy(aws, node):
            context.streams.note(note)
        raise
    rows = calls.ask("GET", "/workflows").get("workflows") or ()
    workflows = [str(row.get("name")) for row in rows if isinstance(row, dict)]
    node = _with(node, health)
    if dry_run:
        return planned(f"remember compute node '{node.name}', which answers, on this machine")
    node_choice.memory(context).put(node)
    return Shown(
        {**node_documents.own(node), "workflows": workflows},
        f"You can use compute node '{node.name}' ({node.token})",
        [f"for workflows: {', '.join(workflows) or 'none yet'}", *_policy(aws, node)],
    )


def _node(
    context: Context, arn: str, name: str | None, aws_profile: str | None
) -> tuple[Aws, OwnNode]:
    """The node as it will be remembered, and the session that calls it.

    Raises:
        UsageProblem: it is not the ARN of a gateway, or the name or the node is taken.
    """
    match = _GATEWAY.fullmatch(arn.strip())
    if match is None or match["word"] != "gateway":
        raise UsageProblem(
            f"'{arn}' is not the ARN of a node's gateway function",
            hint="ask the owner, who finds it with: pennsieve compute show NODE",
        )
    called = name or f"node-{match['token']}"
    for known in node_choice.memory(context).list():
        if known.token == match["token"] and known.is_owned:
            raise UsageProblem(
                f"compute node '{known.name}' is your own",
                where=known.gateway,
                hint=f"you can use it already; see it with: pennsieve compute show '{known.name}'",
            )
        if known.name == called and known.token != match["token"]:
            raise UsageProblem(
                f"there is a compute node '{called}' already", hint="choose another --name"
            )
    aws = context.aws(match["region"], aws_profile)
    return aws, OwnNode(
        token=match["token"],
        name=called,
        organization_id=context.workspace_id,
        account=match["account"],
        region=match["region"],
        gateway=arn.strip(),
        aws_profile=aws.profile or "",
    )


def _with(node: OwnNode, health: Any) -> OwnNode:
    from dataclasses import replace

    mode, version = str(health.get("mode") or ""), str(health.get("version") or "")
    return replace(node, mode=mode or node.mode, version=version)


def _policy(aws: Aws, node: OwnNode) -> list[str]:
    """What the caller's own account must allow, where the node is in another one."""
    import json

    if aws.identity().account_id == node.account:
        return []
    row = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": node.gateway}
    policy = {"Version": "2012-10-17", "Statement": [row]}
    return [
        (
            "the node is in another AWS account; your own account must allow the call, too, by "
            "this policy on your user or role:"
        ),
        json.dumps(policy, indent=2),
    ]
