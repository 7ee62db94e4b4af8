"""Addresses of public images as people write them: ``docker://OWNER/NAME:TAG``. Pure.

An address without a host is one of Docker Hub, and a name alone one of its own images
(https://distribution.github.io/reference: "Familiar names").
"""

from __future__ import annotations

from pennsieve_agent.domain.image_names import ImageRef, ecr_of, is_digest, parse_image
from pennsieve_agent.errors import UsageProblem

SCHEME = "docker://"
HUB = "docker.io"
_HUB_NAMES = {HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}
_WELL_KNOWN = {
    *(HUB, "ghcr.io", "quay.io", "public.ecr.aws", "gcr.io", "registry.gitlab.com"),
    *("mcr.microsoft.com", "nvcr.io", "registry.access.redhat.com"),
}
_DIGEST_SHOWN = 12
_HINT = "for example: docker://nipreps/mriqc:24.0.2"


def is_image(source: str) -> bool:
    """Whether a text is meant as the address of an image."""
    return source.casefold().startswith(SCHEME)


def image_of(source: str, tag: str = "") -> ImageRef:
    """The image of an address; ``tag`` is a tag or a digest in place of the address's own.

    Raises:
        UsageProblem: it is not an address of an image.

    """
    text = source[len(SCHEME) :]
    first, slash, rest = text.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = HUB, text
    if first in _HUB_NAMES:
        first, rest = HUB, rest if "/" in rest else f"library/{rest}"
    try:
        image = parse_image(f"{first}/{rest}")
    except UsageProblem:
        raise UsageProblem(f"'{source[:200]}' is not the address of an image", hint=_HINT) from None
    if ecr_of(image.registry):
        raise UsageProblem(
            f"{image.registry} is a private registry of AWS, from which images are not copied",
            where=source,
            hint="push the image to a public registry, or add the repository it is built from",
        )
    if tag:
        where = f"@{tag}" if is_digest(tag) else f":{tag}"
        return image_of(f"{SCHEME}{image.name}{where}")
    return image


def address_of(image: ImageRef) -> str:
    """The one spelling of an image's address, without tag and digest."""
    name = image.repository.removeprefix("library/") if image.registry == HUB else image.repository
    return f"{SCHEME}{name}" if image.registry == HUB else f"{SCHEME}{image.registry}/{name}"


def tag_of(image: ImageRef) -> str:
    """What an image is registered as: its tag, else the start of its digest."""
    return image.tag or image.digest.partition(":")[2][:_DIGEST_SHOWN] or "latest"


def shown_image(address: str) -> str:
    """An address as a node, and with a receipt a dataset, may have it: no private registry."""
    image = image_of(address)
    known = image.registry in _WELL_KNOWN
    return address if known else f"image:{image.repository.rpartition('/')[2]}"
