"""A job whose network does not lead to what it needs does not start, in ECS's own words."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from moto.cloudformation.models import cloudformation_backends

from pennsieve_agent.account.spec.node_spec import Mode
from pennsieve_agent.account.stack.stack_request import stack_request, turned_off
from pennsieve_agent.domain.image_names import archive_image
from tests.account.stack.specs import DIGEST, NAMES, node
from tests.aws.emulator import IGNORED
from tests.sandbox.aws.account import NUMBER, REGION, Cloud, open_cloud

pytestmark = pytest.mark.filterwarnings(IGNORED)
SPEC = replace(turned_off(node(Mode.COMPLIANT)), transfer_digest=DIGEST)
ECR = f"{NUMBER}.dkr.ecr.{REGION}.amazonaws.com"
IMAGE = f"{ECR}/{NAMES.transfer_images}@{DIGEST}"
KEY = NAMES.arn("ssm", f"parameter{NAMES.parameter_prefix}wf-read-key")
SECRET = NAMES.arn("secretsmanager", f"secret:{NAMES.secret_prefix}ada")
TIMEOUT = "dial tcp: i/o timeout"


class Site:
    """An account with the stack of a compliant node, whose template can be made poorer."""

    def __init__(self, cloud: Cloud) -> None:
        self.batch = cloud.owner.client("batch")
        request = stack_request(SPEC)
        cloudformation = cloud.owner.client("cloudformation")
        made = cloudformation.create_stack(
            StackName=request.name,
            TemplateBody=request.body,
            Tags=[{"Key": key, "Value": value} for key, value in request.tags.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        self.stack = cloudformation_backends[NUMBER][REGION].stacks[made["StackId"]]
        self.sent = json.loads(request.body)

    def without(self, *path: str | int) -> None:
        template = copy.deepcopy(self.sent)
        place: Any = template["Resources"]
        for key in path[:-1]:
            place = place[key]
        if path:
            del place[path[-1]]
        self.stack.template = json.dumps(template)

    def run(self, **container: Any) -> tuple[str, str]:
        """The state in which a job ends, and why its container did not start."""
        self.batch.register_job_definition(
            jobDefinitionName=f"{NAMES.stack}-a",
            type="container",
            platformCapabilities=["FARGATE"],
            containerProperties={
                "image": IMAGE,
                "command": ["say", "hello"],
                "executionRoleArn": NAMES.arn(
                    "iam", f"role/{NAMES.execution_role}", regional=False
                ),
                "resourceRequirements": [
                    {"type": "VCPU", "value": "1"},
                    {"type": "MEMORY", "value": "2048"},
                ],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": NAMES.log_group},
                },
                **container,
            },
        )
        job = self.batch.submit_job(
            jobName="a", jobQueue=NAMES.queue("fargate"), jobDefinition=f"{NAMES.stack}-a"
        )["jobId"]
        pause = threading.Event()
        for _ in range(500):
            (body,) = self.batch.describe_jobs(jobs=[job])["jobs"]
            if body["status"] in {"SUCCEEDED", "FAILED"}:
                return str(body["status"]), str(body["container"].get("reason", ""))
            pause.wait(0.02)
        raise AssertionError(f"job {job} does not end")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_cloud(tmp_path_factory.mktemp("network")) as cloud:
        yield Site(cloud)


@pytest.fixture
def site(built: Site) -> Site:
    built.without()
    return built


def test_a_job_starts_where_everything_is_reached(site: Site) -> None:
    assert site.run() == ("SUCCEEDED", "")


def test_an_archive_is_no_image_of_a_registry(site: Site) -> None:
    """What the machine for processes runs in place of an image of the node's own."""
    assert site.run(image=archive_image("a" * 64)) == ("SUCCEEDED", "")


def test_a_public_image_is_not_reached_without_internet(site: Site) -> None:
    state, reason = site.run(image="public.ecr.aws/docker/library/python:3.13-slim")
    assert state == "FAILED"
    assert reason.startswith("CannotPullContainerError: pull image manifest has been retried")
    assert reason.endswith(TIMEOUT)


def test_an_image_of_another_region_is_not_reached_without_internet(site: Site) -> None:
    _, reason = site.run(image=IMAGE.replace(REGION, "eu-west-1"))
    assert 'Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp' in reason


MOUNT = {
    "volumes": [{"name": "run", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}],
    "mountPoints": [{"sourceVolume": "run", "containerPath": "/mnt/run"}],
}


@pytest.mark.parametrize(
    ("missing", "container", "begins"),
    [
        (
            ("EcrApiEndpoint",),
            {},
            (
                "ResourceInitializationError: unable to pull secrets or registry auth: The task "
                "cannot pull registry auth from Amazon ECR"
            ),
        ),
        (("EcrDkrEndpoint",), {}, "CannotPullContainerError: pull image manifest"),
        (("S3Endpoint",), {}, "CannotPullContainerError: ref pull has been retried"),
        (
            ("SsmEndpoint",),
            {"secrets": [{"name": "K", "valueFrom": KEY}]},
            (
                "ResourceInitializationError: unable to pull secrets or registry auth: execution "
                "resource retrieval failed: unable to retrieve secret from ssm"
            ),
        ),
        (
            ("SecretsmanagerEndpoint",),
            {"secrets": [{"name": "K", "valueFrom": SECRET}]},
            (
                "ResourceInitializationError: unable to pull secrets or registry auth: execution "
                "resource retrieval failed: unable to retrieve secret from asm"
            ),
        ),
        (("LogsEndpoint",), {}, "ResourceInitializationError: failed to validate logger args"),
        (
            ("EndpointsFirewall", "Properties", "SecurityGroupIngress", 0),
            {},
            "ResourceInitializationError: unable to pull secrets or registry auth: The task",
        ),
        (("Routes",), {}, "CannotPullContainerError: ref pull has been retried"),
    ],
)
def test_what_is_not_reached(
    site: Site, missing: tuple[str | int, ...], container: dict[str, Any], begins: str
) -> None:
    site.without(*missing)
    state, reason = site.run(**container)
    assert state == "FAILED"
    assert reason.startswith(begins)
    assert reason.endswith(TIMEOUT)


def test_files_that_are_not_reached(site: Site) -> None:
    site.without("FilesFromJobs")
    _, reason = site.run(**MOUNT)
    assert reason.startswith("ResourceInitializationError: failed to invoke EFS utils commands")
    assert "mount.nfs4: Connection timed out" in reason


def test_what_an_endpoints_policy_does_not_let_pass(site: Site) -> None:
    site.without("LogsEndpoint", "Properties", "PolicyDocument", "Statement", 0)
    _, reason = site.run()
    assert reason.startswith("ResourceInitializationError: failed to validate logger args")
    assert reason.endswith("because no VPC endpoint policy allows the logs:CreateLogStream action")
