"""Read an existing VPC, its subnets, and the routes of their traffic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError

_MISSING = {
    *("InvalidVpcID.NotFound", "InvalidVpcId.Malformed", "InvalidVpcID.Malformed"),
    *("InvalidSubnetID.NotFound", "InvalidSubnetId.Malformed", "InvalidSubnetID.Malformed"),
}
_EVERYWHERE = {"0.0.0.0/0", "::/0"}


class Outward(StrEnum):
    """How a subnet reaches the internet."""

    GATEWAY = "an internet gateway"
    NAT = "a NAT gateway"
    OTHER = "another route out"
    NONE = "no route out"


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet. ``zone`` is its availability zone, ``free`` how many addresses are left."""

    id: str
    vpc_id: str
    zone: str
    free: int
    outward: Outward = Outward.NONE


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC. ``names`` says that DNS support and DNS hostnames are on.

    ``endpoints`` are the services reached from it without the internet, such as ``s3``.
    """

    id: str
    names: bool
    endpoints: frozenset[str] = frozenset()


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
    pages = aws.pages("ec2", "describe_vpc_endpoints", Filters=ours)
    services = (row["ServiceName"] for page in pages for row in page["VpcEndpoints"])
    return Vpc(vpc_id, support and hostnames, frozenset(map(_service, services)))


def find_subnets(aws: Aws, vpc_id: str, ids: Sequence[str]) -> tuple[Subnet, ...]:
    """The subnets of these ids that exist in this region, with their routes out."""
    rows = [row for subnet_id in ids for row in _subnet(aws, subnet_id)]
    if not rows:
        return ()
    ours = [{"Name": "vpc-id", "Values": [vpc_id]}]
    pages = aws.pages("ec2", "describe_route_tables", Filters=ours)
    tables = [table for page in pages for table in page["RouteTables"]]
    return tuple(
        Subnet(
            row["SubnetId"],
            row["VpcId"],
            row["AvailabilityZone"],
            int(row["AvailableIpAddressCount"]),
            outward(row["SubnetId"], tables),
        )
        for row in rows
    )


def outward(subnet_id: str, tables: Iterable[Mapping[str, Any]]) -> Outward:
    """Where a subnet's default route goes: by its own route table, else by the VPC's main one."""
    own, main = None, None
    for table in tables:
        for row in table.get("Associations", []):
            own = table if row.get("SubnetId") == subnet_id else own
            main = table if row.get("Main") else main
    routes = [
        route
        for route in (own or main or {}).get("Routes", [])
        if {route.get("DestinationCidrBlock"), route.get("DestinationIpv6CidrBlock")} & _EVERYWHERE
    ]
    if any(str(route.get("GatewayId", "")).startswith("igw-") for route in routes):
        return Outward.GATEWAY
    if any(route.get("NatGatewayId") for route in routes):
        return Outward.NAT
    return Outward.OTHER if routes else Outward.NONE


def _subnet(aws: Aws, subnet_id: str) -> list[dict[str, Any]]:
    try:
        return list(aws.call("ec2", "describe_subnets", SubnetIds=[subnet_id])["Subnets"])
    except AwsError as error:
        if error.aws_code in _MISSING:
            return []
        raise


def _service(name: str) -> str:
    """``ecr.api`` of ``com.amazonaws.us-east-1.ecr.api``."""
    return ".".join(name.split(".")[3:])


def _attribute(aws: Aws, vpc_id: str, name: str, key: str) -> bool:
    answer = aws.call("ec2", "describe_vpc_attribute", VpcId=vpc_id, Attribute=name)
    return bool(answer.get(key, {}).get("Value"))
