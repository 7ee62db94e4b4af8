"""In which order a stack's resources are deleted, and what AWS refuses meanwhile.

CloudFormation deletes a resource after all that depend on it, and what does not depend on each
other at the same time ("DependsOn attribute",
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html).
moto tries all in any order until nothing more can be deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any

from pennsieve_agent.domain.vpc import Target, Vpc, named, vpc_of
from pennsieve_agent.sandbox.aws.stack_templates import needed_by, needs

log = logging.getLogger(__name__)

_ATTACHMENT = "AWS::EC2::VPCGatewayAttachment"
_MAPPED = (
    "Network {} has some mapped public address(es). Please unmap those public address(es) before"
    " detaching the gateway."
)


def clean_up(resources: Any, names: Collection[str]) -> None:
    """Delete what an update of a stack removed, which is not of the stack from now on.

    What cannot be deleted is left behind: CloudFormation tries three times, and skips it
    (https://repost.aws/knowledge-center/cloudformation-stack-cleanup-stuck).
    """
    try:
        delete_in_order(resources, names)
    except Exception as error:  # noqa: BLE001 - whatever moto raises is why it is left
        log.warning("an update leaves something behind: %s", error)
    for name in names:
        resources._parsed_resources.pop(name, None)  # noqa: SLF001 - moto's own
        resources._resource_json_map.pop(name, None)  # noqa: SLF001 - the same


def delete_in_order(resources: Any, names: Collection[str] | None = None) -> None:
    """Delete resources of a stack, each after those that need it; all of them without ``names``.

    What could not be deleted stays, and so does what it needs.

    Raises:
        Exception: what moto raised for the last that could not be deleted.

    """
    parsed = resources._parsed_resources  # noqa: SLF001 - moto's own
    bodies = {
        name: body
        for name, body in resources._resource_json_map.items()  # noqa: SLF001 - the same
        if name in parsed and body.get("DeletionPolicy") != "Retain"
        if names is None or name in names
    }
    needed = {name: needs(bodies, name) for name in bodies}
    failure: Exception | None = None
    deleted = True
    while needed and deleted:
        deleted = False
        for name in sorted(needed.keys() - set().union(*needed.values())):
            try:
                resources._delete_resource(parsed[name], bodies[name])  # noqa: SLF001 - the same
            except Exception as error:  # noqa: BLE001 - it may go when others are gone
                failure = error
                continue
            del parsed[name], needed[name]
            deleted = True
    if needed and failure is not None:
        raise failure


def detach_problem(resources: Mapping[str, Any], name: str) -> str:
    """Why an internet gateway is not detached; empty if it is, and for all else.

    It is refused while machines in the network have public addresses ("DetachInternetGateway",
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachInternetGateway.html). They
    keep theirs until their compute environment is gone, which takes minutes: so here whatever gives
    out addresses and does not depend on the attachment comes too late.
    """
    vpc = vpc_of({"Resources": resources}) if resources[name]["Type"] == _ATTACHMENT else None
    if vpc is None:
        return ""
    holders = (other for other, body in resources.items() if _has_addresses(body, vpc))
    late = any(name not in needed_by(resources, holder) for holder in holders)
    return _MAPPED.format(named(resources[name]["Properties"].get("VpcId"))) if late else ""


def _has_addresses(body: Mapping[str, Any], vpc: Vpc) -> bool:
    """Whether a resource has public addresses, or starts machines that have."""
    properties = body.get("Properties", {})
    match body["Type"]:
        case "AWS::EC2::NatGateway":
            return "AllocationId" in properties
        case "AWS::Batch::ComputeEnvironment":
            subnets = map(named, properties["ComputeResources"].get("Subnets", ()))
            tables = {vpc.subnets[name].table for name in subnets if name in vpc.subnets}
            return any(vpc.routes.get(table) is Target.INTERNET for table in tables)
        case _:
            return False
