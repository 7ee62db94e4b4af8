"""How roles differ from what a template says about them. Pure.

AWS keeps a policy as it was sent, except for what a template leaves to CloudFormation (``Ref``,
``Fn::GetAtt`` and the like), which by then has become a string: any string counts as equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.account.spec.names import STACK_PREFIX
from pennsieve_agent.aws.iam import IamRole
from pennsieve_agent.domain.iam_policies import many

_POLICIES = {"AWS::IAM::Policy", "AWS::IAM::RolePolicy"}


@dataclass(frozen=True, slots=True)
class ExpectedRole:
    """A role as a template makes it; ``trust`` is None where it only puts a policy on it."""

    name: str
    trust: Mapping[str, Any] | None = None
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    attached: tuple[Any, ...] = ()
    boundary: Any = None


@dataclass(frozen=True, slots=True)
class ActualRole:
    """A role at present: itself, the policies written on it, and the ARNs of those attached."""

    role: IamRole
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    attached: tuple[str, ...] = ()


def expected_roles(template: Mapping[str, Any]) -> tuple[ExpectedRole, ...]:
    """The roles that a template creates, or adds policies to."""
    resources: Mapping[str, Any] = template["Resources"]
    roles: dict[str, ExpectedRole] = {}
    for body in resources.values():
        if body["Type"] == "AWS::IAM::Role":
            role = _role(body["Properties"])
            roles[role.name] = role
    for body in resources.values():
        if body["Type"] in _POLICIES:
            properties = body["Properties"]
            for name in _names(properties, resources):
                before = roles.get(name, ExpectedRole(name))
                policy = {properties["PolicyName"]: properties["PolicyDocument"]}
                roles[name] = ExpectedRole(
                    name, before.trust, {**before.policies, **policy},
                    before.attached, before.boundary,
                )  # fmt: skip
    return tuple(roles.values())


def role_drift(expected: ExpectedRole, actual: ActualRole | None) -> Iterator[str]:
    """What is different about a role, a few words for each difference."""
    name = expected.name
    if actual is None:
        yield f"role {name} does not exist"
        return
    if expected.trust is not None and not fits(expected.trust, actual.role.trust):
        yield f"the trust policy of role {name}"
    if expected.boundary is not None and not fits(expected.boundary, actual.role.boundary):
        yield f"the permissions boundary of role {name}"
    yield from _policy_drift(expected, actual)


def _policy_drift(expected: ExpectedRole, actual: ActualRole) -> Iterator[str]:
    name = expected.name
    for policy, document in expected.policies.items():
        if policy not in actual.policies:
            yield f"policy {policy} of role {name} does not exist"
        elif not fits(document, actual.policies[policy]):
            yield f"policy {policy} of role {name}"
    for policy in sorted(set(actual.policies) - set(expected.policies)):
        # The account has one role for Pennsieve: each node puts its own policy on it.
        if not (policy.startswith(STACK_PREFIX) and policy.endswith("-access")):
            yield f"policy {policy} was added to role {name}"
    if expected.trust is None:
        return
    for arn in actual.attached:
        if not any(fits(pattern, arn) for pattern in expected.attached):
            yield f"policy {arn} was attached to role {name}"


def fits(expected: Any, actual: Any) -> bool:
    """Whether what exists is what the template says."""
    if _is_intrinsic(expected):
        return isinstance(actual, str) and bool(actual)
    if isinstance(expected, Mapping):
        return (
            isinstance(actual, Mapping)
            and set(expected) == set(actual)
            and all(fits(value, actual[key]) for key, value in expected.items())
        )
    if isinstance(expected, (list, tuple)):
        return (
            isinstance(actual, (list, tuple))
            and len(expected) == len(actual)
            and all(fits(inner, other) for inner, other in zip(expected, actual, strict=True))
        )
    return bool(expected == actual)


def _is_intrinsic(value: Any) -> bool:
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    (key,) = value
    return key == "Ref" or str(key).startswith("Fn::")


def _role(properties: Mapping[str, Any]) -> ExpectedRole:
    return ExpectedRole(
        name=str(properties["RoleName"]),
        trust=properties["AssumeRolePolicyDocument"],
        policies={p["PolicyName"]: p["PolicyDocument"] for p in properties.get("Policies", ())},
        attached=tuple(properties.get("ManagedPolicyArns", ())),
        boundary=properties.get("PermissionsBoundary"),
    )


def _names(properties: Mapping[str, Any], resources: Mapping[str, Any]) -> Iterator[str]:
    for role in many(properties.get("Roles", properties.get("RoleName"))):
        if isinstance(role, Mapping):
            yield str(resources[role["Ref"]]["Properties"]["RoleName"])
        else:
            yield str(role)
