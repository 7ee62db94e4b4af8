"""A right as data: what may be done to what, under which conditions, and why it is needed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]

VIA = "aws:CalledVia"
CLOUDFORMATION = "cloudformation.amazonaws.com"
MOST_POLICY_CHARACTERS = 6_144
"""The longest customer-managed policy that IAM accepts, without its white space."""
INSTALLER_HINT = (
    "ask the administrator of the AWS account for the permissions that this prints: "
    "pennsieve compute policy installer --json"
)
NO_RESOURCE = "AWS supports no resource-level permissions for it"
"""Why a right is about ``*`` (Service Authorization Reference, "Resource types")."""
MOST_POLICIES = 10
"""The most managed policies on one user or role (IAM User Guide, "IAM and AWS STS quotas")."""


@dataclass(frozen=True, slots=True)
class Right:
    """Actions on resources of one kind. ``needed`` is False for what only checks use."""

    sid: str
    why: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    needed: bool = True
    via_cloudformation: bool = False

    @property
    def statement(self) -> Document:
        """The statement that gives it."""
        resources = list(self.resources)
        statement: Document = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": resources[0] if len(resources) == 1 else resources,
        }
        conditions = {operator: dict(keys) for operator, keys in self.conditions.items()}
        if self.via_cloudformation:
            conditions["ForAnyValue:StringEquals"] = {VIA: CLOUDFORMATION}
        return statement | ({"Condition": conditions} if conditions else {})


def document(rights: Iterable[Right]) -> Document:
    """One policy that gives all of them, however long it is."""
    return {"Version": "2012-10-17", "Statement": [right.statement for right in rights]}


def documents(rights: Iterable[Right]) -> tuple[Document, ...]:
    """As few policies as possible, none longer than IAM accepts; each right stays whole."""
    policies: list[list[Right]] = [[]]
    for right in rights:
        if policies[-1] and length(document([*policies[-1], right])) > MOST_POLICY_CHARACTERS:
            policies.append([])
        policies[-1].append(right)
    return tuple(document(policy) for policy in policies)


def length(policy: Document) -> int:
    """How long a policy is as IAM counts: without white space."""
    return len(json.dumps(policy, separators=(",", ":")))
