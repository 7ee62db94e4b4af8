"""The network of a node: its own small VPC by mode, or subnets that are there already.

* basic: public subnets with no way in, so that jobs reach out without a NAT, which would cost money
  by the hour;
* secure: private subnets behind one NAT, and a record of who spoke to whom;
* compliant: private subnets without any internet, and endpoints for the AWS services that jobs use.

S3 and DynamoDB are reached by gateway endpoints, which are free. One NAT and one endpoint for each
service serve both subnets: a second would double the cost of an idle node. Endpoints have the
stack's own tags, which CloudFormation puts on all that it makes: written out for each, the template
would be too long.
"""

from __future__ import annotations

import re

from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec
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
ENDPOINTS = ("ecr.api", "ecr.dkr", "lambda", "logs", "secretsmanager", "ssm")
"""What Fargate and transfer jobs call (AWS, "Amazon ECS interface VPC endpoints")."""
GPU_ENDPOINTS = ("ecs", "ecs-agent", "ecs-telemetry")
"""What the ECS agent of a machine calls, too (the same page)."""
FLOW_DAYS = 90
_FILES_PORT = 2049
_HTTPS = 443
_HTTP = 80


def network(spec: NodeSpec) -> Resources:
    """Everything about the network but the firewalls."""
    if spec.settings.network:
        return {}
    mode = spec.settings.mode
    resources = {**_vpc(spec), **_subnets(spec), **_gateway_endpoints(spec)}
    if mode is not Mode.COMPLIANT:
        resources |= _internet(spec)
    if mode is Mode.SECURE:
        resources |= _nat(spec)
    if mode is Mode.COMPLIANT:
        resources |= _interface_endpoints(spec)
    if mode is not Mode.BASIC:
        resources |= _flow_logs(spec)
    return resources


def subnet_ids(spec: NodeSpec) -> list[object]:
    """The subnets in which jobs run."""
    existing = spec.settings.network.subnet_ids
    return list(existing) if existing else [ref(name) for name in _SUBNETS]


def firewalls(spec: NodeSpec) -> Resources:
    """What jobs may reach, and that files are reached by jobs alone. Nothing else comes in."""
    vpc = spec.settings.network.vpc_id or ref("Vpc")
    anywhere = "0.0.0.0/0"
    ports = (_HTTPS,) if spec.settings.mode is Mode.COMPLIANT else (_HTTPS, _HTTP)
    reach = [
        {
            "Description": f"To services by port {port}",
            "IpProtocol": "tcp",
            "FromPort": port,
            "ToPort": port,
            "CidrIp": anywhere,  # without internet there is no route but to the endpoints
        }
        for port in ports
    ]
    files = {"IpProtocol": "tcp", "FromPort": _FILES_PORT, "ToPort": _FILES_PORT}
    return {
        "JobsFirewall": _group(spec, "Jobs of a Pennsieve node: nothing comes in", vpc, reach),
        "FilesFirewall": _group(spec, "Files of a Pennsieve node: reached by its jobs", vpc, []),
        "JobsReachFiles": {
            "Type": "AWS::EC2::SecurityGroupEgress",
            "Properties": {
                "Description": "To the files of the node",
                "GroupId": attribute("JobsFirewall", "GroupId"),
                "DestinationSecurityGroupId": attribute("FilesFirewall", "GroupId"),
                **files,
            },
        },
        "FilesFromJobs": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "Description": "From the jobs of the node",
                "GroupId": attribute("FilesFirewall", "GroupId"),
                "SourceSecurityGroupId": attribute("JobsFirewall", "GroupId"),
                **files,
            },
        },
    }


_SUBNETS = ("SubnetA", "SubnetB")


def _group(spec: NodeSpec, about: str, vpc: object, egress: list[Resource]) -> Resource:
    # Without any rule of its own AWS lets a group reach everything; this one reaches nobody.
    nothing = {
        "Description": "Nowhere",
        "IpProtocol": "icmp",
        "FromPort": 252,
        "ToPort": 86,
        "CidrIp": "255.255.255.255/32",
    }
    properties = {"GroupDescription": about, "VpcId": vpc, "Tags": marked(spec)}
    return {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {**properties, "SecurityGroupEgress": egress or [nothing]},
    }


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
    for number, (name, cidr) in enumerate(zip(_SUBNETS, SUBNET_RANGES, strict=True)):
        subnets[name] = _subnet(spec, cidr, number, public=public)
        subnets[f"{name}Routes"] = _association(name, "Routes")
    return subnets


def _subnet(spec: NodeSpec, cidr: str, number: int, *, public: bool) -> Resource:
    return {
        "Type": "AWS::EC2::Subnet",
        "Properties": {
            "VpcId": ref("Vpc"),
            "CidrBlock": cidr,
            "AvailabilityZone": {"Fn::Select": [number, {"Fn::GetAZs": ""}]},
            "MapPublicIpOnLaunch": public,
            "Tags": marked(spec, Name=spec.names.stack),
        },
    }


def _association(subnet: str, table: str) -> Resource:
    return {
        "Type": "AWS::EC2::SubnetRouteTableAssociation",
        "Properties": {"SubnetId": ref(subnet), "RouteTableId": ref(table)},
    }


def _gateway_endpoints(spec: NodeSpec) -> Resources:
    return {
        name: {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcId": ref("Vpc"),
                "VpcEndpointType": "Gateway",
                "ServiceName": f"com.amazonaws.{spec.names.region}.{service}",
                "RouteTableIds": [ref("Routes")],
            },
        }
        for name, service in (("S3Endpoint", "s3"), ("TableEndpoint", "dynamodb"))
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
        "PublicSubnet": _subnet(spec, PUBLIC_RANGE, 0, public=False),
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


def _interface_endpoints(spec: NodeSpec) -> Resources:
    endpoints: Resources = {
        "EndpointsFirewall": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "Endpoints of a Pennsieve node: reached by its jobs",
                "VpcId": ref("Vpc"),
                "SecurityGroupIngress": [
                    {
                        "Description": "From the jobs of the node",
                        "IpProtocol": "tcp",
                        "FromPort": _HTTPS,
                        "ToPort": _HTTPS,
                        "SourceSecurityGroupId": attribute("JobsFirewall", "GroupId"),
                    }
                ],
                "Tags": marked(spec),
            },
        }
    }
    for service in (*ENDPOINTS, *(GPU_ENDPOINTS if spec.settings.gpu else ())):
        name = "".join(word.capitalize() for word in re.split(r"[.-]", service)) + "Endpoint"
        endpoints[name] = {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcId": ref("Vpc"),
                "VpcEndpointType": "Interface",
                "ServiceName": f"com.amazonaws.{spec.names.region}.{service}",
                "PrivateDnsEnabled": True,
                "SubnetIds": [ref(_SUBNETS[0])],
                "SecurityGroupIds": [attribute("EndpointsFirewall", "GroupId")],
            },
        }
    return endpoints


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
