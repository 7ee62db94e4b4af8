"""The two functions that move the files of small runs: what they are is in the node's package.

``Transfer`` is outside the node's network, as the other functions are. ``TransferFiles`` is inside,
as it mounts the files of runs ("Configuring Amazon S3 Files access",
https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem-s3files.html); it needs
nothing but the files and, by the free gateway endpoint, the node's bucket. AWS hands what they
answer, and what happens to them, to the relay ("Retaining records of Lambda asynchronous
invocations",
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
"""

from __future__ import annotations

from typing import Any

from pennsieve_agent.account.spec.node_spec import Code, NodeSpec
from pennsieve_agent.account.stack.functions import node_function
from pennsieve_agent.account.stack.network import subnet_ids
from pennsieve_agent.account.stack.run_files import file_targets
from pennsieve_agent.account.stack.template_parts import (
    Resource,
    Resources,
    attribute,
    marked,
    ref,
)
from pennsieve_agent.domain.prices import TRANSFER_FUNCTION_MB
from pennsieve_agent.domain.step_files import RUNS_FOLDER
from pennsieve_agent.node.node_settings import variable
from pennsieve_agent.node.transfer import FILES_MOUNT

SECONDS = 900
"""As long as AWS lets a function run; what is not done in two thirds of it is left to a job."""
DISK_MB = 2048
"""For results on their way; 512 are free, the rest costs next to nothing."""
EVENT_SECONDS = 3600
_MOUNTED = "/mnt/files"


def transfer_functions(spec: NodeSpec, code: Code) -> Resources:
    """The functions, and who is told of them."""
    names = spec.names
    inside = _function(spec, code, names.transfer_files, "TransferFilesRole")
    properties = inside["Properties"]
    properties["VpcConfig"] = {
        "SubnetIds": subnet_ids(spec),
        "SecurityGroupIds": [attribute("JobsFirewall", "GroupId")],
    }
    # Its Ref is its id ("primaryIdentifier" of the schema AWS::S3Files::AccessPoint).
    point = {"Arn": attribute("TransferPoint", "AccessPointArn"), "LocalMountPath": _MOUNTED}
    properties["FileSystemConfigs"] = [point]
    properties["Environment"] = _environment(spec, mount=_MOUNTED)
    return {
        "Transfer": _function(spec, code, names.transfer, "TransferRole"),
        "TransferFiles": {**inside, "DependsOn": [*file_targets(spec), "FilesPolicy"]},
        "TransferTells": _destinations(spec, "Transfer"),
        "TransferFilesTell": _destinations(spec, "TransferFiles"),
        "TransferPoint": _point(spec),
    }


def _function(spec: NodeSpec, code: Code, name: str, role: str) -> dict[str, Any]:
    function = node_function(spec, code, name, "transfer", SECONDS)
    function["Properties"] |= {
        "Role": attribute(role, "Arn"),
        "MemorySize": TRANSFER_FUNCTION_MB,
        "EphemeralStorage": {"Size": DISK_MB},
        "Environment": _environment(spec),
    }
    return function


def _environment(spec: NodeSpec, *, mount: str = "") -> dict[str, object]:
    """Few settings, as the template is long."""
    names = spec.names
    values = {"bucket": names.bucket, "region": names.region, "relay": names.relay}
    variables = {variable(name): value for name, value in values.items()}
    return {"Variables": variables | ({FILES_MOUNT: mount} if mount else {})}


def _destinations(spec: NodeSpec, function: str) -> Resource:
    to = {"Destination": attribute("Relay", "Arn")}
    del spec
    return {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "Properties": {
            "FunctionName": ref(function),
            "Qualifier": "$LATEST",
            # A job goes on with what a function did not do; it is not done twice.
            "MaximumRetryAttempts": 0,
            "MaximumEventAgeInSeconds": EVENT_SECONDS,
            "DestinationConfig": {"OnSuccess": to, "OnFailure": to},
        },
    }


def _point(spec: NodeSpec) -> Resource:
    """How the function enters the files: in the folder of all runs, as root."""
    return {
        "Type": "AWS::S3Files::AccessPoint",
        "Properties": {
            "FileSystemId": ref(spec.kept.files),
            "PosixUser": {"Uid": "0", "Gid": "0"},
            "RootDirectory": {
                "Path": f"/{RUNS_FOLDER}",
                "CreationPermissions": {"OwnerUid": "0", "OwnerGid": "0", "Permissions": "0755"},
            },
            "Tags": marked(spec),
        },
    }
