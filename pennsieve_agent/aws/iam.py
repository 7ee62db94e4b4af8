"""Read roles and policies of the account; the stack creates them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError


@dataclass(frozen=True, slots=True)
class IamRole:
    """A role. ``boundary`` is the ARN of its permissions boundary, empty when it has none."""

    name: str
    arn: str
    path: str
    boundary: str = ""
    trust: Mapping[str, Any] = field(default_factory=dict)
    session_seconds: int = 3600
    tags: Mapping[str, str] = field(default_factory=dict)


def find_role(aws: Aws, name: str) -> IamRole | None:
    """The role of this name, if there is one."""
    try:
        role = aws.call("iam", "get_role", RoleName=name)["Role"]
    except AwsError as error:
        if error.aws_code == "NoSuchEntity":
            return None
        raise
    return IamRole(
        name=role["RoleName"],
        arn=role["Arn"],
        path=role.get("Path", "/"),
        trust=role.get("AssumeRolePolicyDocument", {}),
        session_seconds=int(role.get("MaxSessionDuration", 3600)),
        boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        tags={tag["Key"]: tag["Value"] for tag in role.get("Tags", [])},
    )


def policy_exists(aws: Aws, arn: str) -> bool:
    """Whether there is a customer-managed policy of this ARN."""
    try:
        aws.call("iam", "get_policy", PolicyArn=arn)
    except AwsError as error:
        if error.aws_code == "NoSuchEntity":
            return False
        raise
    return True


def role_policy(aws: Aws, role: str, name: str) -> dict[str, Any] | None:
    """An inline policy of a role, by its name; None if there is none."""
    try:
        policy = aws.call("iam", "get_role_policy", RoleName=role, PolicyName=name)
    except AwsError as error:
        if error.aws_code == "NoSuchEntity":
            return None
        raise
    document: dict[str, Any] = policy["PolicyDocument"]
    return document


def role_policies(aws: Aws, role: str) -> dict[str, dict[str, Any]]:
    """All inline policies of a role, by their names."""
    pages = aws.pages("iam", "list_role_policies", RoleName=role)
    names = [name for page in pages for name in page["PolicyNames"]]
    return {name: document for name in names if (document := role_policy(aws, role, name))}


def attached_policies(aws: Aws, role: str) -> tuple[str, ...]:
    """The ARNs of the managed policies that are attached to a role."""
    pages = aws.pages("iam", "list_attached_role_policies", RoleName=role)
    return tuple(row["PolicyArn"] for page in pages for row in page["AttachedPolicies"])


def managed_policy(aws: Aws, arn: str) -> dict[str, Any] | None:
    """The present document of a customer-managed policy; None if there is none."""
    try:
        version = aws.call("iam", "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
        policy = aws.call("iam", "get_policy_version", PolicyArn=arn, VersionId=version)
    except AwsError as error:
        if error.aws_code == "NoSuchEntity":
            return None
        raise
    document: dict[str, Any] = policy["PolicyVersion"]["Document"]
    return document


def roles_called(aws: Aws, *prefixes: str) -> tuple[str, ...]:
    """The names of the roles that begin with one of the prefixes."""
    pages = aws.pages("iam", "list_roles")
    names = (row["RoleName"] for page in pages for row in page["Roles"])
    return tuple(name for name in names if name.startswith(prefixes))


def policies_called(aws: Aws, prefix: str) -> tuple[str, ...]:
    """The names of the customer-managed policies that begin with one of the prefixes."""
    pages = aws.pages("iam", "list_policies", Scope="Local")
    names = (row["PolicyName"] for page in pages for row in page["Policies"])
    return tuple(name for name in names if name.startswith(prefix))
