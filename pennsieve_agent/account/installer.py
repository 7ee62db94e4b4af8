"""The least rights of whoever registers a node: what this program, and CloudFormation for it, do.

Each :class:`Right` says why it is needed. AWS makes the stack's resources with the rights of the
person who asked for the stack; those rights are given only for calls that come by way of
CloudFormation (``aws:CalledVia``). Resources are narrowed to our names wherever AWS knows resources
for the action; with the token ``*`` the names stand for all nodes of the account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pennsieve_agent.account.names import NodeNames, node_names
from pennsieve_agent.aws.values import AwsIdentity

Document = dict[str, Any]

VIA = "aws:CalledVia"
CLOUDFORMATION = "cloudformation.amazonaws.com"
MOST_POLICY_CHARACTERS = 6_144
"""The longest customer-managed policy that IAM takes, without its white space."""


@dataclass(frozen=True, slots=True)
class Right:
    """Actions on resources of one kind. ``needed`` is False for what only ``doctor`` looks at."""

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
        found: Document = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": resources[0] if len(resources) == 1 else resources,
        }
        conditions = {operator: dict(keys) for operator, keys in self.conditions.items()}
        if self.via_cloudformation:
            conditions["ForAnyValue:StringEquals"] = {VIA: CLOUDFORMATION}
        return found | ({"Condition": conditions} if conditions else {})


def all_nodes(identity: AwsIdentity) -> NodeNames:
    """The names of every node that an account can have."""
    return node_names("*", "*", replace(identity, region="*"))


def installer_policy(names: NodeNames, boundary: str = "") -> Document:
    """The policy to give to whoever registers nodes. ``boundary`` is an organisation's own."""
    rights = installer_rights(names, boundary)
    return {"Version": "2012-10-17", "Statement": [right.statement for right in rights]}


def installer_rights(names: NodeNames, boundary: str = "") -> tuple[Right, ...]:
    """Everything that registering, checking and removing nodes needs."""
    return (*_own_calls(names, boundary), *_looks(names), *_made_by_stack(names, boundary))


def _own_calls(names: NodeNames, boundary: str) -> Sequence[Right]:
    stack = names.arn("cloudformation", f"stack/{names.stack}/*")
    bucket = f"arn:{names.partition}:s3:::{names.bucket}"
    changes = _actions("cloudformation", "CreateChangeSet DeleteChangeSet DeleteStack")
    reads = _actions("cloudformation", "DescribeStackEvents DescribeStackResources")
    sets = _actions("cloudformation", "DescribeChangeSet ExecuteChangeSet GetTemplate TagResource")
    listing = ("s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions")
    emptying = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion")
    policies = (names.boundary_arn, *((boundary,) if boundary else ()))
    return (
        Right("Stacks", "plan, make, follow and delete the node's stack",
              (*changes, *reads, *sets), (stack,)),
        Right("FindStacks", "find the stack by its tags; AWS knows no resource for a list",
              ("cloudformation:DescribeStacks",), ("*",)),
        Right("LookIntoBucket", "count what a removal deletes", listing, (bucket,)),
        Right("EmptyBucket", "empty the node's bucket before its stack goes",
              emptying, (f"{bucket}/*",)),
        Right("LookAtRoles", "see whether the role is there, and as it should be",
              ("iam:GetRole", "iam:GetRolePolicy"), _roles(names)),
        Right("LookAtBoundary", "see whether the boundary is there, and as it should be",
              ("iam:GetPolicy", "iam:GetPolicyVersion"), policies),
        Right("ProveTableGone", "see that a removal left no table",
              ("dynamodb:DescribeTable",), (names.arn("dynamodb", f"table/{names.table}"),)),
        Right("ProveLogsGone", "see that a removal left no log group",
              ("logs:DescribeLogGroups",), (names.arn("logs", "log-group:*"),)),
    )  # fmt: skip


def _looks(names: NodeNames) -> Sequence[Right]:
    people = tuple(names.arn("iam", f"{kind}/*", regional=False) for kind in ("user", "role"))
    return (
        Right("CheckRights", "name every missing right before anything is made",
              ("iam:SimulatePrincipalPolicy",), people, needed=False),
        Right("FindLeftovers", "find what failed registrations left; AWS knows no resource for a "
              "list", ("iam:ListPolicies", "iam:ListRoles"), ("*",), needed=False),
    )  # fmt: skip


def _made_by_stack(names: NodeNames, boundary: str) -> Sequence[Right]:
    bucket = f"arn:{names.partition}:s3:::{names.bucket}"
    bounded = {"StringLike": {"iam:PermissionsBoundary": boundary or names.boundary_arn}}
    role = _roles(names)[:1]
    table = (names.arn("dynamodb", f"table/{names.table}"),)
    group = (names.arn("logs", f"log-group:{names.log_group}*"),)

    def made(
        sid: str, why: str, actions: tuple[str, ...], resources: tuple[str, ...], **more: Any
    ) -> Right:
        return Right(sid, why, actions, resources, via_cloudformation=True, **more)

    own_boundary = made(
        "MakeBoundary", "make the boundary that bounds the role",
        _actions("iam", "CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion"
                 " ListEntitiesForPolicy ListPolicyVersions"), (names.boundary_arn,),
    )  # fmt: skip
    return (
        made("MakeBoundedRole", "make the role, never without its boundary",
             _actions("iam", "CreateRole PutRolePermissionsBoundary PutRolePolicy"), role,
             conditions=bounded),
        made("ChangeRole", "change and delete the role",
             _actions("iam", "DeleteRole DeleteRolePolicy ListAttachedRolePolicies ListRolePolicies"
                      " TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription"),
             role),
        *(() if boundary else (own_boundary,)),
        made("MakeBucket", "make the private bucket", _actions("s3", _BUCKET), (bucket,)),
        made("MakeTable", "make the journal's table", _actions("dynamodb", _TABLE), table),
        made("MakeLogGroup", "make the log group", _actions("logs", _LOG_GROUP), group),
    )  # fmt: skip


_BUCKET = (
    "CreateBucket DeleteBucket DeleteBucketPolicy GetBucketPolicy GetBucketTagging"
    " PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging"
    " PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration"
)
_TABLE = (
    "CreateTable DeleteTable DescribeContinuousBackups DescribeTimeToLive ListTagsOfResource"
    " TagResource UntagResource UpdateContinuousBackups UpdateTable UpdateTimeToLive"
)
_LOG_GROUP = (
    "CreateLogGroup DeleteLogGroup DeleteRetentionPolicy ListTagsForResource PutRetentionPolicy"
    " TagResource UntagResource"
)


def _roles(names: NodeNames) -> tuple[str, ...]:
    older = "ROLE-*" if names.token == "*" else names.role  # noqa: S105 - no password
    role = names.arn("iam", f"role/{names.role}", regional=False)
    return tuple(dict.fromkeys((role, names.arn("iam", f"role/{older}", regional=False))))


def _actions(service: str, words: str) -> tuple[str, ...]:
    return tuple(f"{service}:{word}" for word in words.split())
