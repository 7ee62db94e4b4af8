"""Where a node keeps things: its bucket, its table, its logs, its images, and its key."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.bucket_rules import LOG_DAYS, lifecycle_rules
from pennsieve_agent.account.stack.guards import bucket_tls_only, key_policy
from pennsieve_agent.account.stack.run_files import run_files
from pennsieve_agent.account.stack.template_parts import (
    KEY_DAYS,
    Resource,
    Resources,
    attribute,
    builds_images,
    deleted_with_the_stack,
    has_key,
    marked,
    ref,
    tags,
)


def storage(spec: NodeSpec) -> Resources:
    """Everything that is stored."""
    return {
        **bucket_resources(spec),
        "Journal": _journal(spec),
        "Logs": _log_group(spec, spec.names.log_group),
        "FunctionLogs": _log_group(spec, spec.names.functions_log_group),
        **_build_logs(spec),
        **_repositories(spec),
        **run_files(spec),
    }


def bucket_resources(spec: NodeSpec) -> Resources:
    """The bucket with its policy, and the key that encrypts what is in it."""
    return {
        "Bucket": _bucket(spec),
        "BucketTlsOnly": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": ref("Bucket"),
                "PolicyDocument": bucket_tls_only(spec.names),
            },
        },
        **(_key(spec) if has_key(spec) else {}),
    }


def _bucket(spec: NodeSpec) -> Resource:
    block = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    how: dict[str, Any] = {"SSEAlgorithm": "AES256"}
    if has_key(spec):
        how = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": attribute("Key", "Arn")}
    encryption = {"ServerSideEncryptionByDefault": how, "BucketKeyEnabled": has_key(spec)}
    return {
        "Type": "AWS::S3::Bucket",
        **deleted_with_the_stack(),
        "Properties": {
            "BucketName": spec.names.bucket,
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
            "VersioningConfiguration": {"Status": "Enabled"},
            "PublicAccessBlockConfiguration": dict.fromkeys(block, True),
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "LifecycleConfiguration": {"Rules": lifecycle_rules()},
            # S3 Files hears of changes by EventBridge; a change of the bucket must not end that.
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
            "Tags": tags(spec),
        },
    }


def _journal(spec: NodeSpec) -> Resource:
    key = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": attribute("Key", "Arn")}
    return {
        "Type": "AWS::DynamoDB::Table",
        **deleted_with_the_stack(),
        "Properties": {
            "TableName": spec.names.table,
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
            **({"SSESpecification": key} if has_key(spec) else {}),
            "Tags": tags(spec),
        },
    }


def _build_logs(spec: NodeSpec) -> Resources:
    if not builds_images(spec):
        return {}
    return {"BuildLogs": _log_group(spec, spec.names.builds_log_group)}


def _log_group(spec: NodeSpec, name: str) -> Resource:
    key = {"KmsKeyId": attribute("Key", "Arn")} if has_key(spec) else {}
    return {
        "Type": "AWS::Logs::LogGroup",
        **deleted_with_the_stack(),
        "Properties": {
            "LogGroupName": name,
            "RetentionInDays": LOG_DAYS,
            "Tags": tags(spec),
            **key,
        },
    }


def _repositories(spec: NodeSpec) -> Resources:
    """For images of the node's own. A tag never comes to mean another image."""
    repositories = {
        "WorkflowImages": spec.names.workflow_images,
        "TransferImages": spec.names.transfer_images,
    }
    how: dict[str, Any] = {"EncryptionType": "AES256"}
    if has_key(spec):
        how = {"EncryptionType": "KMS", "KmsKey": attribute("Key", "Arn")}
    return {
        logical_id: {
            "Type": "AWS::ECR::Repository",
            "Properties": {
                "RepositoryName": name,
                "ImageTagMutability": "IMMUTABLE",
                "ImageScanningConfiguration": {"ScanOnPush": True},
                "EncryptionConfiguration": how,
                "Tags": tags(spec),
            },
        }
        for logical_id, name in repositories.items()
    }


def _key(spec: NodeSpec) -> Resources:
    return {
        "Key": {
            "Type": "AWS::KMS::Key",
            **deleted_with_the_stack(),
            "Properties": {
                "Description": f"What {spec.names.stack} stores",
                "EnableKeyRotation": True,
                "PendingWindowInDays": KEY_DAYS,
                "KeyPolicy": key_policy(spec.names),
                "Tags": marked(spec),
            },
        },
        "KeyName": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": f"alias/{spec.names.stack}", "TargetKeyId": ref("Key")},
        },
    }
