"""This machine's container engine, for building images that run elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pennsieve_agent.engine import image_registry
from pennsieve_agent.engine.backend import Log
from pennsieve_agent.engine.built_images import PROGRAM_LABEL
from pennsieve_agent.engine.docker_daemon import connect_and_name
from pennsieve_agent.engine.image_build import Build, build_image
from pennsieve_agent.errors import EngineError

_HINT = (
    "start Docker (or set DOCKER_HOST); or let your compute node build it: --build node; or push "
    "the code to GitHub with a version tag, so that Pennsieve builds it"
)


class ImageBuilder:
    """An engine that answers."""

    def __init__(self, client: Any, place: str = "") -> None:
        """``place`` says which engine it is, for people."""
        self._client, self.place = client, place

    @classmethod
    def open(cls, environ: Mapping[str, str], home: Path) -> Self:
        """The first engine that answers; to be closed.

        Raises:
            EngineError: none does.

        """
        try:
            client, address = connect_and_name(environ, home)
            return cls(client, address.text)
        except EngineError as error:
            raise EngineError(
                f"cannot build the image: {error.message}",
                where=error.where,
                hint=_HINT,
            ) from None

    def close(self) -> None:
        """Let go of the engine."""
        self._client.close()

    def build(self, folder: Path, name: str, log: Log) -> str:
        """Build a repository's Dockerfile for nodes; answers the image's id.

        Raises:
            SourceError: it cannot be built; the log says why.
            EngineError: the engine itself failed.

        """
        labels = {PROGRAM_LABEL: name}
        return build_image(self._client, Build(folder, name, labels), log)

    def push(self, image: str, name: str, tag: str, login: str) -> str:
        """Push an image; see :func:`~pennsieve_agent.engine.image_registry.push`."""
        return image_registry.push(self._client, image, name, tag, login, lambda _: None)
