"""Where jobs run: AWS Batch on Fargate, on Fargate Spot, and on machines with GPUs when asked.

Everything scales to nothing: an empty queue costs nothing.
"""

from __future__ import annotations

from typing import Any

from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec
from pennsieve_agent.account.stack.network import subnet_ids
from pennsieve_agent.account.stack.template_parts import (
    Resource,
    Resources,
    attribute,
    marked,
    ref,
    tag_map,
)
from pennsieve_agent.domain.step_files import MACHINE_FILES

DISK_GIB = 100
GPU_IMAGE = "ECS_AL2023_NVIDIA"
"""AWS Batch, "Ec2Configuration"."""
_MOUNTS = f"""MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="==FILES=="

--==FILES==
Content-Type: text/cloud-config; charset="us-ascii"

packages:
- amazon-efs-utils

runcmd:
- mkdir -p {MACHINE_FILES}
- mount -t s3files -o accesspoint=${{point}} ${{files}}:/ {MACHINE_FILES}

--==FILES==--
"""
"""A job on machines of EC2 cannot mount S3 Files, so the machine does when it starts ("Amazon S3
Files volumes", https://docs.aws.amazon.com/batch/latest/userguide/s3files-volumes.html; "Use
Amazon EC2 launch templates with AWS Batch",
https://docs.aws.amazon.com/batch/latest/userguide/launch-templates.html)."""
_DAY, _SOON = 86_400, 600
"""The longest and the shortest time that AWS Batch takes for such a limit."""
_MOST_WAITS = {
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY": _DAY,
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": _SOON,
    "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED": _SOON,
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT": _SOON,
}
"""How long, in seconds, a job waits that cannot start, by the reason that AWS Batch finds: all for
which it has such limits. It would block its queue, and its run would never end
(https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_time_limit_actions.html).
"""


def queues(spec: NodeSpec) -> Resources:
    """The queues and their compute environments."""
    kinds = {"Fargate": "FARGATE", "Spot": "FARGATE_SPOT"}
    resources: Resources = {}
    for name, type_ in kinds.items():
        resources |= _queue(spec, name, {"Type": type_, "MaxvCpus": spec.settings.max_vcpus})
    if spec.settings.gpu:
        resources |= _queue(spec, "Gpu", _gpu_machines(spec)) | {"GpuLaunch": _launch(spec)}
    return resources


def _queue(spec: NodeSpec, name: str, resources: dict[str, Any]) -> Resources:
    called = spec.names.queue(name.lower())
    return {
        f"{name}Machines": {
            "Type": "AWS::Batch::ComputeEnvironment",
            **_public(spec),
            "Properties": {
                "ComputeEnvironmentName": called,
                "Type": "MANAGED",
                "State": "ENABLED",
                # A change of limits is a change, never another environment of the same name.
                "ReplaceComputeEnvironment": False,
                "ComputeResources": {
                    **resources,
                    "Subnets": subnet_ids(spec),
                    "SecurityGroupIds": [attribute("JobsFirewall", "GroupId")],
                },
                "Tags": spec.kept.machines.get(f"{name}Machines") or tag_map(spec),
            },
        },
        f"{name}Queue": {
            "Type": "AWS::Batch::JobQueue",
            "Properties": {
                "JobQueueName": called,
                "State": "ENABLED",
                "Priority": 1,
                "ComputeEnvironmentOrder": [
                    {"Order": 1, "ComputeEnvironment": ref(f"{name}Machines")}
                ],
                "JobStateTimeLimitActions": [
                    {
                        "Action": "CANCEL",
                        "State": "RUNNABLE",
                        "Reason": reason,
                        "MaxTimeSeconds": most,
                    }
                    for reason, most in _MOST_WAITS.items()
                ],
                "Tags": tag_map(spec),
            },
        },
    }


def _public(spec: NodeSpec) -> Resource:
    """Machines with public addresses go before their gateway, which AWS would not detach else.

    "When a DependsOn attribute is required"
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html).
    """
    is_public = spec.settings.mode is Mode.BASIC and not spec.settings.network
    return {"DependsOn": ["WayOut"]} if is_public else {}


def _gpu_machines(spec: NodeSpec) -> dict[str, Any]:
    gpu = spec.settings.gpu
    return {
        "Type": "EC2",
        "AllocationStrategy": "BEST_FIT_PROGRESSIVE",
        "MinvCpus": 0,
        "MaxvCpus": gpu.vcpus * gpu.most,
        "InstanceTypes": [gpu.instance_type],
        "InstanceRole": attribute("InstanceProfile", "Arn"),
        "Ec2Configuration": [{"ImageType": GPU_IMAGE}],
        "LaunchTemplate": {
            "LaunchTemplateId": ref("GpuLaunch"),
            "Version": attribute("GpuLaunch", "LatestVersionNumber"),
        },
        "UpdateToLatestImageVersion": True,
        "Tags": tag_map(spec),
    }


def _mounted(spec: NodeSpec) -> dict[str, Any]:
    return {
        "files": attribute(spec.kept.files, "FileSystemId"),
        "point": attribute("MachinePoint", "AccessPointId"),
    }


def _launch(spec: NodeSpec) -> Resource:
    # AWS's own key for disks: with another one, who starts machines would have to be let use it.
    disk = {"VolumeType": "gp3", "VolumeSize": DISK_GIB, "Encrypted": True}
    return {
        "Type": "AWS::EC2::LaunchTemplate",
        "Properties": {
            "LaunchTemplateName": spec.names.queue("gpu"),
            "LaunchTemplateData": {
                # Jobs have the machine's network, so one hop keeps nobody from the machine's keys
                # (AWS Batch, "Networking modes"): its role and the execution role of these jobs
                # reach no secret and no key of a workflow.
                "MetadataOptions": {
                    "HttpEndpoint": "enabled",
                    "HttpTokens": "required",
                    "HttpPutResponseHopLimit": 1,
                },
                "UserData": {"Fn::Base64": {"Fn::Sub": [_MOUNTS, _mounted(spec)]}},
                "BlockDeviceMappings": [
                    {"DeviceName": "/dev/xvda", "Ebs": {**disk, "DeleteOnTermination": True}}
                ],
            },
            "TagSpecifications": [{"ResourceType": "launch-template", "Tags": marked(spec)}],
        },
    }
