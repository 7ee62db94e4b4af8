"""What of the AWS account is in the way of a run: images that are gone, quotas that are too small.

What AWS does not let the node see is not told, and AWS says it when the run starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pennsieve_agent.domain.aws_quotas import FARGATE, FARGATE_SPOT, GPU_G, GPU_P, Quota
from pennsieve_agent.domain.image_names import WORKFLOWS, node_repository
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_record import JobRecord

_NO_IMAGE = {"ImageNotFoundException", "RepositoryNotFoundException"}


def missing_images(node: Node, version: Mapping[str, Any]) -> Iterator[str]:
    """The steps of a version whose image is not in the node's own repository, each in a sentence.

    Of images elsewhere, as in Pennsieve's App Store, the node cannot tell.
    """
    own = node_repository(node.settings.token, WORKFLOWS)
    for step in version["steps"]:
        place, _, digest = str(step.get("image") or "").partition("@")
        if not digest or not place.endswith(f"/{own}"):
            continue
        try:
            node.client("ecr").describe_images(
                repositoryName=own, imageIds=[{"imageDigest": digest}]
            )
        except Exception as error:
            if not (code := aws_code(error)):
                raise
            if code in _NO_IMAGE:
                yield f"the image of step '{step['id']}' is not in the node's registry any more"


def quotas_of(node: Node, jobs: Sequence[JobRecord], *, spot: bool) -> list[tuple[Quota, float]]:
    """The quotas that these jobs count for, with their values, as far as AWS tells them."""
    gpu = GPU_P if node.settings.gpu_type.startswith("p") else GPU_G
    needed = dict.fromkeys(gpu if job.gpu else FARGATE_SPOT if spot else FARGATE for job in jobs)
    values = ((quota, _value(node, quota)) for quota in needed)
    return [(quota, value) for quota, value in values if value is not None]


def too_small(
    node: Node, jobs: Sequence[JobRecord], quotas: Sequence[tuple[Quota, float]]
) -> Iterator[str]:
    """The steps that no machine may run, as they need more than a quota, each in a sentence."""
    for quota, most in quotas:
        mine = [job for job in jobs if job.gpu == (quota in {GPU_G, GPU_P})]
        largest = max(mine, key=lambda job: job.vcpus)
        if largest.vcpus > most:
            yield (
                f"step '{largest.step}' needs {largest.vcpus:g} processors, and AWS lets this "
                f"account use {most:g} at once in {node.settings.region} (quota '{quota.name}'); "
                "ask AWS for more: aws service-quotas request-service-quota-increase "
                f"--service-code {quota.service} --quota-code {quota.code} --desired-value "
                f"{max(64, largest.vcpus):g} --region {node.settings.region}"
            )


def _value(node: Node, quota: Quota) -> float | None:
    try:
        answer = node.client("service-quotas").get_service_quota(
            ServiceCode=quota.service, QuotaCode=quota.code
        )
    except Exception as error:
        if not aws_code(error):
            raise
        return None
    value = answer["Quota"].get("Value")
    return None if value is None else float(value)
