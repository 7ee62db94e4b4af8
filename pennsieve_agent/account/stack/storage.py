"""Where a node keeps things: its bucket, its table, its file system, its logs, and its key."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.guards import bucket_tls_only, files_policy, key_policy
from pennsieve_agent.account.stack.network import subnet_ids
from pennsieve_agent.account.stack.template_parts import (
    KEY_DAYS,
    Resource,
    Resources,
    attribute,
    deleted_with_the_stack,
    has_key,
    marked,
    ref,
    tags,
)
from pennsieve_agent.domain.step_files import FILES_PREFIX, RUNS_FOLDER, SHARED_UID
from pennsieve_agent.node.records.run_store import DOCUMENT_SECONDS
from pennsieve_agent.node.runs.large_answers import ANSWERS
from pennsieve_agent.node.table import DOCUMENTS

LOG_DAYS = 90
OLD_VERSION_DAYS = 30
UNFINISHED_UPLOAD_DAYS = 7
RUN_OBJECT_DAYS = 30
"""What is a run's is deleted with it; this is for a run whose end was cut off."""
FILES_VERSION_DAYS = 1
IMPORT_BYTES = 131_072
"""A smaller file is copied to the fast storage when its folder is first listed; a larger one is
read from the bucket, which costs no throughput ("How S3 Files is metered",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-metering.html)."""
FAST_DAYS = 1
"""How long the fast storage keeps what nobody reads; the least that AWS takes."""


def storage(spec: NodeSpec) -> Resources:
    """Everything that is stored."""
    return {
        **bucket_resources(spec),
        "Journal": _journal(spec),
        "Logs": _log_group(spec, spec.names.log_group),
        "FunctionLogs": _log_group(spec, spec.names.functions_log_group),
        **_repositories(spec),
        **_files(spec),
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
    old = {
        "Id": "OldVersionsAndUnfinishedUploads",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_VERSION_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_UPLOAD_DAYS},
    }
    runs = {
        "Id": "WhatRunsWereTold",
        "Status": "Enabled",
        "Prefix": "runs/",
        "ExpirationInDays": RUN_OBJECT_DAYS,
    }
    files = {
        "Id": "FilesOfRuns",
        "Status": "Enabled",
        "Prefix": f"{FILES_PREFIX}{RUNS_FOLDER}/",
        "ExpirationInDays": RUN_OBJECT_DAYS,
        "NoncurrentVersionExpiration": {"NoncurrentDays": FILES_VERSION_DAYS},
    }
    markers = {  # what deletes objects cannot, in one rule, delete the marks of deleted ones
        "Id": "MarksOfDeletedFiles",
        "Status": "Enabled",
        "Prefix": FILES_PREFIX,
        "ExpiredObjectDeleteMarker": True,
    }
    logs = {
        "Id": "LogsOfRuns",
        "Status": "Enabled",
        "Prefix": "logs/",
        "ExpirationInDays": LOG_DAYS,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }
    answers = {
        "Id": "AnswersToTransferJobs",
        "Status": "Enabled",
        "Prefix": ANSWERS,
        "ExpirationInDays": 1,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }
    documents = {
        "Id": "DocumentsOfRuns",
        "Status": "Enabled",
        "Prefix": f"{DOCUMENTS}runs/",
        "ExpirationInDays": int(DOCUMENT_SECONDS // 86_400),
    }
    rules = [old, runs, answers, documents, logs, files, markers]
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
            "LifecycleConfiguration": {"Rules": rules},
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


def _files(spec: NodeSpec) -> Resources:
    """A file system over a prefix of the bucket, and where each subnet reaches it."""
    key = {"KmsKeyId": attribute("Key", "Arn")} if has_key(spec) else {}
    rule = {"Prefix": "", "Trigger": "ON_DIRECTORY_FIRST_ACCESS", "SizeLessThan": IMPORT_BYTES}
    resources: Resources = {
        "Files": {
            "Type": "AWS::S3Files::FileSystem",
            **deleted_with_the_stack(),
            "Properties": {
                "Bucket": attribute("Bucket", "Arn"),
                "Prefix": FILES_PREFIX,
                "RoleArn": attribute("FilesRole", "Arn"),
                **key,
                "SynchronizationConfiguration": {
                    "ImportDataRules": [rule],
                    "ExpirationDataRules": [{"DaysAfterLastAccess": FAST_DAYS}],
                },
                "Tags": marked(spec, Name=spec.names.stack),
            },
        },
        "FilesPolicy": {
            "Type": "AWS::S3Files::FileSystemPolicy",
            "Properties": {"FileSystemId": ref("Files"), "Policy": files_policy()},
        },
    }
    for number, subnet in enumerate(subnet_ids(spec), 1):
        resources[f"FilesTarget{number}"] = {
            "Type": "AWS::S3Files::MountTarget",
            "Properties": {
                "FileSystemId": ref("Files"),
                "SubnetId": subnet,
                "SecurityGroups": [attribute("FilesFirewall", "GroupId")],
            },
        }
    if spec.settings.gpu:
        resources["MachinePoint"] = _machine_point(spec)
    return resources


def _machine_point(spec: NodeSpec) -> Resource:
    """How a machine with GPUs enters the files: all that it does there is one user's."""
    user = str(SHARED_UID)
    return {
        "Type": "AWS::S3Files::AccessPoint",
        "Properties": {
            "FileSystemId": ref("Files"),
            "PosixUser": {"Uid": user, "Gid": user},
            "RootDirectory": {"Path": "/"},
            "Tags": marked(spec),
        },
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
