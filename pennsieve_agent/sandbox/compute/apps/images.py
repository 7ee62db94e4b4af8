"""Images of applications in the platform's own registry, and the programs of images.

Each deployed version is an image of the repository ``pennsieve-app-store`` in the platform's
account, so that a node can pin it to a digest as it would on AWS. With a container engine and a
registry it is the image that was built, pushed there; what runs is pulled by digest again. Without
either there is nothing in the image, and its digest leads back to the program that was prepared.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Iterator
from typing import Any

from pennsieve_agent.domain.image_names import archive_of, ecr_of, is_transfer, parse_image
from pennsieve_agent.engine.backend import Backend, Log, Program
from pennsieve_agent.engine.docker_backend import DockerBackend
from pennsieve_agent.errors import AgentError, UsageProblem
from pennsieve_agent.sandbox.compute.apps.archived_programs import ArchivedPrograms
from pennsieve_agent.sandbox.compute.nodes.cross_account import account_client, platform_client
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import PLATFORM_ACCOUNT_ID, USER_ACCOUNT_ID, World

log = logging.getLogger(__name__)

REGION = "us-east-1"
REPOSITORY = "pennsieve-app-store"
HOST = f"{PLATFORM_ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com"
_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


def _quiet(_: str) -> None:
    """Take a line and do nothing with it."""


class Images:
    """Puts images, and finds programs for ``backend``."""

    def __init__(self, world: World, backend: Backend) -> None:
        self._store = world.store
        self._endpoint = world.urls.aws
        self._backend = backend
        self._archived = ArchivedPrograms(
            world.store, backend, lambda: account_client("s3", self._endpoint, USER_ACCOUNT_ID)
        )

    def put(self, version: Row) -> None:
        """Make a deployed version an image.

        Raises:
            botocore's errors: the emulated AWS does not answer.

        """
        client = platform_client("ecr", self._endpoint)
        try:
            with contextlib.suppress(client.exceptions.RepositoryAlreadyExistsException):
                client.create_repository(repositoryName=REPOSITORY)
            digest = self._pushed(client, version) or self._described(client, version)
        finally:
            client.close()
        self._store.execute(
            "INSERT OR REPLACE INTO app_images VALUES (?, ?)", (digest, version["uuid"])
        )

    def program(self, image: str, log: Log = _quiet) -> Program | None:
        """The program of an image that is pinned to a digest; None for an image that is not here.

        An image of transfer jobs is none, as these run with this machine's Python. ``log`` takes
        what is said while code from an archive is made ready.

        Raises:
            AgentError: it is here, and cannot be made ready.

        """
        if sha256 := archive_of(image):
            return self._archived.program(sha256, log)
        try:
            parsed = parse_image(image)
        except UsageProblem:
            return None
        ecr = ecr_of(parsed.registry)
        if ecr is None or not parsed.digest or is_transfer(image):
            return None
        known = self._of_app_store(parsed.digest) if parsed.name == f"{HOST}/{REPOSITORY}" else None
        if not isinstance(self._backend, DockerBackend):
            return known
        try:
            with self._registry(ecr.account, ecr.region) as (root, login):
                return self._backend.pull(f"{root}/{parsed.repository}", parsed.digest, login)
        except AgentError:
            if known is None:
                raise
            return known  # it was built before there was a registry

    def _of_app_store(self, digest: str) -> Program | None:
        row = self._store.row(
            "SELECT v.backend, v.reference FROM app_images i JOIN app_versions v"
            " ON v.uuid = i.version_uuid WHERE i.digest = ?",
            (digest,),
        )
        return Program(row["backend"], row["reference"]) if row else None

    def _pushed(self, client: Any, version: Row) -> str:
        """The digest of the image that was built, after it was pushed; empty without a registry."""
        if not isinstance(self._backend, DockerBackend):
            return ""
        root, login = _signed_in(client)
        try:
            return self._backend.push(
                str(version["reference"]), f"{root}/{REPOSITORY}", str(version["uuid"]), login
            )
        except AgentError as error:
            log.warning("the image of %s stays in the engine: %s", version["uuid"], error)
            return ""

    def _described(self, client: Any, version: Row) -> str:
        """The digest of an empty image that stands for a program."""
        manifest = json.dumps(_manifest(version))
        digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
        with contextlib.suppress(client.exceptions.ImageAlreadyExistsException):
            client.put_image(
                repositoryName=REPOSITORY,
                imageManifest=manifest,
                imageManifestMediaType=_TYPE,
                imageTag=version["uuid"],
                imageDigest=digest,
            )
        return digest

    @contextlib.contextmanager
    def _registry(self, account: str, region: str) -> Iterator[tuple[str, str]]:
        client = account_client("ecr", self._endpoint, account, region)
        try:
            yield _signed_in(client)
        finally:
            client.close()


def _signed_in(client: Any) -> tuple[str, str]:
    """Where an account's registry is, without a scheme, and the sign-in to it."""
    authorization = client.get_authorization_token()["authorizationData"][0]
    return str(authorization["proxyEndpoint"]).partition("://")[2], str(
        authorization["authorizationToken"]
    )


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
