"""Images in registries that anybody may have: what is there, in one sentence, and copies of it.

Nothing of an AWS account is needed to look; the copy goes into a node's own repository.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable

from pennsieve_agent.aws.registry import Registry
from pennsieve_agent.aws.registry_copy import Note, Place, copy, own_registry, resolve
from pennsieve_agent.aws.registry_http import Refusal
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.image_addresses import HUB, address_of
from pennsieve_agent.domain.image_names import ImageRef
from pennsieve_agent.domain.loopback import is_loopback
from pennsieve_agent.errors import RegistryError

_HUB_API = "registry-1.docker.io"
"""Where Docker Hub answers the Registry API (https://docs.docker.com/docker-hub/usage/pulls)."""
_SHOWN = 5
Sleep = Callable[[float], None]


def find_image(image: ImageRef, login: str, sleep: Sleep) -> str:
    """The digest that an image has for linux/amd64 now.

    ``login`` is what basic authentication sends to its registry, in Base64; empty for none.

    Raises:
        RegistryError: there is no such image, or none for linux/amd64, or it is not public.

    """
    place = _place(image, login)
    try:
        return resolve(place, image, sleep)
    except Refusal as refusal:
        raise _in_words(place, image, refusal, has_login=bool(login)) from None


def copy_public(
    aws: Aws, image: ImageRef, repository: str, login: str, sleep: Sleep, note: Note
) -> str:
    """Copy an image into an ECR repository of ``aws``'s account and region; answers its digest.

    Raises:
        RegistryError: as :func:`find_image`, or a registry refuses.
        AwsError: ECR gives no sign-in.

    """
    place = _place(image, login)
    try:
        return copy(place, image, own_registry(aws, repository), sleep, note)
    except Refusal as refusal:
        if refusal.where and image.registry in refusal.where:
            raise _in_words(place, image, refusal, has_login=bool(login)) from None
        raise


def _place(image: ImageRef, login: str) -> Place:
    host = _HUB_API if image.registry == HUB else image.registry
    scheme = "http" if is_loopback(f"http://{host}") else "https"
    return Place(Registry(f"{scheme}://{host}", "", login), image.repository)


def _in_words(place: Place, image: ImageRef, refusal: Refusal, *, has_login: bool) -> RegistryError:
    address = address_of(image)
    sign_in = f"docker login {image.registry}" if image.registry != HUB else "docker login"
    match refusal.status:
        case 401 | 403 if has_login:
            return RegistryError(
                f"the image {address} does not exist, or your login may not read it",
                where=image.registry,
                hint=f"check its name; sign in as somebody who may: {sign_in}",
            )
        case 401 | 403:
            return RegistryError(
                f"the image {address} does not exist, or is private",
                where=image.registry,
                hint=f"check its name; for a private image sign in first: {sign_in}",
            )
        case 404:
            return _not_there(place, image)
        case 429:
            return RegistryError(
                f"{image.registry} refused: too many requests from this network",
                where=address,
                hint=f"wait an hour, or sign in, which allows more requests: {sign_in}",
            )
        case _:
            return refusal


def _not_there(place: Place, image: ImageRef) -> RegistryError:
    """Whether it is the tag that is not there, or the image."""
    address = address_of(image)
    try:
        tags = place.registry.tags(place.repository)
    except RegistryError:
        tags = []
    if not tags:
        return RegistryError(
            f"there is no image {address}",
            where=image.registry,
            hint="check its name on the registry's page",
        )
    close = difflib.get_close_matches(image.reference, tags, n=_SHOWN, cutoff=0.4)
    shown = ", ".join(close or sorted(tags)[-_SHOWN:])
    return RegistryError(
        f"the image {address} has no {'digest' if image.digest else 'tag'} {image.reference}",
        where=image.registry,
        hint=f"it has: {shown}",
    )
