"""The files of runs: a file system over a part of the node's bucket, and its ways in."""

from __future__ import annotations

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.guards import files_policy
from pennsieve_agent.account.stack.network import subnet_ids
from pennsieve_agent.account.stack.template_parts import (
    Resource,
    Resources,
    attribute,
    deleted_with_the_stack,
    has_key,
    marked,
    ref,
)
from pennsieve_agent.domain.step_files import FILES_PREFIX, SHARED_UID

IMPORT_BYTES = 131_072
"""A smaller file is copied to the fast storage when its folder is first listed; a larger one is
read from the bucket, which costs no throughput ("How S3 Files is metered",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-metering.html)."""
FAST_DAYS = 1
"""How long the fast storage keeps what nobody reads; the least that AWS takes."""


def file_targets(spec: NodeSpec) -> list[str]:
    """The logical ids of the mount targets, in the order of the subnets."""
    return [f"{spec.kept.files}Target{number}" for number, _ in enumerate(subnet_ids(spec), 1)]


def run_files(spec: NodeSpec) -> Resources:
    """A file system over a prefix of the bucket, and where each subnet reaches it."""
    key = {"KmsKeyId": attribute("Key", "Arn")} if has_key(spec) else {}
    rule = {"Prefix": "", "Trigger": "ON_DIRECTORY_FIRST_ACCESS", "SizeLessThan": IMPORT_BYTES}
    resources: Resources = {
        spec.kept.files: {
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
            "Properties": {"FileSystemId": ref(spec.kept.files), "Policy": files_policy()},
        },
    }
    for target, subnet in zip(file_targets(spec), subnet_ids(spec), strict=True):
        resources[target] = {
            "Type": "AWS::S3Files::MountTarget",
            "Properties": {
                "FileSystemId": ref(spec.kept.files),
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
            "FileSystemId": ref(spec.kept.files),
            "PosixUser": {"Uid": user, "Gid": user},
            "RootDirectory": {"Path": "/"},
            "Tags": marked(spec),
        },
    }
