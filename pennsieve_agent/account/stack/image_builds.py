"""The CodeBuild project that builds images of workflows in the account, when it is asked to.

It costs nothing until then. A build gets code and the layers of earlier images, and nothing of
runs, so it is outside the node's network in every mode, as the functions are; rights to make network
interfaces would be wider than all that it has. A node of mode compliant has none, as base images
come over the internet.

It has no limit of its own for builds at once: AWS refuses a project whose limit is above the
account's, which is none or one in new accounts, and with it the whole stack ("CreateProject",
``concurrentBuildLimit``,
https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.storage import log_group
from pennsieve_agent.account.stack.template_parts import (
    Resources,
    attribute,
    has_builder,
    has_key,
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
PAUSES = (30, 60, 120)
"""Seconds before a build is repeated that a registry of base images refused as one of too many."""


def image_builds(spec: NodeSpec) -> Resources:
    """The project and its log; its role is with the others."""
    if not has_builder(spec):
        return {}
    names = spec.names
    variables = {"BUCKET": names.bucket, "REPOSITORY": names.workflow_images}
    key = {"EncryptionKey": attribute("Key", "Arn")} if has_key(spec) else {}
    return {
        "BuildLogs": log_group(spec, names.builds_log_group),
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
                **key,
                "Tags": tags(spec),
            },
        },
    }


def buildspec(pauses: Sequence[int]) -> str:
    """What a build does, as CodeBuild reads it.

    A build is given ``ARCHIVE``, the SHA-256 of the code's archive, which is the image's tag, too,
    and ``EARLIER``, the tag of an image whose layers it begins with, or nothing
    ("Build specification reference",
    https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html).
    """
    phases = {
        "pre_build": {"on-failure": "ABORT", "commands": [*_FETCH, *_SIGN_IN]},
        "build": {"on-failure": "ABORT", "commands": [*_build(pauses), 'docker push "$IMAGE"']},
    }
    return json.dumps({"version": "0.2", "phases": phases}, separators=(",", ":"))


_FETCH = (
    'aws s3 cp --only-show-errors "s3://$BUCKET/archives/$ARCHIVE.tar.gz" code.tar.gz',
    'echo "$ARCHIVE  code.tar.gz" | sha256sum --check --quiet',
    "mkdir code && tar -xzf code.tar.gz --no-same-owner -C code",
)
_SIGN_IN = (
    "aws ecr get-authorization-token --output text --query "
    "'authorizationData[0].[proxyEndpoint,authorizationToken]' > login",
    "read -r REGISTRY TOKEN < login && rm login",
    'echo "$TOKEN" | base64 -d | cut -d: -f2'
    ' | docker login --username AWS --password-stdin "$REGISTRY"',
    'IMAGE="${REGISTRY#*://}/$REPOSITORY:$ARCHIVE" CACHE="${REGISTRY#*://}/$REPOSITORY:$EARLIER"',
)


def _build(pauses: Sequence[int]) -> tuple[str, ...]:
    times = " ".join(map(str, pauses))
    return (
        # BuildKit reads an earlier image's layers where they are; the older builder has to have it.
        "if docker buildx version > /dev/null 2>&1; then export DOCKER_BUILDKIT=1"
        ' BUILDKIT_PROGRESS=plain; elif [ -n "$EARLIER" ]; then'
        ' docker pull --quiet "$CACHE" || true; fi',
        f'for PAUSE in {times} ""; do'
        " (docker build --platform linux/amd64 --build-arg BUILDKIT_INLINE_CACHE=1"
        ' ${EARLIER:+--cache-from=$CACHE} --tag "$IMAGE" code; echo $? > status) 2>&1'
        ' | tee build.log; if [ "$(cat status)" = 0 ] || [ -z "$PAUSE" ] ||'
        " ! grep -qiE 'toomanyrequests|429 too many requests' build.log; then break; fi;"
        ' echo "a registry refuses for now: too many requests; once more in $PAUSE seconds";'
        ' sleep "$PAUSE"; done',
        '[ "$(cat status)" = 0 ]',
        "docker image inspect --format '{{.Os}}/{{.Architecture}}' \"$IMAGE\" > machine;"
        " grep -qx linux/amd64 machine ||"
        ' { echo "error: the image is for $(cat machine), and nodes are linux/amd64"; false; }',
    )
