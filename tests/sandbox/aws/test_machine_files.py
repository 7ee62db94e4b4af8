"""Files of runs on machines of EC2: a job cannot mount them, so its machine does when it starts.

"Amazon S3 Files volumes" (https://docs.aws.amazon.com/batch/latest/userguide/s3files-volumes.html).
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.account.stack.template import node_template
from tests.account.stack.specs import every
from tests.sandbox.aws.account import Cloud, allow, service_trust
from tests.sandbox.aws.files import access_point, file_system, volume
from tests.sandbox.aws.test_batch import ECS, Shop


def user_data(system: str, point: str) -> str:
    """What the launch template of a node says, of this file system."""
    launch = node_template(every()["basic-gpu"])["Resources"]["GpuLaunch"]
    text, names = launch["Properties"]["LaunchTemplateData"]["UserData"]["Fn::Base64"]["Fn::Sub"]
    assert set(names) == {"files", "point"}
    said = text.replace("${files}", system.rpartition("/")[2])
    return base64.b64encode(said.replace("${point}", point.rpartition("/")[2]).encode()).decode()


class Machines:
    """A queue of machines that mount a file system when they start."""

    def __init__(self, cloud: Cloud) -> None:
        self.shop, self.cloud = Shop(cloud), cloud
        self.system = file_system(cloud)["fileSystemArn"]
        point = access_point(cloud, self.system, "/")
        iam, ec2 = cloud.owner.client("iam"), cloud.owner.client("ec2")
        cloud.role("machine", service_trust("ec2.amazonaws.com"), allow(*self.rights("Write")))
        profile = iam.create_instance_profile(InstanceProfileName="machine")["InstanceProfile"]
        iam.add_role_to_instance_profile(InstanceProfileName="machine", RoleName="machine")
        launch = ec2.create_launch_template(
            LaunchTemplateName="machine",
            LaunchTemplateData={"UserData": user_data(self.system, point)},
        )["LaunchTemplate"]["LaunchTemplateId"]
        self.shop.batch.create_compute_environment(
            computeEnvironmentName="machines",
            type="MANAGED",
            serviceRole=self.shop.execution,
            computeResources={
                "type": "EC2",
                "minvCpus": 0,
                "maxvCpus": 8,
                "instanceTypes": ["g4dn.xlarge"],
                "instanceRole": profile["Arn"],
                "launchTemplate": {"launchTemplateId": launch},
                "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
                "securityGroupIds": [
                    ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
                ],
            },
        )
        self.shop.batch.create_job_queue(
            jobQueueName="machines",
            priority=1,
            state="ENABLED",
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "machines"}],
        )

    def rights(self, *words: str) -> list[tuple[str, str]]:
        return [(f"s3files:Client{word}", self.system) for word in ("Mount", *words)]

    def run(self, name: str, mounted: dict[str, Any], **container: Any) -> Any:
        """Run a job there, with one volume; how it ended."""
        batch = self.shop.batch
        batch.register_job_definition(
            jobDefinitionName=name,
            type="container",
            containerProperties={
                "image": "public.ecr.aws/docker/library/python:3.13-slim",
                "command": ["say", "x"],
                "executionRoleArn": self.shop.execution,
                "resourceRequirements": [
                    {"type": "VCPU", "value": "1"},
                    {"type": "MEMORY", "value": "2048"},
                ],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "/pennsieve/node/test"},
                },
                "volumes": [mounted],
                "mountPoints": [{"sourceVolume": "v", "containerPath": "/mnt/run"}],
                **container,
            },
        )
        made = batch.submit_job(jobName=name, jobQueue="machines", jobDefinition=name)
        return self.shop.wait(made["jobId"])


@pytest.fixture
def machines(cloud: Cloud) -> Machines:
    return Machines(cloud)


def test_a_job_gets_a_folder_of_what_its_machine_has_mounted(
    machines: Machines, tmp_path: Path
) -> None:
    job = machines.run("work", {"name": "v", "host": {"sourcePath": "/mnt/files/runs/r1"}})
    assert job["status"] == "SUCCEEDED", job["container"]
    (container,) = machines.cloud.stage.containers
    system = machines.system.rpartition("/")[2]
    assert container.mounts[0].path == tmp_path / "files" / system / "runs/r1"
    used = {ask.action for role, ask in machines.cloud.asked if role == "machine"}
    assert used == {"s3files:ClientMount", "s3files:ClientWrite"}


def test_a_job_on_a_machine_cannot_mount_and_sees_nothing_else_of_it(machines: Machines) -> None:
    point = access_point(machines.cloud, machines.system, "/runs/r1")
    role = machines.cloud.role("step", ECS, allow(*machines.rights("Write")))
    job = machines.run("mounts", volume(machines.system, point), jobRoleArn=role)
    assert "not supported on the EC2 launch type" in job["container"]["reason"]
    job = machines.run("looks", {"name": "v", "host": {"sourcePath": "/etc"}})
    assert job["status"] == "FAILED"


def test_a_machine_without_the_right_has_no_files(machines: Machines) -> None:
    iam = machines.cloud.owner.client("iam")
    nothing = json.dumps(allow(("s3:GetObject", "arn:aws:s3:::other/*")))
    iam.put_role_policy(RoleName="machine", PolicyName="own", PolicyDocument=nothing)
    job = machines.run("work", {"name": "v", "host": {"sourcePath": "/mnt/files/runs/r1"}})
    assert "access denied by server" in job["container"]["reason"]
