"""A VPC that is there already, as the values by which reachability is decided.

Its endpoints' policies are not among them: who may ask is often said in them by an organisation's
id, which is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pennsieve_agent.domain.vpc import ANYWHERE, Endpoint, Group, Rule, Subnet, Target, Vpc

Row = Mapping[str, Any]


def described_vpc(vpc: Row, *, dns: bool, names: bool, parts: Mapping[str, Iterable[Row]]) -> Vpc:
    """The VPC of what ``DescribeVpcs`` and its like answer.

    ``parts`` are the rows of its ``subnets``, ``tables``, ``endpoints`` and ``groups``.
    """
    tables = list(parts["tables"])
    return Vpc(
        block=vpc["CidrBlock"],
        dns=dns,
        names=names,
        subnets={
            row["SubnetId"]: Subnet(
                row["CidrBlock"],
                table_of(row["SubnetId"], tables).get("RouteTableId", ""),
                bool(row.get("MapPublicIpOnLaunch")),
            )
            for row in parts["subnets"]
        },
        routes=dict(_routes(tables)),
        groups={
            row["GroupId"]: Group(
                tuple(_rules(row.get("IpPermissions", ()))),
                tuple(_rules(row.get("IpPermissionsEgress", ()))),
            )
            for row in parts["groups"]
        },
        endpoints=tuple(map(_endpoint, parts["endpoints"])),
    )


def table_of(subnet_id: str, tables: Iterable[Row]) -> Row:
    """The route table of a subnet: its own, else the VPC's main one."""
    own, main = None, None
    for table in tables:
        for row in table.get("Associations", []):
            own = table if row.get("SubnetId") == subnet_id else own
            main = table if row.get("Main") else main
    return own or main or {}


def target_of(table: Row, *, ipv6: bool = False) -> Target | None:
    """Where a route table's default route leads; with ``ipv6``, that of IPv6 counts as well."""
    everywhere = {ANYWHERE, *(("::/0",) if ipv6 else ())}
    routes = [
        row
        for row in table.get("Routes", [])
        if everywhere & {row.get("DestinationCidrBlock"), row.get("DestinationIpv6CidrBlock")}
    ]
    if any(str(row.get("GatewayId", "")).startswith("igw-") for row in routes):
        return Target.INTERNET
    if any(row.get("NatGatewayId") for row in routes):
        return Target.NAT
    return Target.OTHER if routes else None


def _routes(tables: Iterable[Row]) -> Iterator[tuple[str, Target]]:
    for table in tables:
        if (target := target_of(table)) is not None:
            yield table["RouteTableId"], target


def _rules(rows: Iterable[Row]) -> Iterator[Rule]:
    for row in rows:
        peers = [
            *(block["CidrIp"] for block in row.get("IpRanges", ())),
            *(pair["GroupId"] for pair in row.get("UserIdGroupPairs", ())),
        ]
        for peer in peers:
            first, last = row.get("FromPort", 0), row.get("ToPort", 65_535)
            yield Rule(str(row["IpProtocol"]), first, last, peer)


def _endpoint(row: Row) -> Endpoint:
    return Endpoint(
        service=row["ServiceName"],
        gateway=row.get("VpcEndpointType", "Gateway") == "Gateway",
        private_dns=bool(row.get("PrivateDnsEnabled")),
        groups=tuple(group["GroupId"] for group in row.get("Groups", ())),
        subnets=tuple(row.get("SubnetIds", ())),
        tables=tuple(row.get("RouteTableIds", ())),
    )
