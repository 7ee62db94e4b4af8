"""Images in ECR, and archives in a node's bucket, as the owner of a node handles them."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from pennsieve_agent.aws.registry import Registry
from pennsieve_agent.aws.registry_copy import sign_in
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.image_names import ImageRef, ecr_of, is_digest
from pennsieve_agent.errors import AwsError, UsageProblem

UPLOAD_SECONDS = 120
_NONE = {"ImageNotFoundException", "RepositoryNotFoundException"}


def runs_archives(aws: Aws) -> bool:
    """Whether what runs jobs in the account runs archives in place of images: a sandbox's.

    Raises:
        AwsError, RegistryError: the account's registry cannot be asked.

    """
    if not aws.endpoint:
        return False
    address, login = sign_in(aws)
    scheme, _, rest = address.partition("://")
    return Registry(f"{scheme}://{rest.partition('/')[0]}", "", login).check() == "archives"


def digest_of_tag(aws: Aws, repository: str, tag: str) -> str:
    """The digest of a tag in a repository of ``aws``'s account and region; empty for none.

    Raises:
        AwsError: ECR refuses to tell.

    """
    try:
        answer = aws.call(
            "ecr", "describe_images", repositoryName=repository, imageIds=[{"imageTag": tag}]
        )
    except AwsError as error:
        if error.aws_code in _NONE:
            return ""
        raise
    return str(answer["imageDetails"][0]["imageDigest"]) if answer["imageDetails"] else ""


def pinned(aws: Aws, image: ImageRef) -> str:
    """The digest of an image in any account's ECR, asked in the image's own region.

    Raises:
        UsageProblem: it is in no ECR registry, or is not there.
        AwsError: the account may not see it; the hint says how it may.

    """
    ecr = ecr_of(image.registry)
    if ecr is None:
        raise UsageProblem(
            f"the image {image} is not in ECR, so its digest cannot be read",
            hint="build the code on this machine: --build here",
        )
    try:
        answer = aws.at(ecr.region).call(
            "ecr",
            "batch_get_image",
            registryId=ecr.account,
            repositoryName=image.repository,
            imageIds=[{"imageTag": image.reference}],
        )
    except AwsError as error:
        raise AwsError(
            f"this AWS account may not read the image that Pennsieve built: {error.message}",
            where=str(image),
            hint="ask for pull access again: pennsieve compute update NODE; or build the code on "
            "this machine: --build here",
            aws_code=error.aws_code,
        ) from None
    for row in answer.get("images") or ():
        digest = str(row["imageId"].get("imageDigest"))
        if is_digest(digest):
            return digest
    raise UsageProblem(
        f"the image {image} is not in its registry",
        hint="build it again: pennsieve workflow add REPO@TAG",
    )


def put_file(url: str, headers: Mapping[str, str], path: Path) -> None:
    """Upload a file by a link that was signed for it, in pieces.

    Raises:
        AwsError: S3 refuses it, or does not answer.

    """
    try:
        with path.open("rb") as content:
            # Without a type, urllib would call it a form.
            all_headers = {"Content-Type": "application/gzip", **headers}
            request = urllib.request.Request(  # noqa: S310 - the node's own link
                url, data=content, headers=all_headers, method="PUT"
            )
            with urllib.request.urlopen(request, timeout=UPLOAD_SECONDS):  # noqa: S310 - as above
                return
    except urllib.error.HTTPError as error:
        with error:
            reason = f"S3 answers {error.code}"
    except (OSError, http.client.HTTPException) as error:
        reason = str(getattr(error, "reason", None) or type(error).__name__)
    raise AwsError(f"the archive cannot be uploaded: {reason}", hint="run the same command again")
