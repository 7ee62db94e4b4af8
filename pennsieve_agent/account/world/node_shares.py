"""With whom a node is shared: rows on the node, and the statements in AWS that follow them.

A row says which workflows somebody may run; a statement lets AWS pass the call on. The rows are
the truth: a statement that is missing is put again, and one without a row lets nobody do anything,
as the node refuses who has no row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.account.world.check_result import Check
from pennsieve_agent.aws.function_policy import (
    MOST_BYTES,
    allow_caller,
    forbid_caller,
    function_policy,
)
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.aws_principals import Principal, parse_principal
from pennsieve_agent.domain.node_calls import NodeCalls
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import UsageProblem

_PREFIX = "share-"
_ROOM = 512
"""Bytes that a statement takes at most: an ARN of 2,048 characters is none that IAM makes."""


@dataclass(frozen=True, slots=True)
class Share:
    """Somebody and the workflows, by their ids, that may be run through the node."""

    principal: Principal
    workflows: tuple[str, ...]
    at: str = ""

    def to_json(self) -> dict[str, Any]:
        """The share for ``--json``."""
        return {"arn": self.principal.arn, "workflows": list(self.workflows), "at": self.at}


@dataclass(frozen=True, slots=True)
class Shares:
    """The rows, and the ids of the statements in AWS."""

    rows: tuple[Share, ...] = ()
    statements: frozenset[str] = frozenset()
    bytes: int = 0

    @property
    def missing(self) -> tuple[Share, ...]:
        """Rows without a statement: AWS lets them not call."""
        return tuple(r for r in self.rows if r.principal.statement_id not in self.statements)

    @property
    def stray(self) -> tuple[str, ...]:
        """Statements of ours without a row: they may call, and are refused by the node."""
        ours = {row.principal.statement_id for row in self.rows}
        return tuple(sorted(s for s in self.statements - ours if s.startswith(_PREFIX)))


def read_rows(client: NodeCalls) -> tuple[Share, ...]:
    """The rows that the node has."""
    rows = client.ask("GET", "/shares", admin=True).get("shares") or []
    return tuple(_share(row) for row in rows)


def _share(row: Mapping[str, Any]) -> Share:
    workflows = tuple(str(workflow) for workflow in row.get("workflows") or ())
    return Share(parse_principal(str(row["arn"])), workflows, str(row.get("at") or ""))


def look_at_shares(aws: Aws, client: NodeCalls, node: OwnNode) -> Shares:
    """The rows on the node, and the statements in AWS."""
    statements = function_policy(aws, node.gateway)
    size = len(json.dumps(list(statements.values()), separators=(",", ":")))
    return Shares(read_rows(client), frozenset(statements), size)


def share(aws: Aws, client: NodeCalls, node: OwnNode, new: Share) -> Share:
    """Let somebody run workflows through a node, besides those of before.

    The row comes first: without it a call comes to nothing. May be repeated after a kill.

    Raises:
        UsageProblem: the node is shared with as many as AWS has room for.
        AwsError: AWS refused; there may be no such user or role.
        AgentError: the node refused.

    """
    before = look_at_shares(aws, client, node)
    _check_room(before, new.principal)
    known = next((r for r in before.rows if r.principal.arn == new.principal.arn), None)
    every = (*(known.workflows if known else ()), *new.workflows)
    workflows = tuple(dict.fromkeys(every))
    body = {"arn": new.principal.arn, "workflows": list(workflows)}
    client.ask("PUT", "/shares", body=body, admin=True)
    if new.principal.statement_id not in before.statements:
        allow_caller(aws, node.gateway, new.principal.statement_id, new.principal.arn)
    return Share(new.principal, workflows)


def _check_room(before: Shares, principal: Principal) -> None:
    if principal.statement_id in before.statements or before.bytes + _ROOM <= MOST_BYTES:
        return
    raise UsageProblem(
        f"the node is shared with {len(before.statements)} principals, and AWS allows no more",
        hint="share it with an account or a role that several people use",
    )


def unshare(aws: Aws, client: NodeCalls, node: OwnNode, principal: Principal) -> bool:
    """Take a node from somebody; whether it was shared with them. May be repeated."""
    before = look_at_shares(aws, client, node)
    forbid_caller(aws, node.gateway, principal.statement_id)
    rows = [row for row in before.rows if row.principal.arn == principal.arn]
    for row in rows:
        client.ask("DELETE", "/shares", {"arn": row.principal.arn}, admin=True)
    return bool(rows) or principal.statement_id in before.statements


def put_again(aws: Aws, client: NodeCalls, node: OwnNode) -> Sequence[Share]:
    """Put the statements that are missing; answers whose."""
    missing = look_at_shares(aws, client, node).missing
    for row in missing:
        allow_caller(aws, node.gateway, row.principal.statement_id, row.principal.arn)
    return missing


def share_check(shares: Shares, name: str) -> Check:
    """Whether everybody with a row can call, and nobody else."""
    why = "only principals in the function's resource policy can call the node"
    remedy = f"pennsieve compute update '{name}'"
    if shares.missing:
        people = ", ".join(row.principal.arn for row in shares.missing)
        finding = f"AWS does not allow calls of: {people}"
        return Check("shares", passed=False, finding=finding, why=why, remedy=remedy)
    if shares.stray:
        stray = ", ".join(shares.stray)
        finding = f"AWS allows calls of principals with whom the node is not shared: {stray}"
        remedy = "pennsieve compute unshare; or: aws lambda remove-permission --statement-id ID"
        return Check("shares", passed=False, finding=finding, why=why, remedy=remedy)
    people = ", ".join(row.principal.arn for row in shares.rows)
    return Check("shares", passed=True, finding=people or "nobody", why=why, remedy=remedy)
