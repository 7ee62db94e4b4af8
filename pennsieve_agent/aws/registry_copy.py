"""Copy an image from registry to registry, without a container engine.

What is there already is asked for first, so that a copy that was broken off goes on where it
stopped. Every blob and manifest is held to its digest on the way.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from pennsieve_agent.aws.registry import INDEXES, MANIFESTS, Document, Registry
from pennsieve_agent.aws.registry_http import Refusal, Stream
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.backoff import Backoff
from pennsieve_agent.domain.image_names import Ecr, ImageRef, ecr_of, is_digest, parse_image
from pennsieve_agent.errors import RegistryError

PLATFORM = ("linux", "amd64")
"""What AWS Batch on Fargate runs (AWS Batch, "runtimePlatform")."""
BACKOFF = Backoff(first=0.3, longest=10.0, repeats=9)
LOOKING = Backoff(first=0.3, longest=2.0, repeats=3)
"""Before anything is copied: a person waits."""
Note = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """An open registry and a repository in it."""

    registry: Registry
    repository: str


def digest_of(aws: Aws, source: str) -> str:
    """The digest of the manifest for linux/amd64 that an address in a public registry means now.

    Raises:
        RegistryError: there is no such image, or none for linux/amd64.
        UsageProblem: it is not an address of an image.

    """
    image = parse_image(source)
    return _manifest(_public(aws, image), image).digest


def copy_image(
    aws: Aws,
    source: str,
    repository: str,
    sleep: Callable[[float], None],
    note: Note = lambda _: None,
) -> str:
    """Copy an image into an ECR repository of ``aws``'s account and region; answers its digest.

    The image gets the digest's 64 hex digits as its tag, so that ECR never counts it as untagged.
    Doing it again copies nothing.

    Raises:
        RegistryError: the image is not there, is not what its digests say, or a registry refuses.
        AwsError: ECR gives no sign-in.

    """
    image = parse_image(source)
    return copy(_public(aws, image), image, own_registry(aws, repository), sleep, note)


def resolve(source: Place, image: ImageRef, sleep: Callable[[float], None]) -> str:
    """The digest of the manifest for linux/amd64 that an image means now.

    Raises:
        RegistryError: there is no such image, or none for linux/amd64.

    """
    return _retried(lambda: _manifest(source, image), sleep, LOOKING).digest


def own_registry(aws: Aws, repository: str) -> Place:
    """A repository in the private ECR registry of ``aws``'s account and region, signed in.

    Raises:
        AwsError: ECR gives no sign-in.

    """
    address, login = sign_in(aws)
    # AWS says the registry's address with the sign-in; elsewhere it has a path, too.
    base, prefix = _split(address)
    return Place(Registry(base, prefix, login), repository)


def sign_in(aws: Aws) -> tuple[str, str]:
    """The address of the account's registry, and what basic authentication sends to it.

    Raises:
        AwsError: ECR gives no sign-in.

    """
    token = aws.call("ecr", "get_authorization_token")["authorizationData"][0]
    return str(token["proxyEndpoint"]), str(token["authorizationToken"])


def copy(
    source: Place,
    image: ImageRef,
    target: Place,
    sleep: Callable[[float], None],
    note: Note = lambda _: None,
) -> str:
    """Copy the linux/amd64 part of an image; answers the digest of its manifest.

    Raises:
        RegistryError: as for :func:`copy_image`.

    """
    manifest = _retried(lambda: _manifest(source, image), sleep)
    tag = manifest.digest.partition(":")[2]
    there = target.registry.has_document(target.repository, tag)
    if there:
        return manifest.digest
    for blob in _blobs(manifest):
        if target.registry.has_blob(target.repository, blob.digest):
            continue
        note(f"copying {blob.size / 1e6:.1f} MB of {image.repository}")

        def once(blob: _Blob = blob) -> None:
            _copy_blob(source, target, blob)

        _retried(once, sleep)
    _retried(lambda: target.registry.put_document(target.repository, tag, manifest), sleep)
    return manifest.digest


@dataclass(frozen=True, slots=True)
class _Blob:
    digest: str
    size: int


class _Checked:
    """Reads a blob, and fails at its end if it does not match its digest."""

    def __init__(self, stream: Stream, blob: _Blob) -> None:
        self._stream = stream
        self._blob = blob
        self._left = blob.size
        self._hash = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Read on."""
        want = self._left if size < 0 else min(size, self._left)
        piece = self._stream.read(want) if want else b""
        self._hash.update(piece)
        self._left -= len(piece)
        if want and not piece:
            raise Refusal("the transfer of a layer ended early", 0, where=self._blob.digest)
        if not self._left and f"sha256:{self._hash.hexdigest()}" != self._blob.digest:
            # The last piece never arrives, so that nobody takes the whole for good.
            raise RegistryError("a layer does not match its digest", where=self._blob.digest)
        return piece


def _copy_blob(source: Place, target: Place, blob: _Blob) -> None:
    try:
        with source.registry.blob(source.repository, blob.digest) as stream:
            checked = _Checked(stream, blob)
            target.registry.put_blob(target.repository, blob.digest, blob.size, checked)
    except (OSError, http.client.HTTPException):
        raise Refusal("the connection to the registry was lost", 0, where=blob.digest) from None


def _manifest(source: Place, image: ImageRef) -> Document:
    manifest = source.registry.document(source.repository, image.reference)
    if manifest.media_type in INDEXES:
        manifest = source.registry.document(source.repository, _chosen(manifest, image))
    if manifest.media_type not in MANIFESTS:
        raise RegistryError(
            f"the image has an unknown media type: {manifest.media_type[:100]}",
            where=str(image),
        )
    _check_platform(source, manifest, image)
    return manifest


def _chosen(index: Document, image: ImageRef) -> str:
    for row in index.json.get("manifests") or ():
        platform = row.get("platform") or {}
        if (platform.get("os"), platform.get("architecture")) == PLATFORM:
            digest = str(row.get("digest"))
            if is_digest(digest):
                return digest
    raise _not_for_us(image)


def _check_platform(source: Place, manifest: Document, image: ImageRef) -> None:
    config = next(_blobs(manifest))
    with source.registry.blob(source.repository, config.digest) as stream:
        checked, content = _Checked(stream, config), b""
        while piece := checked.read(65_536):
            content += piece
    try:
        config = json.loads(content)
        platform = (config.get("os"), config.get("architecture"))
    except (ValueError, AttributeError):
        platform = (None, None)
    if platform != PLATFORM:
        raise _not_for_us(image)


def _not_for_us(image: ImageRef) -> RegistryError:
    return RegistryError(
        "the image is not available for linux/amd64, which nodes run",
        where=str(image),
        hint="build it for that: docker buildx build --platform linux/amd64",
    )


def _blobs(manifest: Document) -> Iterator[_Blob]:
    """The configuration, then the layers."""
    document = manifest.json
    for row in (document.get("config") or {}, *(document.get("layers") or ())):
        digest, size = str(row.get("digest")), row.get("size")
        if not is_digest(digest) or not isinstance(size, int) or size < 0 or row.get("urls"):
            raise RegistryError("the image's manifest cannot be copied", where=manifest.digest)
        yield _Blob(digest, size)


def _public(aws: Aws, image: ImageRef) -> Place:
    """A registry that needs no sign-in, or a private one of ECR with the session's own."""
    registry: Ecr | None = ecr_of(image.registry)
    if registry is not None:
        raise RegistryError("only images of public registries can be copied", where=str(image))
    if aws.endpoint:
        base, _ = _split(aws.endpoint)
        return Place(Registry(base, image.registry), image.repository)
    return Place(Registry(f"https://{image.registry}"), image.repository)


def _split(address: str) -> tuple[str, str]:
    """The scheme and host of an address, and the path below."""
    scheme, _, rest = address.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host}", path.strip("/")


def _retried(
    work: Callable[[], T], sleep: Callable[[float], None], backoff: Backoff = BACKOFF
) -> T:
    waits = backoff.waits(random.random)
    while True:
        try:
            return work()
        except Refusal as refusal:
            wait = next(waits)
            if wait is None or not refusal.may_pass:
                raise
            sleep(wait)
