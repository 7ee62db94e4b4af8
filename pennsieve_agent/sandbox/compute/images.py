"""Images of applications: in the platform's own registry, and what runs them here.

Each deployed version is an image of the repository ``pennsieve-app-store`` in the platform's
account, so that a node can pin it to a digest as it would on AWS. There is nothing in the image;
its digest leads back to the program that the engine prepared.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from typing import Any

from pennsieve_agent.engine.backend import Program
from pennsieve_agent.sandbox.compute.cross_account import platform_client
from pennsieve_agent.sandbox.store import Row, Store
from pennsieve_agent.sandbox.world import PLATFORM_ACCOUNT_ID, World

REGION = "us-east-1"
REPOSITORY = "pennsieve-app-store"
HOST = f"{PLATFORM_ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com"
_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_PINNED = re.compile(rf"{re.escape(HOST)}/{REPOSITORY}@(sha256:[0-9a-f]{{64}})")


class Images:
    """Puts images, and finds programs."""

    def __init__(self, world: World) -> None:
        self._store = world.store
        self._endpoint = world.urls.aws

    def put(self, version: Row) -> None:
        """Make a deployed version an image.

        Raises:
            botocore's errors: the emulated AWS does not answer.

        """
        manifest = json.dumps(_manifest(version))
        digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
        client = platform_client("ecr", self._endpoint)
        try:
            self._make_repository(client)
            with contextlib.suppress(client.exceptions.ImageAlreadyExistsException):
                client.put_image(
                    repositoryName=REPOSITORY,
                    imageManifest=manifest,
                    imageManifestMediaType=_TYPE,
                    imageTag=version["uuid"],
                    imageDigest=digest,
                )
        finally:
            client.close()
        self._store.execute(
            "INSERT OR REPLACE INTO app_images VALUES (?, ?)", (digest, version["uuid"])
        )

    def program(self, image: str) -> Program | None:
        """The program of an image that is pinned to a digest; None when it is not one of these."""
        found = _PINNED.fullmatch(image)
        row = found and self._store.row(
            "SELECT v.backend, v.reference FROM app_images i JOIN app_versions v"
            " ON v.uuid = i.version_uuid WHERE i.digest = ?",
            (found[1],),
        )
        return Program(row["backend"], row["reference"]) if row else None

    def _make_repository(self, client: Any) -> None:
        with contextlib.suppress(client.exceptions.RepositoryAlreadyExistsException):
            client.create_repository(repositoryName=REPOSITORY)


def address(version: Row) -> str:
    """The image of a version as the registry route names it."""
    return f"{HOST}/{REPOSITORY}:{version['uuid']}"


def image_of(store: Store, version: Row) -> str:
    """What the registry route answers: the image's address, or the engine's own reference."""
    row = store.row("SELECT 1 FROM app_images WHERE version_uuid = ?", (version["uuid"],))
    return address(version) if row else str(version["reference"])


def _manifest(version: Row) -> dict[str, Any]:
    """A manifest that is different for each version and each build of it."""
    words = f"{version['uuid']} {version['backend']} {version['reference']}"
    digest = f"sha256:{hashlib.sha256(words.encode()).hexdigest()}"
    config = {"mediaType": "application/json", "size": len(words), "digest": digest}
    return {"schemaVersion": 2, "mediaType": _TYPE, "config": config, "layers": []}
