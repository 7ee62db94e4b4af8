"""Where an own node's images are, for commands: opened when it is asked."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from pennsieve_agent.domain.image_names import WORKFLOWS, ImageRef, node_repository
from pennsieve_agent.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pennsieve_agent.aws.session import Aws
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.engine.image_builder import ImageBuilder
    from pennsieve_agent.services.workflows.node_builds import BuildRequest
    from pennsieve_agent.services.workflows.node_versions import NodeContext
    from pennsieve_agent.source.commit_archive import Archive


class LazyImages:
    """See :class:`~pennsieve_agent.services.workflows.workflow_images.NodeImages`."""

    def __init__(self, context: Context, node: OwnNode, engine: Callable[[], ImageBuilder]) -> None:
        self.node = node
        self._context = context
        self._engine = engine

    @cached_property
    def _aws(self) -> Aws:
        return self._context.aws(self.node.region, self.node.aws_profile or None)

    @property
    def _repository(self) -> str:
        return node_repository(self.node.token, WORKFLOWS)

    @cached_property
    def _runs_archives(self) -> bool:
        from pennsieve_agent.aws.node_images import runs_archives

        return runs_archives(self._aws)

    def takes_archives(self) -> bool:
        """Whether its machines run archives of code, and no containers: a sandbox's."""
        return self._runs_archives

    def tagged(self, tag: str) -> ImageRef | None:
        """Its own image of that tag, by digest; None when there is none."""
        from pennsieve_agent.aws.node_images import digest_of_tag

        digest = digest_of_tag(self._aws, self._repository, tag)
        return self._own(digest) if digest else None

    def push(self, image: str, tag: str) -> ImageRef:
        """Push an image of the engine under a tag; answers it by digest."""
        from pennsieve_agent.aws.registry_copy import sign_in

        address, login = sign_in(self._aws)
        name = f"{address.partition('://')[2]}/{self._repository}"
        return self._own(self._engine().push(image, name, tag, login))

    def build(self, archive: Archive, request: BuildRequest) -> ImageRef:
        """Let the node build an archive, and follow it to its end; answers the image by digest."""
        from pennsieve_agent.cli.workflow.follow_build import follow_build
        from pennsieve_agent.services.workflows.node_builds import NodeBuilds

        self.upload(archive)
        calls = self._context.node_calls(self.node)
        builds = NodeBuilds(self.node, calls, self._context.sleep)
        follow_build(self._context, builds, builds.start(archive.sha256, request))
        image = self.tagged(archive.sha256)
        if image is None:
            raise SourceError(
                f"the build on node '{self.node.name}' ended well, but left no image",
                hint="run the same command again",
            )
        return image

    def upload(self, archive: Archive) -> None:
        """Put an archive into its bucket, unless it is there."""
        from pennsieve_agent.aws.node_images import put_file

        reply = self._context.node_calls(self.node).ask(
            "POST",
            "/archives",
            body={"sha256": archive.sha256, "size": archive.size},
            admin=True,
        )
        if not reply.get("present"):
            put_file(str(reply["url"]), dict(reply.get("headers") or {}), archive.path)

    def copy(self, image: ImageRef) -> ImageRef:
        """Copy a public image into its registry, unless it is there; answers the copy by digest."""
        from pennsieve_agent.aws.source_images import copy_public

        note, login = self._context.streams.note, login_of(self._context, image)
        digest = copy_public(self._aws, image, self._repository, login, self._context.sleep, note)
        return self._own(digest)

    def pinned(self, image: ImageRef) -> str:
        """The digest of an image in any ECR registry that the node's account may pull from."""
        from pennsieve_agent.aws.node_images import pinned

        return pinned(self._aws, image)

    def _own(self, digest: str) -> ImageRef:
        registry = f"{self.node.account}.dkr.ecr.{self.node.region}.amazonaws.com"
        return ImageRef(registry, self._repository, digest=digest)


def find_image(context: Context, image: ImageRef) -> str:
    """The digest that a public image has for nodes now. Errors as of its registry."""
    from pennsieve_agent.aws import source_images

    return source_images.find_image(image, login_of(context, image), context.sleep)


def login_of(context: Context, image: ImageRef) -> str:
    """What basic authentication sends to an image's registry: Docker's login, or nothing."""
    from pennsieve_agent.settings.docker_logins import docker_login

    return docker_login(image.registry, context.environ, context.home)


def desks(context: Context, engine: Callable[[], ImageBuilder]) -> tuple[NodeContext, ...]:
    """The own nodes of the profile's workspace that are mine, to be asked and answer images."""
    from pennsieve_agent.services.workflows.node_versions import NodeContext

    return tuple(
        NodeContext(node, context.node_calls(node), LazyImages(context, node, engine))
        for node in my_nodes(context)
    )


def my_nodes(context: Context) -> list[OwnNode]:
    """The own nodes that I made for the profile's workspace."""
    workspace = context.workspace_id
    return [n for n in context.own_nodes if n.is_owned and n.organization_id in {"", workspace}]


class LazyEngine:
    """This machine's container engine, opened when an image has to be built."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: ImageBuilder | None = None

    def __call__(self) -> ImageBuilder:
        """The engine.

        Raises:
            EngineError: none answers.
        """
        from pennsieve_agent.engine.image_builder import ImageBuilder

        if self._open is None:
            self._open = ImageBuilder.open(self._context.environ, self._context.home)
        return self._open

    def close(self) -> None:
        """Let go of it."""
        if self._open is not None:
            self._open.close()
