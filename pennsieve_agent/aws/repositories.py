"""ECR repositories: whether they exist, what is in them, and emptying one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError

AT_ONCE = 100
"""Images that one request deletes (Amazon ECR API Reference, "BatchDeleteImage")."""


def repository_exists(aws: Aws, name: str) -> bool:
    """Whether there is a repository of this name."""
    try:
        aws.call("ecr", "describe_repositories", repositoryNames=[name])
    except AwsError as error:
        if error.aws_code == "RepositoryNotFoundException":
            return False
        raise
    return True


def images_in(aws: Aws, name: str) -> tuple[dict[str, Any], ...]:
    """The ids of the images in a repository, by digest; none when it does not exist."""
    try:
        images = [row for page in aws.pages("ecr", "list_images", repositoryName=name)
                 for row in page["imageIds"]]  # fmt: skip
    except AwsError as error:
        if error.aws_code == "RepositoryNotFoundException":
            return ()
        raise
    digests = dict.fromkeys(str(row["imageDigest"]) for row in images)
    return tuple({"imageDigest": digest} for digest in digests)


def empty_repository(aws: Aws, name: str) -> int:
    """Delete all images in a repository; answers how many there were."""
    ids = images_in(aws, name)
    for batch in _cut(ids):
        aws.call("ecr", "batch_delete_image", repositoryName=name, imageIds=batch)
    return len(ids)


def _cut(ids: tuple[dict[str, Any], ...]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(ids), AT_ONCE):
        yield list(ids[start : start + AT_ONCE])
