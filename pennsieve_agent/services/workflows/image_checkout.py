"""An image in a registry as the code of a step."""

from __future__ import annotations

from collections.abc import Callable

from pennsieve_agent.domain.image_addresses import address_of, image_of, tag_of
from pennsieve_agent.domain.image_names import ImageRef
from pennsieve_agent.domain.workflows import Checkout, Manifest

FindImage = Callable[[ImageRef], str]
"""Answers the digest that an image has for the machines of nodes; errors as of its registry."""


def inspect_image(
    source: str, ref: str | None, find: FindImage, note: Callable[[str], None]
) -> Checkout:
    """An image with the digest that its tag means now; ``ref`` is a tag or digest instead.

    Raises:
        UsageProblem: it is not the address of an image.
        RegistryError: there is no such image, or none that nodes can run.

    """
    image = image_of(source, ref or "")
    digest = find(image)
    pinned = image.pinned(digest)
    tag, name = tag_of(image), image.repository.rpartition("/")[2]
    if not image.tag and not image.digest:
        note(f"no tag was given, so this is {tag}: {pinned}")
    return Checkout(
        address_of(image),
        tag,
        digest.partition(":")[2],
        Manifest(name),
        is_tag=not image.digest,
        image=pinned,
    )
