"""Roles and policies of the account. The program reads them; the stack makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError


@dataclass(frozen=True, slots=True)
class IamRole:
    """A role. ``boundary`` is the ARN of its permissions boundary, empty when it has none."""

    name: str
    arn: str
    path: str
    boundary: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def find_role(aws: Aws, name: str) -> IamRole | None:
    """The role of this name, if there is one."""
    try:
        found = aws.call("iam", "get_role", RoleName=name)["Role"]
    except AwsError as error:
        if error.aws_code == "NoSuchEntity":
            return None
        raise
    return IamRole(
        name=found["RoleName"],
        arn=found["Arn"],
        path=found.get("Path", "/"),
        boundary=found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        tags={tag["Key"]: tag["Value"] for tag in found.get("Tags", [])},
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
