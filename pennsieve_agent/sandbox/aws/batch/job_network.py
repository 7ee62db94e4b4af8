"""What a job reaches, by the template of the stack in which its queue is.

A network that no template makes is not looked into: of it nobody has said anything here.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.domain.image_names import archive_of
from pennsieve_agent.domain.job_addresses import (
    image_needs,
    log_need,
    secret_need,
    web_need,
)
from pennsieve_agent.domain.reachability import Interface, Need, Reached, reach, reach_files
from pennsieve_agent.domain.vpc import Vpc, named, vpc_of
from pennsieve_agent.sandbox.aws.batch.jobs import Job

_ENVIRONMENT = "AWS::Batch::ComputeEnvironment"


@dataclass(frozen=True, slots=True)
class JobNetwork:
    """The network of a job. ``interfaces`` are all that it may get: Batch chooses the subnet.

    What its methods answer is empty, or what ECS says of an address that it does not reach:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
    and https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
    """

    vpc: Vpc
    interfaces: tuple[Interface, ...]
    account: str
    region: str

    def problem(self, container: Mapping[str, Any], repository: str, stream: str) -> str:
        """Why a container cannot start, in the order in which ECS finds out; empty if it can."""
        secrets = [str(row["valueFrom"]) for row in container.get("secrets") or ()]
        problems = (
            self.pull(str(container["image"]), repository),
            *(self.secret(arn) for arn in secrets if arn.startswith("arn:")),
            self.log(stream),
            self.files() if container.get("mountPoints") else "",
        )
        return next(filter(None, problems), "")

    def pull(self, image: str, repository: str) -> str:
        """Of an image; ``repository`` is the ARN of its ECR repository, empty for other images."""
        if archive_of(image):
            return ""  # it stands here for an image of the node's own, and AWS knows none
        host, _, path = image.partition("/")
        name = path.partition("@")[0].partition(":")[0]
        address = f"https://{host}/v2/{name}/manifests/"
        manifest = f'failed to resolve ref {image}: failed to do request: Head "{address}"'
        retried = "CannotPullContainerError: pull image manifest has been retried 5 time(s)"
        if not repository:
            return self._said(f"{retried}: {manifest}", web_need(443))
        login, document, layers = image_needs(self.account, repository)
        layer = "failed to copy: httpReadSeeker: failed open: failed to do request: Get layer"
        return (
            self._said(
                "ResourceInitializationError: unable to pull secrets or registry auth: The task "
                "cannot pull registry auth from Amazon ECR: There is a connection issue between "
                "the task and Amazon ECR. Check your task network configuration. RequestError: "
                f"send request failed caused by: Post {_address('api.ecr', login.region)}",
                login,
            )
            or self._said(f"{retried}: {manifest}", document)
            or self._said(
                f"CannotPullContainerError: ref pull has been retried 5 time(s): {layer}", layers
            )
        )

    def secret(self, arn: str) -> str:
        """Of a secret or a parameter."""
        need = secret_need(self.account, arn)
        store = "ssm" if need.service == "ssm" else "asm"
        return self._said(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution "
            f"resource retrieval failed: unable to retrieve secret from {store}: service call has "
            "been retried 1 time(s): RequestError: send request failed caused by: Post "
            f"{_address(need.service, need.region)}",
            need,
        )

    def log(self, stream: str) -> str:
        """Of a log; ``stream`` is the ARN of its stream."""
        return self._said(
            "ResourceInitializationError: failed to validate logger args: create stream has been "
            "retried 1 times: failed to create Cloudwatch log stream: RequestError: send request "
            f"failed caused by: Post {_address('logs', self.region)}",
            log_need(self.account, stream),
        )

    def files(self) -> str:
        """Of the file system."""
        if all(reach_files(self.vpc, interface).way for interface in self.interfaces):
            return ""
        return (
            "ResourceInitializationError: failed to invoke EFS utils commands to set up S3 "
            "Files volumes: stderr: mount.nfs4: Connection timed out : unsuccessful EFS utils "
            "command "
            "execution; code: 32"
        )

    def _said(self, words: str, need: Need) -> str:
        for interface in self.interfaces:
            answer = reach(self.vpc, interface, need)
            if answer.way is None:
                return f"{words}: {_ending(answer)}"
        return ""


def _address(service: str, region: str) -> str:
    return f'"https://{service}.{region}.amazonaws.com/"'


def _ending(answer: Reached) -> str:
    """The last words, of a connection or of a policy.

    (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html)
    """
    if answer.denied:
        return (
            "AccessDeniedException: not authorized because no VPC endpoint policy allows the "
            f"{answer.denied} action"
        )
    return "dial tcp: i/o timeout"


def job_network(job: Job) -> JobNetwork | None:
    """The network of a job; None where no template makes it. The caller holds moto's lock."""
    from moto.batch.models import batch_backends  # noqa: PLC0415 - slow
    from moto.cloudformation.models import cloudformation_backends  # noqa: PLC0415 - slow

    queue = batch_backends[job.account][job.region].get_job_queue(job.queue)
    names = {environment.name for environment in queue.environments} if queue else set()
    for stack in cloudformation_backends[job.account][job.region].stacks.values():
        network = _network(str(stack.template))
        if network is None:
            continue
        vpc, machines = network
        chosen = [row for name, row in machines.items() if name in names]
        if chosen:
            faces = tuple(face for row in chosen for face in _interfaces(vpc, row, job))
            return JobNetwork(vpc, faces, job.account, job.region)
    return None


@functools.lru_cache(maxsize=64)
def _network(text: str) -> tuple[Vpc, dict[str, dict[str, Any]]] | None:
    """The VPC of a template, and what its compute environments are made of, by their names."""
    try:
        template = json.loads(text)
    except ValueError:
        return None  # YAML, which no node's template is
    vpc = vpc_of(template)
    machines = {
        str(body["Properties"].get("ComputeEnvironmentName")): body["Properties"][
            "ComputeResources"
        ]
        for body in template["Resources"].values()
        if body["Type"] == _ENVIRONMENT
    }
    return None if vpc is None else (vpc, machines)


def _interfaces(vpc: Vpc, machines: dict[str, Any], job: Job) -> Iterator[Interface]:
    groups = tuple(map(named, machines.get("SecurityGroupIds", ())))
    address = (job.container.get("networkConfiguration") or {}).get("assignPublicIp")
    for subnet in map(named, machines["Subnets"]):
        public = address == "ENABLED"
        if machines["Type"] in {"EC2", "SPOT"}:
            public = subnet in vpc.subnets and vpc.subnets[subnet].public
        yield Interface(subnet, groups, public)
