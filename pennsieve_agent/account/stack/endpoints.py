"""The VPC endpoints of a node, and what passes them.

S3 is reached by a gateway endpoint in every mode, as that is free, where a NAT is paid for by the
byte. Without internet, jobs reach the other services that they use
(:mod:`pennsieve_agent.domain.job_addresses`) by interface endpoints, which let pass what the roles
of jobs may do, asked by this account, and nothing else: without a policy an endpoint lets
everybody's keys pass, to everybody's resources
(https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html).
Endpoints have the stack's own tags, which CloudFormation puts on all that it makes: written out for
each, the template would be too long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec
from pennsieve_agent.account.stack.firewalls import HTTPS, group
from pennsieve_agent.account.stack.policies import Where, role_rights
from pennsieve_agent.account.stack.statements import Document, document
from pennsieve_agent.account.stack.template_parts import (
    Resource,
    Resources,
    attribute,
    ref,
)
from pennsieve_agent.domain.iam_policies import many
from pennsieve_agent.domain.job_addresses import AGENT, LAYER_BUCKET, SERVICES

WITHOUT_POLICY = ("ecs-agent", "ecs-telemetry")
"""AWS documents a policy for the endpoint ``ecs`` alone (Amazon ECS, "Create the VPC endpoint
policy": https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html)."""
PLATFORM_BUCKETS = "pennsieve-*"
"""Pennsieve's buckets, as far as their names are known (``contracts/core.md`` 0)."""
_JOBS = ("execution", "job", "mover")
"""The roles that ask from inside the network."""


def gateway_endpoint(spec: NodeSpec) -> Resources:
    """The way to S3."""
    properties = {
        "VpcId": ref("Vpc"),
        "VpcEndpointType": "Gateway",
        "ServiceName": _service(spec, "s3"),
        "RouteTableIds": [ref("Routes")],
    }
    if spec.settings.mode is Mode.COMPLIANT:
        properties["PolicyDocument"] = objects_policy(spec)
    return {"S3Endpoint": {"Type": "AWS::EC2::VPCEndpoint", "Properties": properties}}


def interface_endpoints(spec: NodeSpec, subnet: str) -> Resources:
    """The ways to other services, in one subnet, which serve the whole network."""
    endpoints: Resources = {"EndpointsFirewall": _firewall(spec)}
    for service in endpoint_services(gpu=bool(spec.settings.gpu)):
        name = "".join(word.capitalize() for word in re.split(r"[.-]", service)) + "Endpoint"
        properties = {
            "VpcId": ref("Vpc"),
            "VpcEndpointType": "Interface",
            "ServiceName": _service(spec, service),
            "PrivateDnsEnabled": True,
            "SubnetIds": [ref(subnet)],
            "SecurityGroupIds": [attribute("EndpointsFirewall", "GroupId")],
        }
        if service not in WITHOUT_POLICY:
            properties["PolicyDocument"] = endpoint_policy(spec, service)
        endpoints[name] = {"Type": "AWS::EC2::VPCEndpoint", "Properties": properties}
    return endpoints


def endpoint_services(*, gpu: bool) -> tuple[str, ...]:
    """The services that jobs reach by interface endpoints where there is no internet."""
    return (*SERVICES, *(AGENT if gpu else ()))


def endpoint_policy(spec: NodeSpec, service: str) -> Document:
    """What passes an interface endpoint: what jobs' roles may do there, as this account."""
    if service in AGENT:
        return document(_passing(spec, "ecs:*", "*"))
    prefix = service.partition(".")[0]
    return document(*_rights(spec, prefix))


def objects_policy(spec: NodeSpec) -> Document:
    """What passes the way to S3: the node's own objects, layers of images, Pennsieve's buckets.

    Links and keys of Pennsieve's are somebody else's, so the node's own roles reach nothing there.
    The bucket of layers is the exception that AWS documents (Amazon ECR, "Create the Amazon S3
    gateway endpoint": https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html).
    """
    names = spec.names
    layers = LAYER_BUCKET.format(region=names.region)
    moves = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    theirs = {"StringNotEquals": {"aws:PrincipalAccount": names.account_id}}
    return document(
        *_rights(spec, "s3", (*_JOBS, "transfer-files")),
        _anybody("s3:GetObject", f"arn:{names.partition}:s3:::{layers}/*"),
        *_packages(spec),
        _anybody(moves, f"arn:{names.partition}:s3:::{PLATFORM_BUCKETS}/*") | {"Condition": theirs},
    )


def _packages(spec: NodeSpec) -> list[Document]:
    """Where a machine with GPUs gets what it mounts with: the repositories of Amazon Linux 2023."""
    bucket = f"al2023-repos-{spec.names.region}-de612dc2"
    place = f"arn:{spec.names.partition}:s3:::{bucket}/*"
    return [_anybody("s3:GetObject", place)] if spec.settings.gpu else []


def _rights(spec: NodeSpec, prefix: str, roles: Sequence[str] = _JOBS) -> list[Document]:
    """What roles may do with a service, each action on each resource once."""
    where = Where(spec.names, spec.platform_account_id, spec.settings.role_path)
    actions: dict[str, set[str]] = {}
    for row in (row for role in roles for row in role_rights(role, where, prefix)):
        for resource in many(row["Resource"]):
            actions.setdefault(resource, set()).update(row["Action"])
    resources: dict[tuple[str, ...], list[str]] = {}
    for resource, allowed in actions.items():
        resources.setdefault(tuple(sorted(allowed)), []).append(resource)
    return [_passing(spec, list(allowed), known) for allowed, known in resources.items()]


def _passing(spec: NodeSpec, actions: object, resources: object) -> Document:
    ours = {"StringEquals": {"aws:PrincipalAccount": spec.names.account_id}}
    return _anybody(actions, resources) | {"Condition": ours}


def _anybody(actions: object, resources: object) -> Document:
    return {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": resources}


def _service(spec: NodeSpec, service: str) -> str:
    return f"com.amazonaws.{spec.names.region}.{service}"


def _firewall(spec: NodeSpec) -> Resource:
    arrives = {
        "Description": "From the jobs of the node",
        "IpProtocol": "tcp",
        "FromPort": HTTPS,
        "ToPort": HTTPS,
        "SourceSecurityGroupId": attribute("JobsFirewall", "GroupId"),
    }
    firewall = group(spec, "Endpoints of a Pennsieve node: reached by its jobs", ref("Vpc"), [])
    firewall["Properties"]["SecurityGroupIngress"] = [arrives]
    return firewall
