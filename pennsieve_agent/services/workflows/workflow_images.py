"""The images that a node runs: built here or there, or Pennsieve's by digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pennsieve_agent.domain.image_builds import BuildSize
from pennsieve_agent.domain.image_names import ImageRef, archive_image, parse_image
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.domain.workflows import Checkout, Step
from pennsieve_agent.engine.process_backend import read_dockerfile
from pennsieve_agent.errors import NotFound, UsageProblem
from pennsieve_agent.services.workflows.node_builds import BuildRequest
from pennsieve_agent.services.workflows.version_request import StepCode, shown_address
from pennsieve_agent.source.commit_archive import Archive, complete, pack
from pennsieve_agent.source.repository_urls import name_of
from pennsieve_agent.transfer.temporary_folders import temporary_folder

_LARGE_BYTES = 20_000_000
Note = Callable[[str], None]
Code = Mapping[str, StepCode]


class NodeImages(Protocol):
    """Where one own node has its images."""

    @property
    def node(self) -> OwnNode:
        """The node."""
        ...

    def takes_archives(self) -> bool:
        """Whether its machines run archives of code, and no containers: a sandbox's."""
        ...

    def tagged(self, tag: str) -> ImageRef | None:
        """Its own image of that tag, by digest; None when there is none."""
        ...

    def push(self, image: str, tag: str) -> ImageRef:
        """Push an image of the engine under a tag; answers it by digest."""
        ...

    def build(self, archive: Archive, request: BuildRequest) -> ImageRef:
        """Let the node build an archive, and follow it to its end; answers the image by digest.

        Raises:
            SourceError: it could not be built, or was stopped.
            Conflict: the node builds nothing, or AWS starts no build in its account.
        """
        ...

    def upload(self, archive: Archive) -> None:
        """Put an archive into its bucket, unless it is there."""
        ...

    def copy(self, image: ImageRef) -> ImageRef:
        """Copy a public image into its registry, unless it is there; answers the copy by digest."""
        ...

    def pinned(self, image: ImageRef) -> str:
        """The digest of an image in any ECR registry that the node's account may pull from."""
        ...


class Engine(Protocol):
    """What builds images on this machine."""

    @property
    def place(self) -> str:
        """Which engine it is, for people."""
        ...

    def build(self, folder: Path, name: str, log: Note) -> str:
        """Build a repository's Dockerfile for linux/amd64; answers the engine's id of the image."""
        ...


@dataclass(frozen=True, slots=True)
class PackedCode:
    """The files of a commit, and the archive of them."""

    checkout: Checkout
    files: Path
    archive: Archive

    @property
    def name(self) -> str:
        """What the code is called."""
        return name_of(self.checkout.source_url)


class Builder(Protocol):
    """What makes the image of code for a node that has none of it yet."""

    def image(self, code: PackedCode, node: NodeImages) -> ImageRef:
        """Build it and put it into the node's repository; answers it by digest."""
        ...


class BuildHere:
    """This machine's engine, which builds the same code once, and pushes it to each node."""

    def __init__(self, engine: Callable[[], Engine], note: Note) -> None:
        """``engine`` is opened when one is needed."""
        self._engine, self._note = engine, note
        self._built: dict[str, str] = {}

    def image(self, code: PackedCode, node: NodeImages) -> ImageRef:
        """See :class:`Builder`."""
        tag = code.archive.sha256
        if tag not in self._built:
            engine = self._engine()
            self._note(f"building {code.name} with this machine's {engine.place}")
            self._built[tag] = engine.build(code.files, _slug(code.name), self._note)
        self._note(f"pushing {code.name} to node '{node.node.name}'")
        return node.push(self._built[tag], tag)


class BuildOnNodes:
    """Each node itself, in its AWS account."""

    def __init__(self, size: BuildSize, note: Note) -> None:
        self._size, self._note = size, note

    def image(self, code: PackedCode, node: NodeImages) -> ImageRef:
        """See :class:`Builder`."""
        self._note(
            f"building {code.name} on node '{node.node.name}', at {self._size.usd_per_minute:.3f} "
            "USD a minute (AWS CodeBuild)"
        )
        address = shown_address(code.checkout)
        request = BuildRequest(code.name, address, code.checkout.commit, self._size)
        return node.build(code.archive, request)


def build_images(
    checkouts: Sequence[Checkout],
    steps: Sequence[Step],
    nodes: Sequence[NodeImages],
    builder: Builder,
    note: Note,
) -> dict[str, Code]:
    """Build each step's code in the form each node runs; the result is by node token.

    ``steps`` are those of the checkouts, in their order. What a node has already is not built.

    Raises:
        SourceError: a repository's files cannot be fetched, or its image cannot be built.
        EngineError: there is no engine, or it failed.
        AwsError, RegistryError: a node's registry or bucket refuses.

    """
    code_by_node: dict[str, dict[str, StepCode]] = {node.node.token: {} for node in nodes}
    for checkout, step in zip(checkouts, steps, strict=True):
        if checkout.image:
            for node in nodes:
                image = copied(checkout, node, note)
                code = StepCode(checkout.commit, image, shown_address(checkout))
                code_by_node[node.node.token][step.id] = code
            continue
        with temporary_folder() as folder:
            files = folder / "files"
            complete(checkout.source_url, checkout.commit, files, note)
            tell_large(files, name_of(checkout.source_url), note)
            packed = PackedCode(checkout, files, pack(files, folder / "archive.tar.gz"))
            for node in nodes:
                image = _image(packed, node, builder)
                code = StepCode(checkout.commit, image, shown_address(checkout))
                code_by_node[node.node.token][step.id] = code
    return {token: dict(code) for token, code in code_by_node.items()}


def _image(code: PackedCode, node: NodeImages, builder: Builder) -> str:
    if node.takes_archives():
        # Nothing builds it before its first run, so what is wrong is said now.
        read_dockerfile(code.files, code.name).argv()
        node.upload(code.archive)
        return archive_image(code.archive.sha256)
    return str(node.tagged(code.archive.sha256) or builder.image(code, node))


def check_runs_images(checkout: Checkout, node: NodeImages) -> None:
    """See that a node runs images.

    Raises:
        UsageProblem: its machines run programs without containers.
        AwsError, RegistryError: its registry cannot be asked.

    """
    name = node.node.name
    if node.takes_archives():
        raise UsageProblem(
            f"node '{name}' runs programs without containers, so it cannot run an image",
            where=checkout.source_url,
            hint="where a container engine is, start its sandbox with: pennsieve sandbox start "
            "--engine docker",
        )


def copied(checkout: Checkout, node: NodeImages, note: Note) -> str:
    """A public image as one node has it.

    Raises:
        AwsError, RegistryError: a registry refuses.

    """
    name = node.node.name
    note(f"copying {checkout.source_url} to node '{name}', which then needs no internet for it")
    return str(node.copy(parse_image(checkout.image)))


def tell_large(files: Path, name: str, note: Note) -> None:
    """Say why nothing is heard for a while: large code is packed and sent as a whole."""
    size = sum(path.lstat().st_size for path in files.rglob("*") if path.is_file())
    if size >= _LARGE_BYTES:
        note(f"packing {name} and sending it to each node: {size / 1e6:.0f} MB")


def images_of_pennsieve(
    image_of: Callable[[str, str], str],
    steps: Sequence[Step],
    commits: Mapping[str, str],
    node: NodeImages,
) -> Code:
    """The images that Pennsieve built of steps, each by the digest that it has now.

    ``image_of`` tells the image of an address and a tag; ``commits`` are by the steps' ids.

    Raises:
        UsageProblem: Pennsieve names no image, or none of a registry.
        AwsError: the node's account may not see it.

    """
    code_by_step = {}
    for step in steps:
        try:
            address = image_of(step.source_url, step.tag)
        except NotFound as error:
            raise UsageProblem(
                f"Pennsieve has no image of {step.source_url} at {step.tag}",
                where=error.where,
                hint="build it: pennsieve workflow add REPO@TAG",
            ) from None
        image = parse_image(address)
        pinned = image.pinned(image.digest or node.pinned(image))
        code_by_step[step.id] = StepCode(commits.get(step.id, ""), pinned, step.source_url)
    return code_by_step


def _slug(name: str) -> str:
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.casefold())
    return slug.strip("-")[:40].strip("-") or "code"
