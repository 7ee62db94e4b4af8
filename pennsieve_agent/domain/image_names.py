"""Addresses of container images: registry, repository, tag and digest. Pure.

An image that runs is always named by digest: ``REGISTRY/REPOSITORY@sha256:…``, or, where a node's
machine runs programs without containers, ``archive@sha256:…`` for an archive in the node's bucket.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pennsieve_agent.errors import UsageProblem

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    r"(?P<registry>(?:[A-Za-z0-9.-]+\.[A-Za-z0-9-]+|localhost|[A-Za-z0-9.-]+(?=:\d))(?::\d+)?)/"
    rf"(?P<repository>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_TRANSFER = re.compile(
    r".*/pennsieve-node-[0-9a-f]{8}/transfer(@sha256:[0-9a-f]{64})?"
    r"|.*\bdocker/library/python:3[0-9.]*(-slim)?(@sha256:[0-9a-f]{64})?"
)
ARCHIVE = "archive@sha256:"
_ARCHIVE = re.compile(r"archive@sha256:([0-9a-f]{64})")
WORKFLOWS, TRANSFER = "workflows", "transfer"
"""The last part of the names of a node's two repositories."""


@dataclass(frozen=True, slots=True)
class ImageRef:
    """An image in a registry: by tag, by digest, or both (then the digest counts)."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """Registry and repository."""
        return f"{self.registry}/{self.repository}"

    @property
    def reference(self) -> str:
        """What follows the name in the registry's API; ``latest`` for neither tag nor digest."""
        return self.digest or self.tag or "latest"

    def pinned(self, digest: str) -> str:
        """The image by a digest."""
        return f"{self.name}@{digest}"

    def __str__(self) -> str:
        """The image as it is written."""
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")


@dataclass(frozen=True, slots=True)
class Ecr:
    """Whose private ECR registry an address is, and where."""

    account: str
    region: str


def parse_image(text: str) -> ImageRef:
    """Read an image's address, which must name its registry.

    Raises:
        UsageProblem: it is none.

    """
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise UsageProblem(
            f"'{text[:200]}' is not the address of an image",
            hint="write it as REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@sha256:DIGEST",
        )
    return ImageRef(
        match["registry"], match["repository"], match["tag"] or "", match["digest"] or ""
    )


def ecr_of(registry: str) -> Ecr | None:
    """The account and region of a private ECR registry; None for any other."""
    match = _ECR.fullmatch(registry)
    return Ecr(match["account"], match["region"]) if match else None


def is_digest(text: str) -> bool:
    """Whether a text is ``sha256:`` and 64 hex digits."""
    return _DIGEST.fullmatch(text) is not None


def archive_image(sha256: str) -> str:
    """The image that an archive is, by the SHA-256 of the archive in hex."""
    return f"{ARCHIVE}{sha256}"


def archive_of(image: str) -> str:
    """The SHA-256 of the archive that an image is; empty for one in a registry."""
    match = _ARCHIVE.fullmatch(image)
    return match[1] if match else ""


def archive_key(sha256: str) -> str:
    """Where an archive lies in a node's bucket."""
    return f"archives/{sha256}.tar.gz"


def is_transfer(image: str) -> bool:
    """Whether an image is the one in which files are moved: a node's own copy, or Python's."""
    return _TRANSFER.fullmatch(image) is not None


def node_repository(token: str, kind: str) -> str:
    """A node's own ECR repository: for :data:`WORKFLOWS`, or for :data:`TRANSFER`."""
    return f"pennsieve-node-{token}/{kind}"
