"""``pennsieve compute join``: a node that somebody else owns, used with one's AWS identity."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.compute import node_choice, node_options
from pennsieve_agent.cli.context import Context
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.aws.session import Aws

app = group("Using a compute node that somebody else owns.")
_GATEWAY = re.compile(
    r"arn:[a-z-]+:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12})"
    r":function:pennsieve-node-(?P<token>[0-9a-f]{8})-(?P<word>gateway|admin)"
)


@app.command()
def join(
    ctx: typer.Context,
    arn: Annotated[str, typer.Argument(metavar="ARN", help="Of the node's gateway function.")],
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="What to call it here.", show_default=False),
    ] = None,
    aws_profile: node_options.AwsProfile = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Use a compute node that its owner shared with your AWS identity.

    The owner tells its ARN, which "compute share" prints. It is called once, and then remembered.
    """
    from pennsieve_agent.console import own_nodes
    from pennsieve_agent.errors import NotPermitted

    context = options.use(ctx, profile, as_json=json)
    aws, node = _node(context, arn, name, aws_profile)
    calls = context.calls_with(aws)(node)
    try:
        health = calls.ask("GET", "/health")
    except NotPermitted:
        _say_policy(context, aws, node)
        raise
    workflows = [str(row.get("name")) for row in _workflows(calls.ask("GET", "/workflows"))]
    node = _with(node, health)
    node_choice.memory(context).put(node)
    if json:
        context.streams.document(own_nodes.document(node) | {"workflows": workflows})
        return
    context.streams.result(f"Compute node '{node.name}' may be used ({node.token})")
    context.streams.explain(f"for workflows: {', '.join(workflows) or 'none yet'}")
    if aws.identity().account_id != node.account:
        _say_policy(context, aws, node)


def _node(
    context: Context, arn: str, name: str | None, aws_profile: str | None
) -> tuple[Aws, OwnNode]:
    """The node as it will be remembered, and the session that calls it.

    Raises:
        UsageProblem: it is no gateway's ARN, or the name or the node is taken.
    """
    found = _GATEWAY.fullmatch(arn.strip())
    if found is None or found["word"] != "gateway":
        raise UsageProblem(
            f"'{arn}' is not the ARN of a node's gateway function",
            hint="ask the owner, who sees it with: pennsieve compute show NODE",
        )
    called = name or f"node-{found['token']}"
    for known in node_choice.memory(context).list():
        if known.token == found["token"] and known.is_owned:
            raise UsageProblem(
                f"compute node '{known.name}' is your own",
                where=known.gateway,
                hint=f"use it as it is; see it with: pennsieve compute show '{known.name}'",
            )
        if known.name == called and known.token != found["token"]:
            raise UsageProblem(
                f"there is a compute node '{called}' already", hint="choose another --name"
            )
    aws = context.aws(found["region"], aws_profile)
    return aws, OwnNode(
        token=found["token"],
        name=called,
        organization_id=context.workspace_id,
        account=found["account"],
        region=found["region"],
        gateway=arn.strip(),
        aws_profile=aws.profile or "",
    )


def _with(node: OwnNode, health: Any) -> OwnNode:
    from dataclasses import replace

    mode, version = str(health.get("mode") or ""), str(health.get("version") or "")
    return replace(node, mode=mode or node.mode, version=version)


def _workflows(answer: Any) -> list[dict[str, Any]]:
    return [row for row in answer.get("workflows") or () if isinstance(row, dict)]


def _say_policy(context: Context, aws: Aws, node: OwnNode) -> None:
    """What the caller's own account must allow, where the node is in another one."""
    import json

    if aws.identity().account_id == node.account:
        return
    row = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": node.gateway}
    policy = {"Version": "2012-10-17", "Statement": [row]}
    context.streams.note(
        "the node is in another AWS account, so your own must allow the call, too, by this policy "
        "on your user or role:"
    )
    context.streams.explain(json.dumps(policy, indent=2))
