"""Where jobs run: AWS Batch on Fargate, on Fargate Spot, and on machines with GPUs when asked.

Everything scales to nothing: an empty queue costs nothing.
"""

from __future__ import annotations

from typing import Any

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.network import subnet_ids
from pennsieve_agent.account.stack.template_parts import (
    Resource,
    Resources,
    attribute,
    marked,
    ref,
    tag_map,
)

DISK_GIB = 100
GPU_IMAGE = "ECS_AL2023_NVIDIA"
"""AWS Batch, "Ec2Configuration"."""


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
                "Tags": tag_map(spec),
            },
        },
    }


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
                "BlockDeviceMappings": [
                    {"DeviceName": "/dev/xvda", "Ebs": {**disk, "DeleteOnTermination": True}}
                ],
            },
            "TagSpecifications": [{"ResourceType": "launch-template", "Tags": marked(spec)}],
        },
    }
