"""Read an existing VPC, its subnets, and the routes of their traffic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.vpc_description import described_vpc, table_of, target_of
from pennsieve_agent.domain import vpc as values
from pennsieve_agent.domain.vpc import Target
from pennsieve_agent.errors import AwsError

_MISSING = {
    *("InvalidVpcID.NotFound", "InvalidVpcId.Malformed", "InvalidVpcID.Malformed"),
    *("InvalidSubnetID.NotFound", "InvalidSubnetId.Malformed", "InvalidSubnetID.Malformed"),
}


class Outward(StrEnum):
    """How a subnet reaches the internet."""

    GATEWAY = "an internet gateway"
    NAT = "a NAT gateway"
    OTHER = "another route out"
    NONE = "no route out"


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet: its availability zone's name and id, and how many addresses are ``free``."""

    id: str
    vpc_id: str
    zone: str
    free: int
    outward: Outward = Outward.NONE
    zone_id: str = ""


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC. ``names`` says that DNS support and DNS hostnames are on, ``inside`` what is in it."""

    id: str
    names: bool
    inside: values.Vpc = field(default_factory=values.Vpc)


def find_vpc(aws: Aws, vpc_id: str) -> Vpc | None:
    """The VPC of this id, if there is one in this region."""
    try:
        vpcs = aws.call("ec2", "describe_vpcs", VpcIds=[vpc_id])["Vpcs"]
    except AwsError as error:
        if error.aws_code in _MISSING:
            return None
        raise
    if not vpcs:
        return None
    support = _attribute(aws, vpc_id, "enableDnsSupport", "EnableDnsSupport")
    hostnames = _attribute(aws, vpc_id, "enableDnsHostnames", "EnableDnsHostnames")
    ours = [{"Name": "vpc-id", "Values": [vpc_id]}]
    parts = {
        "subnets": _rows(aws.pages("ec2", "describe_subnets", Filters=ours), "Subnets"),
        "tables": _tables(aws, vpc_id),
        "endpoints": _rows(
            aws.pages("ec2", "describe_vpc_endpoints", Filters=ours), "VpcEndpoints"
        ),
        "groups": _rows(
            aws.pages("ec2", "describe_security_groups", Filters=ours), "SecurityGroups"
        ),
    }
    inside = described_vpc(vpcs[0], dns=support, names=hostnames, parts=parts)
    return Vpc(vpc_id, support and hostnames, inside)


def find_subnets(aws: Aws, vpc_id: str, ids: Sequence[str]) -> tuple[Subnet, ...]:
    """The subnets of these ids that exist in this region, with their routes out."""
    rows = [row for subnet_id in ids for row in _subnet(aws, subnet_id)]
    if not rows:
        return ()
    tables = _tables(aws, vpc_id)
    return tuple(
        Subnet(
            row["SubnetId"],
            row["VpcId"],
            row["AvailabilityZone"],
            int(row["AvailableIpAddressCount"]),
            outward(row["SubnetId"], tables),
            row["AvailabilityZoneId"],
        )
        for row in rows
    )


_OUTWARD = {
    Target.INTERNET: Outward.GATEWAY,
    Target.NAT: Outward.NAT,
    Target.OTHER: Outward.OTHER,
    None: Outward.NONE,
}


def outward(subnet_id: str, tables: Iterable[Mapping[str, Any]]) -> Outward:
    """Where a subnet's default route goes: by its own route table, else by the VPC's main one."""
    return _OUTWARD[target_of(table_of(subnet_id, tables), ipv6=True)]


def _subnet(aws: Aws, subnet_id: str) -> list[dict[str, Any]]:
    try:
        return list(aws.call("ec2", "describe_subnets", SubnetIds=[subnet_id])["Subnets"])
    except AwsError as error:
        if error.aws_code in _MISSING:
            return []
        raise


def _tables(aws: Aws, vpc_id: str) -> list[dict[str, Any]]:
    ours = [{"Name": "vpc-id", "Values": [vpc_id]}]
    return _rows(aws.pages("ec2", "describe_route_tables", Filters=ours), "RouteTables")


def _rows(pages: Iterable[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    return [row for page in pages for row in page[key]]


def _attribute(aws: Aws, vpc_id: str, name: str, key: str) -> bool:
    answer = aws.call("ec2", "describe_vpc_attribute", VpcId=vpc_id, Attribute=name)
    return bool(answer.get(key, {}).get("Value"))
