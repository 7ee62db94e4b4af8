"""Sharing an own node: a row on the node, and a statement in AWS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pennsieve_agent.cli.compute import node_choice, share_documents
from pennsieve_agent.console.shown import NOT_CHANGED, Shown, planned
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.aws.session import Aws
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.aws_principals import Principal
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.services.nodes.node_access import Grantees


def shareable(context: Context, name: str, aws: str | None, who: Grantees) -> OwnNode | ComputeNode:
    """The node, and whether it can be shared with whom it is to be shared.

    Raises:
        UsageProblem: it is the other kind of node, or somebody else's.
    """
    others = bool(who.user or who.team or who.workspace)
    if aws is None and not others:
        who.check()  # nobody is named: it says so
    node = node_choice.find(context, name)
    if not isinstance(node, OwnNode):
        if aws is not None:
            raise UsageProblem(
                f"Pennsieve runs compute node '{node.name}': it is shared on Pennsieve",
                hint="say with whom: --user EMAIL, --team TEAM or --workspace",
            )
        return node
    if aws is None or others:
        raise UsageProblem(
            f"compute node '{node.name}' is your own: it is shared with AWS identities",
            hint="give: --aws ARN --workflow WORKFLOW; the ARN is what a colleague sees with: "
            "aws sts get-caller-identity",
        )
    _check_owner(node)
    return node


def _check_owner(node: OwnNode) -> None:
    if not node.is_owned:
        raise UsageProblem(
            f"compute node '{node.name}' was shared with you; only its owner can share it",
            where=node.gateway,
            hint="ask the owner, or make a node of your own with: pennsieve compute register",
        )


def share(
    context: Context,
    node: OwnNode,
    who: str,
    workflows: Sequence[str],
    aws_profile: str | None,
    *,
    dry_run: bool,
) -> Shown:
    """Let an AWS identity run workflows through a node, and say what it reaches.

    Raises:
        UsageProblem: no workflow is named, or one is not on the node.
    """
    from pennsieve_agent.account.rights.caller_sentences import datasets_of
    from pennsieve_agent.account.world.node_shares import Share
    from pennsieve_agent.account.world.node_shares import share as put
    from pennsieve_agent.domain.aws_principals import parse_principal

    principal = parse_principal(who)
    if not workflows:
        raise UsageProblem(
            "which workflows may they run?", hint="name each one: --workflow WORKFLOW"
        )
    aws, calls = _open(context, node, aws_profile)
    rows = calls.ask("GET", "/workflows", admin=True).get("workflows") or ()
    chosen = [_pick(word, rows, node) for word in workflows]
    names = ", ".join(f"'{flow['name']}'" for flow in chosen)
    grants = calls.ask("GET", "/grants", admin=True).get("grants") or ()
    reached = _reached(names, datasets_of([str(flow["id"]) for flow in chosen], grants))
    if dry_run:
        return replace(
            planned(f"let {principal.arn} run {names} on compute node '{node.name}'"),
            notes=[reached, NOT_CHANGED],
        )
    row = put(aws, calls, node, Share(principal, tuple(str(flow["id"]) for flow in chosen)))
    document = {**_document(node, principal, shared=True), **share_documents.share(row)}
    return Shown(
        {**document, "gateway": node.gateway},
        f"{principal.arn} may run {names} on compute node '{node.name}'",
        [
            f"that is {principal.reaches}",
            reached,
            f"they type: pennsieve compute join {node.gateway}",
        ],
    )


def _reached(names: str, datasets: Sequence[str]) -> str:
    from pennsieve_agent.account.rights.statement_sentences import listing

    if not datasets:
        return (
            f"no dataset is granted to {names} yet; they can read the files of each dataset that is"
        )
    return (
        f"through {names} they reach {listing(sorted(datasets))}, also where they may not see it "
        "on Pennsieve"
    )


def _document(node: OwnNode, principal: Principal, *, shared: bool) -> dict[str, Any]:
    return {"id": node.token, "name": node.name, "arn": principal.arn, "shared": shared}


def _pick(word: str, rows: Sequence[Any], node: OwnNode) -> Any:
    from pennsieve_agent.domain.name_matching import pick

    return pick(
        word,
        rows,
        kind=f"workflow on compute node '{node.name}'",
        keys=lambda row: (str(row["id"]), str(row["name"])),
        list_command="pennsieve workflow list",
    )


def unshare(
    context: Context, node: OwnNode, who: str, aws_profile: str | None, *, dry_run: bool
) -> Shown:
    """Take a node from an AWS identity.

    Raises:
        UsageProblem: it was not shared with that one.
    """
    from pennsieve_agent.account.world.node_shares import unshare as take
    from pennsieve_agent.domain.aws_principals import parse_principal

    principal = parse_principal(who)
    aws, calls = _open(context, node, aws_profile)
    if dry_run:
        return planned(f"stop sharing compute node '{node.name}' with {principal.arn}")
    if not take(aws, calls, node, principal):
        raise UsageProblem(
            f"compute node '{node.name}' is not shared with {principal.arn}",
            hint=f"see with whom it is shared: pennsieve compute show '{node.name}'",
        )
    return Shown(
        _document(node, principal, shared=False),
        f"Compute node '{node.name}' is not shared with {principal.arn} any more",
    )


def _open(context: Context, node: OwnNode, aws_profile: str | None) -> tuple[Aws, NodeCalls]:

    aws = context.aws(node.region, aws_profile or node.aws_profile or None)
    return aws, context.calls_with(aws)(node)
