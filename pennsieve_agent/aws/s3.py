"""Buckets: whether one exists, what is in it, and emptying it before its stack is deleted."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError

BATCH = 1000
"""The most objects that S3 deletes in one request."""

_MISSING = {"NoSuchBucket", "404", "NotFound"}


def bucket_exists(aws: Aws, name: str) -> bool:
    """Whether there is a bucket of this name that we may access."""
    try:
        aws.call("s3", "head_bucket", Bucket=name)
    except AwsError as error:
        if error.aws_code in _MISSING:
            return False
        raise
    return True


def object_versions(aws: Aws, bucket: str) -> Iterator[dict[str, str]]:
    """Every version and every delete marker, as ``Key`` and ``VersionId``; none if no bucket."""
    try:
        for page in aws.pages("s3", "list_object_versions", Bucket=bucket):
            for version in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                yield {"Key": version["Key"], "VersionId": version["VersionId"]}
    except AwsError as error:
        if error.aws_code not in _MISSING:
            raise


def empty_bucket(aws: Aws, bucket: str) -> int:
    """Delete everything in a bucket, old versions and unfinished uploads too.

    Answers how many versions were deleted; a bucket that is not there counts as empty.

    Raises:
        AwsError: a deletion was refused.

    """
    if not bucket_exists(aws, bucket):
        return 0
    deleted, versions = 0, object_versions(aws, bucket)
    while batch := list(islice(versions, BATCH)):
        answer = aws.call(
            "s3", "delete_objects", Bucket=bucket, Delete={"Objects": batch, "Quiet": True}
        )
        _refuse_errors(answer, bucket)
        deleted += len(batch)
    for page in aws.pages("s3", "list_multipart_uploads", Bucket=bucket):
        for upload in page.get("Uploads", []):
            aws.call(
                "s3",
                "abort_multipart_upload",
                Bucket=bucket,
                Key=upload["Key"],
                UploadId=upload["UploadId"],
            )
    return deleted


def _refuse_errors(answer: dict[str, Any], bucket: str) -> None:
    for error in answer.get("Errors", []):
        raise AwsError(
            f"AWS did not delete '{error.get('Key', '')}': {error.get('Message', '')}".rstrip("."),
            where=f"s3://{bucket}",
            hint="delete it in the AWS console, then run the command again",
            aws_code=error.get("Code"),
        )


def object_exists(aws: Aws, bucket: str, key: str) -> bool:
    """Whether there is an object of this key."""
    try:
        aws.call("s3", "head_object", Bucket=bucket, Key=key)
    except AwsError as error:
        if error.aws_code in {*_MISSING, "NoSuchKey"}:
            return False
        raise
    return True


def put_object(aws: Aws, bucket: str, key: str, data: bytes) -> str:
    """Write an object; AWS checks that it arrived complete. Answers its version, if it has one."""
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    answer = aws.call("s3", "put_object", Bucket=bucket, Key=key, Body=data, ChecksumSHA256=digest)
    return str(answer.get("VersionId", ""))


def delete_version(aws: Aws, bucket: str, key: str, version: str) -> None:
    """Delete one version of an object for good, or the object of a bucket without versions."""
    which = {"VersionId": version} if version else {}
    aws.call("s3", "delete_object", Bucket=bucket, Key=key, **which)
