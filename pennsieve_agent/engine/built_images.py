"""Images that commands of this machine built to try code: the newest of each repository is kept.

Its layers are what makes the next build quick. Images that a node, a registry or anybody else
needs do not have :data:`COMMAND_LABEL`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from typing import Any

PROGRAM_LABEL = "io.pennsieve.agent.program"
"""The short name of the repository that an image was built from."""
COMMAND_LABEL = "io.pennsieve.agent.command"
"""Whose commands built an image to try it."""


def remove_older(client: Any, label: str, kept: Collection[str]) -> None:
    """Remove the images with a label that are of the same repositories as the ``kept``, by id.

    One that a container uses stays.
    """
    import docker.errors  # noqa: PLC0415 - see docker_daemon

    images = client.images.list(filters={"label": label})
    names = {image.labels.get(PROGRAM_LABEL) for image in images if image.id in kept}
    for image in images:
        if image.id in kept or image.labels.get(PROGRAM_LABEL) not in names:
            continue
        with contextlib.suppress(docker.errors.APIError):
            for name in image.tags or [image.id]:
                client.images.remove(name)
