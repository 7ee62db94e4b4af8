"""Simulate whether an identity has permissions, before anything is done."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pennsieve_agent.aws.iam import find_role
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.errors import AwsError

_ASSUMED = re.compile(r"arn:(?P<p>[^:]+):sts::(?P<a>\d+):assumed-role/(?P<role>[^/]+)/.+")
_PERSON = re.compile(r"arn:[^:]+:iam::\d+:(user|role)/.+")


@dataclass(frozen=True, slots=True)
class Question:
    """Actions on one resource. ``context`` has lists for keys of many values."""

    actions: tuple[str, ...]
    resource: str
    context: Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An action that would be refused; by an explicit Deny, or by the organisation."""

    action: str
    forbidden: bool = False
    by_organization: bool = False


def principal_of(aws: Aws, identity: AwsIdentity) -> str | None:
    """The ARN of the user or role behind an identity; None where AWS can simulate neither.

    A session of an assumed role does not tell the role's path, which single sign-on has; it is
    asked for where that is allowed.
    """
    if _PERSON.fullmatch(identity.arn):
        return identity.arn
    match = _ASSUMED.fullmatch(identity.arn)
    if match is None:
        return None
    try:
        role = find_role(aws, match["role"])
    except AwsError:
        role = None
    return role.arn if role else f"arn:{match['p']}:iam::{match['a']}:role/{match['role']}"


def lacking(aws: Aws, principal: str, question: Question) -> tuple[Refusal, ...]:
    """The actions that AWS would refuse, as ``iam:SimulatePrincipalPolicy`` says.

    A refusal that hangs on a condition whose value is not known beforehand counts as none.

    Raises:
        AwsError: it cannot be simulated, or not by these credentials.

    """
    pages = aws.pages(
        "iam",
        "simulate_principal_policy",
        PolicySourceArn=principal,
        ActionNames=list(question.actions),
        ResourceArns=[question.resource],
        ContextEntries=[
            {
                "ContextKeyName": key,
                "ContextKeyValues": [value] if isinstance(value, str) else list(value),
                "ContextKeyType": "string" if isinstance(value, str) else "stringList",
            }
            for key, value in question.context.items()
        ],
    )
    rows = [row for page in pages for row in page["EvaluationResults"]]
    return tuple(
        Refusal(
            row["EvalActionName"],
            forbidden=row["EvalDecision"] == "explicitDeny",
            by_organization=not row.get("OrganizationsDecisionDetail", {}).get(
                "AllowedByOrganizations", True
            ),
        )
        for row in rows
        if row["EvalDecision"] != "allowed"
        and (row["EvalDecision"] == "explicitDeny" or not row.get("MissingContextValues"))
    )
