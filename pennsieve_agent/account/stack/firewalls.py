"""The firewalls of a node: what jobs may reach, and that nothing else comes in."""

from __future__ import annotations

from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec
from pennsieve_agent.account.stack.template_parts import (
    Resource,
    Resources,
    attribute,
    marked,
    ref,
)
from pennsieve_agent.domain.reachability import FILES_PORT

HTTPS = 443
NOWHERE = {
    "Description": "Nowhere",
    "IpProtocol": "icmp",
    "FromPort": 252,
    "ToPort": 86,
    "CidrIp": "255.255.255.255/32",
}
"""A rule that leads nowhere: without any rule for what goes out, AWS lets everything out."""
_HTTP = 80


def firewalls(spec: NodeSpec) -> Resources:
    """What jobs may reach, and that files are reached by jobs alone. Nothing else comes in."""
    vpc = spec.settings.network.vpc_id or ref("Vpc")
    anywhere = "0.0.0.0/0"
    ports = (HTTPS,) if spec.settings.mode is Mode.COMPLIANT else (HTTPS, _HTTP)
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
    files = {"IpProtocol": "tcp", "FromPort": FILES_PORT, "ToPort": FILES_PORT}
    return {
        "JobsFirewall": group(spec, "Jobs of a Pennsieve node: nothing comes in", vpc, reach),
        "FilesFirewall": group(spec, "Files of a Pennsieve node: reached by its jobs", vpc, []),
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


def group(spec: NodeSpec, about: str, vpc: object, egress: list[Resource]) -> Resource:
    """A security group into which nothing comes. Without ``egress`` it reaches nobody."""
    properties = {"GroupDescription": about, "VpcId": vpc, "Tags": marked(spec)}
    return {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {**properties, "SecurityGroupEgress": egress or [NOWHERE]},
    }
