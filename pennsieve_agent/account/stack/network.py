"""The network of a node: its own small VPC by mode, or subnets that are there already.

* basic: public subnets with no way in, so that jobs reach out without a NAT, which would cost money
  by the hour;
* secure: private subnets behind one NAT, and a record of who spoke to whom;
* compliant: private subnets without any internet, and endpoints for the AWS services that jobs use.

Subnets are in zones that have what jobs need (:mod:`pennsieve_agent.domain.zones`), chosen before
and named by zone id, as a zone's name means another one in each account. One NAT and one endpoint
for each service serve all subnets: a second would double the cost of an idle node, and is said.
"""

from __future__ import annotations

from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec
from pennsieve_agent.account.stack.endpoints import gateway_endpoint, interface_endpoints
from pennsieve_agent.account.stack.template_parts import (
    Resource,
    Resources,
    attribute,
    has_key,
    marked,
    ref,
)

VPC_RANGE = "10.204.0.0/20"
SUBNET_RANGES = ("10.204.0.0/22", "10.204.4.0/22")
PUBLIC_RANGE = "10.204.8.0/24"
FLOW_DAYS = 90


def network(spec: NodeSpec) -> Resources:
    """Everything about the network but the firewalls."""
    if spec.settings.network:
        return {}
    mode = spec.settings.mode
    resources = {**_vpc(spec), **_subnets(spec), **gateway_endpoint(spec)}
    if mode is not Mode.COMPLIANT:
        resources |= _internet(spec)
    if mode is Mode.SECURE:
        resources |= _nat(spec)
    if mode is Mode.COMPLIANT:
        resources |= interface_endpoints(spec, SUBNETS[0])
    if mode is not Mode.BASIC:
        resources |= _flow_logs(spec)
    return resources


def subnet_ids(spec: NodeSpec) -> list[object]:
    """The subnets in which jobs run."""
    existing = spec.settings.network.subnet_ids
    return list(existing) if existing else [ref(name) for name, _ in _places(spec)]


SUBNETS = ("SubnetA", "SubnetB")


def _vpc(spec: NodeSpec) -> Resources:
    return {
        "Vpc": {
            "Type": "AWS::EC2::VPC",
            "Properties": {
                "CidrBlock": VPC_RANGE,
                "EnableDnsSupport": True,
                "EnableDnsHostnames": True,
                "Tags": marked(spec, Name=spec.names.stack),
            },
        },
        "Routes": {
            "Type": "AWS::EC2::RouteTable",
            "Properties": {"VpcId": ref("Vpc"), "Tags": marked(spec)},
        },
    }


def _subnets(spec: NodeSpec) -> Resources:
    subnets: Resources = {}
    # Machines with GPUs have no public address of their own, and without a NAT need one.
    public = bool(spec.settings.gpu) and spec.settings.mode is Mode.BASIC
    for (name, zone), cidr in zip(_places(spec), SUBNET_RANGES, strict=False):
        subnets[name] = _subnet(spec, name, cidr, zone, public=public)
        subnets[f"{name}Routes"] = _association(name, "Routes")
    return subnets


def _places(spec: NodeSpec) -> list[tuple[str, str]]:
    """The subnets for jobs, with the zone of each: two, or one where there is but one zone."""
    if not spec.zones:
        raise ValueError("no availability zone is chosen")
    return list(zip(SUBNETS, spec.zones, strict=False))


def _subnet(spec: NodeSpec, name: str, cidr: str, zone: str, *, public: bool) -> Resource:
    return {
        "Type": "AWS::EC2::Subnet",
        "Properties": {
            "VpcId": ref("Vpc"),
            "CidrBlock": cidr,
            **spec.kept.subnets.get(name, {"AvailabilityZoneId": zone}),
            "MapPublicIpOnLaunch": public,
            "Tags": marked(spec, Name=spec.names.stack),
        },
    }


def _association(subnet: str, table: str) -> Resource:
    return {
        "Type": "AWS::EC2::SubnetRouteTableAssociation",
        "Properties": {"SubnetId": ref(subnet), "RouteTableId": ref(table)},
    }


def _internet(spec: NodeSpec) -> Resources:
    table = "PublicRoutes" if spec.settings.mode is Mode.SECURE else "Routes"
    return {
        "Internet": {"Type": "AWS::EC2::InternetGateway", "Properties": {"Tags": marked(spec)}},
        "InternetAttached": {
            "Type": "AWS::EC2::VPCGatewayAttachment",
            "Properties": {"VpcId": ref("Vpc"), "InternetGatewayId": ref("Internet")},
        },
        "WayOut": {
            "Type": "AWS::EC2::Route",
            "DependsOn": ["InternetAttached"],
            "Properties": {
                "RouteTableId": ref(table),
                "DestinationCidrBlock": "0.0.0.0/0",
                "GatewayId": ref("Internet"),
            },
        },
    }


def _nat(spec: NodeSpec) -> Resources:
    return {
        "PublicSubnet": _subnet(spec, "PublicSubnet", PUBLIC_RANGE, spec.zones[0], public=False),
        "PublicRoutes": {
            "Type": "AWS::EC2::RouteTable",
            "Properties": {"VpcId": ref("Vpc"), "Tags": marked(spec)},
        },
        "PublicSubnetRoutes": _association("PublicSubnet", "PublicRoutes"),
        "NatAddress": {
            "Type": "AWS::EC2::EIP",
            "DependsOn": ["InternetAttached"],
            "Properties": {"Domain": "vpc", "Tags": marked(spec)},
        },
        "Nat": {
            "Type": "AWS::EC2::NatGateway",
            "Properties": {
                "SubnetId": ref("PublicSubnet"),
                "AllocationId": attribute("NatAddress", "AllocationId"),
                "Tags": marked(spec),
            },
        },
        "WayToNat": {
            "Type": "AWS::EC2::Route",
            "Properties": {
                "RouteTableId": ref("Routes"),
                "DestinationCidrBlock": "0.0.0.0/0",
                "NatGatewayId": ref("Nat"),
            },
        },
    }


def _flow_logs(spec: NodeSpec) -> Resources:
    key = {"KmsKeyId": attribute("Key", "Arn")} if has_key(spec) else {}
    return {
        "FlowLog": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "LogGroupName": f"{spec.names.log_group}/network",
                "RetentionInDays": FLOW_DAYS,
                "Tags": marked(spec),
                **key,
            },
        },
        "Flows": {
            "Type": "AWS::EC2::FlowLog",
            "Properties": {
                "ResourceId": ref("Vpc"),
                "ResourceType": "VPC",
                "TrafficType": "ALL",
                "LogDestinationType": "cloud-watch-logs",
                "LogGroupName": ref("FlowLog"),
                "DeliverLogsPermissionArn": attribute("FlowRole", "Arn"),
                "Tags": marked(spec),
            },
        },
    }
