"""The network of a CloudFormation template as plain data: what is sent, not what built it.

Ids are those of the template: a resource's logical id, or the id of something that is there
already. What CloudFormation leaves to AWS's defaults has those here, too.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pennsieve_agent.domain.iam_policies import Document, many

ANYWHERE = "0.0.0.0/0"
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a security group: ``peer`` is a range of addresses, or another group's id."""

    protocol: str
    first: int
    last: int
    peer: str

    def fits(self, port: int) -> bool:
        """Whether it is about a TCP port."""
        every = self.protocol == "-1"
        return every or (self.protocol in {"tcp", "6"} and self.first <= port <= self.last)


@dataclass(frozen=True, slots=True)
class Group:
    """A security group: what may come in, and what may go out."""

    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()


class Target(StrEnum):
    """Where a route leads."""

    INTERNET = "an internet gateway"
    NAT = "a NAT gateway"
    OTHER = "something else"


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet: its range, its route table, and whether machines in it get a public address."""

    block: str
    table: str = ""
    public: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A VPC endpoint. ``service`` is AWS's whole name of it; no policy lets everything through."""

    service: str
    gateway: bool
    private_dns: bool = False
    groups: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    policy: Document | None = None


@dataclass(frozen=True, slots=True)
class MountTarget:
    """Where a file system is reached in one subnet."""

    subnet: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC with all that is in it. ``routes`` are the default routes, by route table.

    ``dns`` says that AWS answers names in it, ``names`` that endpoints get AWS's own names.
    """

    block: str = ""
    dns: bool = True
    names: bool = False
    subnets: Mapping[str, Subnet] = field(default_factory=dict)
    routes: Mapping[str, Target] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    endpoints: tuple[Endpoint, ...] = ()
    mount_targets: tuple[MountTarget, ...] = ()


def vpc_of(template: Body) -> Vpc | None:
    """The VPC that a template makes; None where it makes none."""
    resources: Body = template["Resources"]
    vpcs = [body for _, body in _of(resources, "AWS::EC2::VPC")]
    if not vpcs:
        return None
    properties = vpcs[0]["Properties"]
    return Vpc(
        block=str(properties["CidrBlock"]),
        dns=bool(properties.get("EnableDnsSupport", True)),
        names=bool(properties.get("EnableDnsHostnames", False)),
        subnets=dict(_subnets(resources)),
        routes=dict(_routes(resources)),
        groups={name: _group(resources, name) for name, _ in _of(resources, _GROUP)},
        endpoints=tuple(map(_endpoint, _properties(resources, "AWS::EC2::VPCEndpoint"))),
        mount_targets=tuple(_mount_targets(resources)),
    )


def named(value: Any) -> str:
    """The id that a template's value means: of ``Ref``, ``Fn::GetAtt``, or the text itself."""
    if isinstance(value, Mapping):
        if "Ref" in value:
            return str(value["Ref"])
        if "Fn::GetAtt" in value:
            target = value["Fn::GetAtt"]
            return str(target[0] if isinstance(target, list) else target.partition(".")[0])
    return str(value or "")


def inside(block: str, outer: str) -> bool:
    """Whether a range of IPv4 addresses lies within another."""
    try:
        return ipaddress.IPv4Network(block).subnet_of(ipaddress.IPv4Network(outer))
    except ValueError:
        return False


_GROUP = "AWS::EC2::SecurityGroup"
_EVERYTHING = Rule("-1", 0, 65_535, ANYWHERE)
_MOUNT_TARGETS = ("AWS::S3Files::MountTarget",)


def _of(resources: Body, *types: str) -> Iterator[tuple[str, Body]]:
    return ((name, body) for name, body in resources.items() if body["Type"] in types)


def _properties(resources: Body, *types: str) -> Iterator[Body]:
    return (body.get("Properties", {}) for _, body in _of(resources, *types))


def _subnets(resources: Body) -> Iterator[tuple[str, Subnet]]:
    there = {name for name, _ in _of(resources, "AWS::EC2::RouteTable")}
    tables = {
        named(row["SubnetId"]): named(row["RouteTableId"])
        for row in _properties(resources, "AWS::EC2::SubnetRouteTableAssociation")
        if named(row["RouteTableId"]) in there
    }
    for name, body in _of(resources, "AWS::EC2::Subnet"):
        row = body["Properties"]
        public = bool(row.get("MapPublicIpOnLaunch", False))
        yield name, Subnet(str(row["CidrBlock"]), tables.get(name, ""), public)


def _routes(resources: Body) -> Iterator[tuple[str, Target]]:
    """Where each table's default route leads; one to a gateway that leads nowhere is none.

    A NAT gateway needs a public address and a subnet whose own route leads to the internet (Amazon
    VPC, "NAT gateways": https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html).
    """
    attached = {
        named(row.get("InternetGatewayId"))
        for row in _properties(resources, "AWS::EC2::VPCGatewayAttachment")
    } & {name for name, _ in _of(resources, "AWS::EC2::InternetGateway")}
    rows = [
        row
        for row in _properties(resources, "AWS::EC2::Route")
        if row.get("DestinationCidrBlock") == ANYWHERE
    ]
    out = {named(row["RouteTableId"]) for row in rows if named(row.get("GatewayId")) in attached}
    subnets = {name: subnet.table for name, subnet in _subnets(resources)}
    addresses = {name for name, _ in _of(resources, "AWS::EC2::EIP")}
    nats = {
        name
        for name, body in _of(resources, "AWS::EC2::NatGateway")
        if subnets.get(named(body["Properties"]["SubnetId"])) in out
        and named(body["Properties"].get("AllocationId")) in addresses
    }
    for row in rows:
        table = named(row["RouteTableId"])
        if table in out:
            yield table, Target.INTERNET
        elif named(row.get("NatGatewayId")) in nats:
            yield table, Target.NAT
        elif not {"GatewayId", "NatGatewayId"} & row.keys():
            yield table, Target.OTHER


def _group(resources: Body, name: str) -> Group:
    """A group with its own rules and those that stand by themselves.

    Without any rule of its own for what goes out, AWS lets everything out (CloudFormation,
    "AWS::EC2::SecurityGroup": https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html).
    """
    own = resources[name]["Properties"]
    ingress = [_rule(row) for row in many(own.get("SecurityGroupIngress"))]
    egress = [_rule(row) for row in many(own.get("SecurityGroupEgress"))] or [_EVERYTHING]
    for row in _properties(resources, "AWS::EC2::SecurityGroupIngress"):
        ingress += [_rule(row)] if named(row["GroupId"]) == name else []
    for row in _properties(resources, "AWS::EC2::SecurityGroupEgress"):
        egress += [_rule(row)] if named(row["GroupId"]) == name else []
    return Group(tuple(ingress), tuple(egress))


def _rule(row: Body) -> Rule:
    peers = ("CidrIp", "SourceSecurityGroupId", "DestinationSecurityGroupId")
    peer = next((row[key] for key in peers if key in row), "")
    first, last = row.get("FromPort", 0), row.get("ToPort", 65_535)
    return Rule(str(row["IpProtocol"]), int(first), int(last), named(peer))


def _endpoint(row: Body) -> Endpoint:
    return Endpoint(
        service=str(row["ServiceName"]),
        gateway=row.get("VpcEndpointType", "Gateway") == "Gateway",
        private_dns=bool(row.get("PrivateDnsEnabled", False)),
        groups=tuple(map(named, row.get("SecurityGroupIds", ()))),
        subnets=tuple(map(named, row.get("SubnetIds", ()))),
        tables=tuple(map(named, row.get("RouteTableIds", ()))),
        policy=row.get("PolicyDocument"),
    )


def _mount_targets(resources: Body) -> Iterator[MountTarget]:
    for row in _properties(resources, *_MOUNT_TARGETS):
        groups = tuple(map(named, row.get("SecurityGroups", ())))
        yield MountTarget(named(row["SubnetId"]), groups)
