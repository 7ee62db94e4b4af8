"""Restrict the role that Pennsieve asks for, by Deny statements. Pure.

The served policy allows ``*`` nearly everywhere (``contracts/resources.md`` 1.10, "Verdict per
statement"). Its statements stay as they were served, so that a newer policy can be compared with
it; denials of ours are added, each of which takes nothing that the known provisioner needs. None
has been tried against hosted Pennsieve, so a role can be made as served, too.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.account.world.platform_trust import trusted_account
from pennsieve_agent.domain.iam_policies import many

REGION = "us-east-1"
"""Where Pennsieve builds, whatever is asked for (``contracts/resources.md`` 3.2)."""
SESSION_SECONDS = 3600
MARK = "Local"
"""What the names of our statements begin with."""
_GLOBAL = (
    "acm:*",
    "iam:*",
    "route53:*",
    "sts:*",
    "s3:ListAllMyBuckets",
    "ecr:GetAuthorizationToken",
)
_PASSED = ("ec2", "ecs-tasks", "events", "lambda", "states", "vpc-flow-logs")
_LINKED = ("autoscaling", "ecs", "elasticloadbalancing")


@dataclass(frozen=True, slots=True)
class Documents:
    """The two documents of a role."""

    trust: Mapping[str, Any]
    permissions: Mapping[str, Any]


def denials(account_id: str) -> list[dict[str, Any]]:
    """Deny what the role need not do (``contracts/resources.md`` 1.10, "safe tightenings")."""
    policy = f"arn:aws:iam::{account_id}:policy"
    boundary = f"{policy}/pennsieve-boundary-*"
    known = [
        boundary,
        f"{policy}/app_role_efs_policy-*",
        f"{policy}/*_task_execution_role_policy-*",
    ]
    changes = ("iam:AttachRolePolicy", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
               "iam:PutRolePolicy")  # fmt: skip
    sharing = ("ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute", "logs:PutDestination",
               "logs:PutDestinationPolicy", "logs:PutResourcePolicy",
               "logs:PutSubscriptionFilter")  # fmt: skip
    return [
        _deny("Region", {"NotAction": list(_GLOBAL)}, StringNotEquals={
            "aws:RequestedRegion": REGION}),
        _deny("PassRole", {"Action": "iam:PassRole"}, StringNotEquals={
            "iam:PassedToService": [f"{name}.amazonaws.com" for name in _PASSED]}),
        _deny("RolesWithoutBoundary", {"Action": list(changes)}, StringNotLike={
            "iam:PermissionsBoundary": boundary}),
        {"Sid": f"{MARK}OtherPolicies", "Effect": "Deny",
         "Action": ["iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion"],
         "NotResource": known},
        _deny("ServiceRoles", {"Action": "iam:CreateServiceLinkedRole"}, StringNotEquals={
            "iam:AWSServiceName": [f"{name}.amazonaws.com" for name in _LINKED]}),
        _deny("Sharing", {"Action": list(sharing)}),
        _deny("OpenFunctions", {"Action": "lambda:CreateFunctionUrlConfig"}, StringEquals={
            "lambda:FunctionUrlAuthType": "NONE"}),
        _deny("Domains", {"Action": ["acm:*", "route53:*"]}),
    ]  # fmt: skip


def _deny(name: str, what: Mapping[str, Any], **conditions: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": f"{MARK}{name}", "Effect": "Deny", **what, "Resource": "*"}
    return statement | ({"Condition": conditions} if conditions else {})


def hardened(served: Documents, account_id: str) -> Documents:
    """The served documents with our denials; only Pennsieve's own services may assume the role."""
    permissions = deepcopy(dict(served.permissions))
    permissions["Statement"] = [*many(permissions.get("Statement")), *denials(account_id)]
    trust = deepcopy(dict(served.trust))
    entering = f"arn:aws:iam::{trusted_account(served.trust)}:role/service-roles/*"
    for statement in many(trust.get("Statement")):
        statement.setdefault("Condition", {"ArnLike": {"aws:PrincipalArn": entering}})
    return Documents(trust, permissions)


def merged(now: Documents, served: Documents, *, harden: str = "") -> Documents:
    """What is served today, with the denials and conditions that the role has already.

    ``harden`` is the AWS account, to add our denials where they are missing.
    """
    fresh = many(served.permissions.get("Statement"))
    names = {statement.get("Sid") for statement in fresh}
    kept = [
        statement
        for statement in many(now.permissions.get("Statement"))
        if statement.get("Effect") == "Deny" and statement.get("Sid") not in names
        and statement not in fresh
    ]  # fmt: skip
    have = {statement.get("Sid") for statement in kept}
    more = [denial for denial in denials(harden) if denial["Sid"] not in have] if harden else []
    permissions = {**served.permissions, "Statement": [*fresh, *kept, *more]}
    trust = hardened(served, harden).trust if harden else served.trust
    return Documents(_with_conditions(now.trust, trust), permissions)


def _with_conditions(now: Mapping[str, Any], served: Mapping[str, Any]) -> dict[str, Any]:
    """The served trust policy, each statement with the conditions of the role's own."""
    trust = deepcopy(dict(served))
    demands = [s["Condition"] for s in many(now.get("Statement")) if s.get("Condition")]
    for statement in many(trust.get("Statement")):
        if demands:
            statement["Condition"] = {**statement.get("Condition", {}), **deepcopy(demands[0])}
    return trust


def wildcards(permissions: Mapping[str, Any]) -> tuple[str, ...]:
    """Every service of which a policy allows every action."""
    return tuple(
        action.partition(":")[0]
        for statement in many(permissions.get("Statement"))
        if statement.get("Effect") == "Allow"
        for action in many(statement.get("Action"))
        if action.endswith(":*") or action == "*"
    )


def diff(now: Mapping[str, Any], then: Mapping[str, Any], name: str) -> Sequence[str]:
    """The lines that differ between two documents, with the lines around them."""
    return tuple(difflib.unified_diff(_lines(now), _lines(then), f"{name} now", f"{name} then",
                                      lineterm=""))  # fmt: skip


def _lines(document: Mapping[str, Any]) -> list[str]:
    return list(_text(document)) if document else []


def _text(document: Mapping[str, Any]) -> Iterator[str]:
    yield from json.dumps(document, indent=2, sort_keys=True).splitlines()
