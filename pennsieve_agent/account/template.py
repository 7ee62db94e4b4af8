"""The node's stack as a CloudFormation template, made by a pure function.

Nothing in it costs money while nothing runs: the bucket, the table (on demand) and the log group
are paid by what is in them. Physical names are ours, so that nobody has to read outputs.
"""

from __future__ import annotations

from typing import Any

from pennsieve_agent.account.extras import Extras
from pennsieve_agent.account.names import NodeNames, node_tags
from pennsieve_agent.account.policies import (
    SESSION_SECONDS,
    bucket_tls_only,
    platform_access,
    platform_boundary,
    platform_trust,
)

MAX_TEMPLATE_BYTES = 51_200
"""The longest template text that CloudFormation takes in a request."""

LOG_DAYS = 90
OLD_VERSION_DAYS = 30
UNFINISHED_UPLOAD_DAYS = 7

Resource = dict[str, Any]


NO_EXTRAS = Extras()


def node_template(
    names: NodeNames,
    platform_account_id: str,
    external_id: str,
    node_name: str = "",
    extras: Extras = NO_EXTRAS,
) -> dict[str, Any]:
    """The stack of a node whose account is not registered yet: it makes the platform's role."""
    trust = platform_trust(platform_account_id, external_id, names.partition)
    tags = _tags(names, node_name, extras)
    resources = {
        **({} if extras.boundary else {"Boundary": _boundary(names)}),
        "PlatformRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": names.role,
                "Path": "/",
                "Description": "Assumed by Pennsieve to reach the compute nodes of this account",
                "MaxSessionDuration": SESSION_SECONDS,
                "PermissionsBoundary": extras.boundary or {"Ref": "Boundary"},
                "AssumeRolePolicyDocument": trust,
                "Tags": tags,
            },
        },
        **_access(names, {"Ref": "PlatformRole"}),
        **_storage(names, tags),
    }
    return _template(resources)


def sharing_template(
    names: NodeNames, node_name: str = "", extras: Extras = NO_EXTRAS
) -> dict[str, Any]:
    """The stack of a further node: the account's one role is there and gets access to this one."""
    tags = _tags(names, node_name, extras)
    return _template({**_access(names, names.role), **_storage(names, tags)})


def _template(resources: dict[str, Resource]) -> dict[str, Any]:
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "A Pennsieve compute node. Made by the pennsieve command; remove it with: "
        "pennsieve compute remove",
        "Resources": resources,
    }


def _boundary(names: NodeNames) -> Resource:
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "ManagedPolicyName": names.boundary,
            "Path": "/",
            "Description": "The most that roles of Pennsieve compute nodes can do. Owned by you",
            "PolicyDocument": platform_boundary(names),
        },
    }


def _access(names: NodeNames, role: object) -> dict[str, Resource]:
    return {
        "PlatformAccess": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": names.access_policy,
                "PolicyDocument": platform_access(names),
                "Roles": [role],
            },
        }
    }


def _storage(names: NodeNames, tags: list[dict[str, str]]) -> dict[str, Resource]:
    return {
        "Bucket": _bucket(names, tags),
        "BucketTlsOnly": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": bucket_tls_only(names),
            },
        },
        "Journal": _journal(names, tags),
        "Logs": {
            "Type": "AWS::Logs::LogGroup",
            **_deleted_with_the_stack(),
            "Properties": {
                "LogGroupName": names.log_group,
                "RetentionInDays": LOG_DAYS,
                "Tags": tags,
            },
        },
    }


def _bucket(names: NodeNames, tags: list[dict[str, str]]) -> Resource:
    block = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    rule = {
        "Id": "OldVersionsAndUnfinishedUploads",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_VERSION_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_UPLOAD_DAYS},
    }
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    return {
        "Type": "AWS::S3::Bucket",
        **_deleted_with_the_stack(),
        "Properties": {
            "BucketName": names.bucket,
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
            "VersioningConfiguration": {"Status": "Enabled"},
            "PublicAccessBlockConfiguration": dict.fromkeys(block, True),
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "LifecycleConfiguration": {"Rules": [rule]},
            "Tags": tags,
        },
    }


def _journal(names: NodeNames, tags: list[dict[str, str]]) -> Resource:
    return {
        "Type": "AWS::DynamoDB::Table",
        **_deleted_with_the_stack(),
        "Properties": {
            "TableName": names.table,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
            "Tags": tags,
        },
    }


def _deleted_with_the_stack() -> Resource:
    # Removal is asked for, shown and confirmed; what stayed behind would cost money unseen.
    return {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Retain"}


def _tags(names: NodeNames, node_name: str, extras: Extras) -> list[dict[str, str]]:
    tags = node_tags(names, node_name) | dict(extras.tags)
    return [{"Key": key, "Value": value} for key, value in tags.items()]
