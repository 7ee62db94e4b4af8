"""What Lambda asks of a function that mounts files: a network, and mount targets that are ready.

A function is in a VPC with the file system, which has a mount target in each of its zones
("Configuring Amazon S3 Files access":
https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem-s3files.html). CloudFormation
makes what does not depend on each other at the same time, and so a function names its mount
targets in ``DependsOn`` (``FileSystemConfigs`` of
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pennsieve_agent.sandbox.aws.functions.function_log import mounts_of
from pennsieve_agent.sandbox.aws.limits.refused import Refused
from pennsieve_agent.sandbox.aws.stack_templates import needed_by

_TARGET = "AWS::S3Files::MountTarget"
_NOT_READY = (
    "The file system's mount targets are not all in the available life cycle state yet. Please wait"
    " for them to become available and try the request again."
)


def check_files(account: str, region: str, properties: Mapping[str, Any]) -> None:
    """Refuse a function whose files are not reached from each of its subnets.

    Raises:
        Refused: it is in no VPC, or a zone of it has no mount target.

    """
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - slow

    from pennsieve_agent.sandbox.aws.s3files.file_systems import (  # noqa: PLC0415 - slow
        s3files_backends,
    )

    backend, networks = s3files_backends[account][region], ec2_backends[account][region]
    for point, _ in mounts_of(properties):
        subnets = (properties.get("VpcConfig") or {}).get("SubnetIds") or ()
        if not subnets:
            raise Refused(
                "InvalidParameterValueException",
                f"Function must be in a VPC to reference access point {point}",
            )
        system = point.partition("/access-point/")[0].rpartition("/")[2]
        zones = {t.zone for t in backend.mount_targets.values() if t.file_system == system}
        if {networks.get_subnet(subnet).availability_zone for subnet in subnets} - zones:
            raise Refused("InvalidParameterValueException", _NOT_READY)


def order_problem(
    resources: Mapping[str, Mapping[str, Any]], name: str, there: Collection[str]
) -> str:
    """Why a function of a template may be made before what it mounts; empty if it may not.

    ``there`` are the resources that the stack had before.
    """
    properties = resources[name].get("Properties", {})
    if resources[name]["Type"] != "AWS::Lambda::Function" or not mounts_of(properties):
        return ""
    targets = {key for key, body in resources.items() if body["Type"] == _TARGET}
    return _NOT_READY if targets - needed_by(resources, name) - set(there) else ""
