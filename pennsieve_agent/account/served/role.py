"""Create, change and delete the role in AWS. Everything can be repeated after a kill."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pennsieve_agent.account.rights.right import Right
from pennsieve_agent.account.served.hardening import SESSION_SECONDS, Documents
from pennsieve_agent.account.spec.names import MANAGER, MANAGER_TAG, tag_value
from pennsieve_agent.aws.iam import (
    IamRole,
    attached_policies,
    find_role,
    role_policies,
    role_policy,
)
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.errors import AwsError

SERVED_TAG = "pennsieve:served"
"""On a role that this program made of served documents; its value is the node's name."""
VISIBLE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class ServedRole:
    """The role as it should be. ``boundary`` is an organisation's, empty for none."""

    name: str
    documents: Documents
    hardened: bool = True
    boundary: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def policy_name(role: str) -> str:
    """What the policy on the role is called (``contracts/resources.md`` 1.10)."""
    return f"POLICY-{role}"


def documents_of(aws: Aws, role: IamRole) -> Documents:
    """What the role says now; an empty policy when it has none of ours."""
    return Documents(role.trust, role_policy(aws, role.name, policy_name(role.name)) or {})


def make(aws: Aws, role: ServedRole, node: str, sleep: Callable[[float], None]) -> None:
    """Make the role, or finish it after a kill; returns when IAM shows it.

    Raises:
        AwsError: AWS refuses. A role without its policy stays, and is finished next time.

    """
    tags = {**role.tags, MANAGER_TAG: MANAGER, SERVED_TAG: tag_value(node)}
    bounded = {"PermissionsBoundary": role.boundary} if role.boundary else {}
    try:
        aws.call(
            "iam",
            "create_role",
            RoleName=role.name,
            AssumeRolePolicyDocument=json.dumps(role.documents.trust),
            Description="Lets Pennsieve run a compute node",
            MaxSessionDuration=SESSION_SECONDS,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            **bounded,
        )
    except AwsError as error:
        if error.aws_code != "EntityAlreadyExists":
            raise
    put(aws, role.name, role.documents)
    for pause in pauses(VISIBLE_SECONDS):
        if find_role(aws, role.name) is not None:
            return
        sleep(pause)
    raise AwsError(f"AWS does not show role {role.name} yet", hint="run the same command again")


def put(aws: Aws, name: str, documents: Documents) -> None:
    """Write both documents on the role that is there, and the shorter session."""
    aws.call(
        "iam",
        "put_role_policy",
        RoleName=name,
        PolicyName=policy_name(name),
        PolicyDocument=json.dumps(documents.permissions),
    )
    aws.call(
        "iam",
        "update_assume_role_policy",
        RoleName=name,
        PolicyDocument=json.dumps(documents.trust),
    )
    aws.call("iam", "update_role", RoleName=name, MaxSessionDuration=SESSION_SECONDS)


def delete(aws: Aws, name: str) -> None:
    """Delete the role with everything attached to it; fine if there is none.

    Raises:
        AwsError: AWS refuses.

    """
    if find_role(aws, name) is None:
        return
    for policy in role_policies(aws, name):
        aws.call("iam", "delete_role_policy", RoleName=name, PolicyName=policy)
    for arn in attached_policies(aws, name):
        aws.call("iam", "detach_role_policy", RoleName=name, PolicyArn=arn)
    pages = aws.pages("iam", "list_instance_profiles_for_role", RoleName=name)
    for profile in [
        row["InstanceProfileName"] for page in pages for row in page["InstanceProfiles"]
    ]:
        aws.call(
            "iam", "remove_role_from_instance_profile", RoleName=name, InstanceProfileName=profile
        )
    aws.call("iam", "delete_role", RoleName=name)


def rights(arn: str) -> tuple[Right, ...]:
    """The permissions to register such a node: everything with this one role."""
    changes = (
        "CreateRole DeleteRole DeleteRolePolicy DetachRolePolicy GetRole GetRolePolicy"
        " ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies PutRolePolicy"
        " RemoveRoleFromInstanceProfile TagRole UpdateAssumeRolePolicy UpdateRole"
    )
    return (
        Right(
            "ServedRole",
            "create, change and delete the one role that Pennsieve assumes",
            tuple(f"iam:{word}" for word in changes.split()),
            (arn,),
        ),
    )
