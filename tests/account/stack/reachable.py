"""What each kind of job of a node must reach, and what the sent template gives it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec
from pennsieve_agent.account.stack.endpoints import PLATFORM_BUCKETS
from pennsieve_agent.account.stack.stack_request import stack_request
from pennsieve_agent.domain.iam_policies import Ask
from pennsieve_agent.domain.job_addresses import (
    agent_needs,
    call_need,
    image_needs,
    log_need,
    object_need,
    secret_need,
    web_need,
)
from pennsieve_agent.domain.reachability import Interface, Need, Reached, reach, reach_files
from pennsieve_agent.domain.vpc import named, vpc_of
from pennsieve_agent.node.jobs.job_definitions import assigns_public_ip
from pennsieve_agent.node.role_permissions import GPU_PARAMETERS, PARAMETERS, STEP_PARTS
from tests.account.stack.specs import PLATFORM

FILES = "the file system"
PENNSIEVE_BUCKET = PLATFORM_BUCKETS.replace("*", "prod-uploads-v2-use1")


def sent(spec: NodeSpec) -> dict[str, Any]:
    """The template as it goes over the wire."""
    text = stack_request(spec).body
    template: dict[str, Any] = json.loads(text)
    return template


def needs(spec: NodeSpec) -> list[Need]:
    """Everything that the jobs of a node use, by whoever asks for it."""
    names, region = spec.names, spec.names.region
    account, bucket = names.account_id, f"arn:aws:s3:::{names.bucket}"
    mode = spec.settings.mode
    found = [
        *_image(spec, account, names.workflow_images),
        *_image(spec, account, names.transfer_images),
        *_image(spec, PLATFORM, "some-processor"),
        log_need(account, names.arn("logs", f"log-group:{names.log_group}:log-stream:run/r/a/1")),
        *(
            secret_need(account, names.arn("secretsmanager", f"secret:{names.secret_prefix}{name}"))
            for name in (f"{PARAMETERS}r", f"{GPU_PARAMETERS}r")
        ),
        *(
            secret_need(account, names.arn("ssm", f"parameter{names.parameter_prefix}{name}"))
            for name in (*(f"workflows/w/read-{p}" for p in STEP_PARTS), "secrets/shared/KEY")
        ),
        call_need(account, names.arn("lambda", f"function:{names.relay}")),
        object_need(account, region, "s3:GetObject", f"{bucket}/code/node.zip"),
        object_need(account, region, "s3:GetObject", f"{bucket}/runs/r/task.json"),
        object_need(account, region, "s3:PutObject", f"{bucket}/runs/r/results.tar"),
        *(object_need(account, region, f"s3:ListBucket{of}", bucket) for of in ("", "Versions")),
        *(
            object_need(account, region, f"s3:{action}", f"{bucket}/files/runs/r/a/data/x")
            for action in (
                *("AbortMultipartUpload", "DeleteObject", "DeleteObjectVersion", "PutObject"),
            )
        ),
        *(
            object_need(account, region, f"s3:GetObject{of}", f"{bucket}/files/runs/r/a/data/x")
            for of in ("", "Version")
        ),
        # By links and keys of Pennsieve's.
        object_need(PLATFORM, region, "s3:GetObject", f"arn:aws:s3:::{PENNSIEVE_BUCKET}/a"),
        object_need(PLATFORM, region, "s3:PutObject", f"arn:aws:s3:::{PENNSIEVE_BUCKET}/a"),
        object_need(
            PLATFORM, region, "s3:AbortMultipartUpload", f"arn:aws:s3:::{PENNSIEVE_BUCKET}/a"
        ),
    ]
    if spec.settings.gpu:
        found += agent_needs(account, region)
        # Packages, which nobody signs for.
        place = f"arn:aws:s3:::al2023-repos-{region}-de612dc2/core"
        found.append(Need("fetch packages", "s3", region, asks=(Ask("s3:GetObject", place),)))
    if mode is not Mode.COMPLIANT:
        found += [web_need(443), web_need(80)]
    return found


def _image(spec: NodeSpec, account: str, name: str) -> tuple[Need, ...]:
    arn = f"arn:aws:ecr:{spec.names.region}:{account}:repository/{name}"
    return image_needs(spec.names.account_id, arn)


def interfaces(spec: NodeSpec, template: dict[str, Any]) -> Iterator[Interface]:
    """The interface of a job of each queue, in each of its subnets."""
    vpc = vpc_of(template)
    for body in template["Resources"].values():
        if body["Type"] != "AWS::Batch::ComputeEnvironment":
            continue
        machines = body["Properties"]["ComputeResources"]
        groups = tuple(map(named, machines["SecurityGroupIds"]))
        for subnet in map(named, machines["Subnets"]):
            public = assigns_public_ip(spec.settings.mode.value)
            if machines["Type"] == "EC2":
                public = vpc is not None and subnet in vpc.subnets and vpc.subnets[subnet].public
            yield Interface(subnet, groups, public)


def functions(template: dict[str, Any]) -> Iterator[Interface]:
    """The interface of each function in the network, in each of its subnets: none is public.

    (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html)
    """
    for body in template["Resources"].values():
        inside = body["Properties"].get("VpcConfig", {})
        if body["Type"] == "AWS::Lambda::Function" and inside:
            groups = tuple(map(named, inside["SecurityGroupIds"]))
            yield from (Interface(named(row), groups, False) for row in inside["SubnetIds"])  # noqa: FBT003


def reached(spec: NodeSpec, template: dict[str, Any]) -> dict[str, set[Reached]]:
    """How everything is reached, from every interface."""
    vpc = vpc_of(template)
    if vpc is None:
        return {"all": {Reached(None, "there is no network")}}
    found: dict[str, set[Reached]] = {}
    for interface in interfaces(spec, template):
        for need in needs(spec):
            key = f"{need.what} ({need.service or need.port})"
            found.setdefault(key, set()).add(reach(vpc, interface, need))
        found.setdefault(FILES, set()).add(reach_files(vpc, interface))
    for interface in functions(template):
        for need in needs(spec):
            if need.service == "s3":
                key = f"{need.what} of a function (s3)"
                found.setdefault(key, set()).add(reach(vpc, interface, need))
        found.setdefault(FILES, set()).add(reach_files(vpc, interface))
    return found
