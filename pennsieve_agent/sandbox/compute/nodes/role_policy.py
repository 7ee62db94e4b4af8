"""The role the platform asks for (``contracts/resources.md`` 1.8 to 1.10), as it is served.

The permission policy is as wide as the real one: what a client must cope with, not a model.
"""

from __future__ import annotations

import secrets
from typing import Any

from pennsieve_agent.sandbox.host.world import PLATFORM_ACCOUNT_ID
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

ROLE_PREFIX = "Pennsieve-Compute-"

_SERVICES = (
    "ec2 ecr ecs elasticfilesystem lambda s3 states kms logs dynamodb autoscaling"
    " elasticloadbalancing route53 acm"
)
_SSM = (
    "GetParameter GetParameters PutParameter DeleteParameter DescribeParameters AddTagsToResource"
    " RemoveTagsFromResource ListTagsForResource"
)
_EVENTS = (
    "PutRule DeleteRule DescribeRule EnableRule DisableRule PutTargets RemoveTargets"
    " ListTargetsByRule TagResource UntagResource ListTagsForResource"
)
_BEDROCK = (
    "CreateGuardrail DeleteGuardrail GetGuardrail UpdateGuardrail CreateGuardrailVersion"
    " DeleteGuardrailVersion ListGuardrails TagResource UntagResource ListTagsForResource"
)
_IAM = (
    "CreateRole DeleteRole GetRole PassRole TagRole UntagRole PutRolePolicy GetRolePolicy"
    " DeleteRolePolicy AttachRolePolicy DetachRolePolicy ListRolePolicies"
    " ListAttachedRolePolicies CreateInstanceProfile DeleteInstanceProfile"
    " AddRoleToInstanceProfile RemoveRoleFromInstanceProfile GetInstanceProfile"
    " ListInstanceProfilesForRole CreatePolicy DeletePolicy GetPolicy GetPolicyVersion"
    " ListPolicyVersions CreatePolicyVersion DeletePolicyVersion"
)
_SELF = (
    "PutRolePolicy DeleteRolePolicy AttachRolePolicy DetachRolePolicy UpdateRole"
    " UpdateAssumeRolePolicy"
)


def routes() -> list[Route]:
    """The routes."""
    return [
        Route("GET", "/compute/resources/role-policy", Scheme.USER, _serve),
    ]


def permission_policy() -> dict[str, Any]:
    """The five statements of 1.10."""
    services = [f"{service}:*" for service in _SERVICES.split()]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AllowServices",
                "Effect": "Allow",
                "Action": [
                    *services,
                    *_actions("ssm", _SSM),
                    *_actions("events", _EVENTS),
                    *_actions("bedrock", _BEDROCK),
                    "sts:GetCallerIdentity",
                    "iam:CreateServiceLinkedRole",
                ],
                "Resource": "*",
            },
            {
                "Sid": "AllowIAMRoleManagement",
                "Effect": "Allow",
                "Action": _actions("iam", _IAM),
                "Resource": "*",
            },
            {
                "Sid": "DenyCreateRoleWithoutBoundary",
                "Effect": "Deny",
                "Action": "iam:CreateRole",
                "Resource": "*",
                "Condition": {
                    "StringNotLike": {
                        "iam:PermissionsBoundary": "arn:aws:iam::*:policy/pennsieve-boundary-*"
                    }
                },
            },
            {
                "Sid": "DenyBoundaryStripping",
                "Effect": "Deny",
                "Action": "iam:DeleteRolePermissionsBoundary",
                "Resource": "*",
            },
            {
                "Sid": "DenySelfModification",
                "Effect": "Deny",
                "Action": _actions("iam", _SELF),
                "Resource": [f"arn:aws:iam::*:role/{ROLE_PREFIX}*", "arn:aws:iam::*:role/ROLE-*"],
            },
        ],
    }


def trust_policy() -> dict[str, Any]:
    """The trust policy of 1.9: the whole platform account, without a condition."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": PLATFORM_ACCOUNT_ID},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def _actions(service: str, names: str) -> list[str]:
    return [f"{service}:{name}" for name in names.split()]


def _serve(_request: Request) -> Response:
    """A role name, new on every call, and both policies (1.8)."""
    body = {
        "roleName": f"{ROLE_PREFIX}dev-{secrets.token_hex(4)}",
        "policyDocument": permission_policy(),
        "trustPolicyDocument": trust_policy(),
    }
    return Response(200, body, {"Content-Type": "application/json"})
