"""The CodeBuild project that builds images of workflows in the account, when it is asked to.

It costs nothing until then. A build gets code and the layers of earlier images, and nothing of
runs, so it is outside the node's network in every mode, as the functions are; rights to make
network interfaces would be wider than all that it has. A node of mode compliant has none, as base
images come over the internet.

It has no limit of its own for builds at once: AWS refuses a project whose limit is above the
account's, which is none or one in new accounts, and with it the whole stack ("CreateProject",
``concurrentBuildLimit``,
https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html).
"""

from __future__ import annotations

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.buildspec import PAUSES, buildspec
from pennsieve_agent.account.stack.template_parts import (
    Resources,
    attribute,
    builds_images,
    ref,
    tags,
)
from pennsieve_agent.domain.image_builds import BuildSize

MACHINE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
"""AWS's own image with a Docker engine and the AWS CLI ("Docker images provided by CodeBuild",
https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-available.html)."""
MOST_MINUTES = 120
QUEUED_MINUTES = 60
"""How long a build waits for others of the account to end."""


def image_builds(spec: NodeSpec) -> Resources:
    """The project of a node that is on; its role and its log are with the others."""
    if spec.code is None or not builds_images(spec):
        return {}
    names = spec.names
    variables = {"BUCKET": names.bucket, "REPOSITORY": names.workflow_images}
    return {
        "Builder": {
            "Type": "AWS::CodeBuild::Project",
            "Properties": {
                "Name": names.builder,
                "Description": "Builds images of workflows for a Pennsieve node",
                "ServiceRole": attribute("BuilderRole", "Arn"),
                "Source": {"Type": "NO_SOURCE", "BuildSpec": buildspec(PAUSES)},
                "Artifacts": {"Type": "NO_ARTIFACTS"},
                "Environment": {
                    "Type": "LINUX_CONTAINER",
                    "ComputeType": BuildSize.SMALL.compute_type,
                    "Image": MACHINE,
                    # Without it there is no Docker engine ("Run Docker in a build",
                    # https://docs.aws.amazon.com/codebuild/latest/userguide/sample-docker.html).
                    "PrivilegedMode": True,
                    "EnvironmentVariables": [
                        {"Name": name, "Value": value} for name, value in variables.items()
                    ],
                },
                "TimeoutInMinutes": MOST_MINUTES,
                "QueuedTimeoutInMinutes": QUEUED_MINUTES,
                "LogsConfig": {
                    "CloudWatchLogs": {"Status": "ENABLED", "GroupName": ref("BuildLogs")}
                },
                "Tags": tags(spec),
            },
        },
    }
