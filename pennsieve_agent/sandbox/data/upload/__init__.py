"""Uploads: how files get into the sandbox's datasets over the platform's own API.

``contracts/core.md`` section 4, step by step: a client makes a manifest and syncs its files
(:mod:`.upload_manifests`; which word does what is the table in :mod:`.sync_states`), asks for
temporary keys (:mod:`.storage_keys`), and PUTs objects into the platform's bucket. The buckets are
moto's; :mod:`.gate` stands in front of the emulated AWS and holds each key to its prefix. On
finalize (:mod:`.finalizing`) an object is checked and moved out of the emulation into a file, which
:mod:`.importing` makes an ordinary file of the dataset a little later. The older way in, where the
PUT itself starts the import, is :mod:`.staging`; :mod:`.manifest_status` tells what became of a
manifest. Viewer assets (:mod:`.assets`) are filled through the same gate.

Ours, where a dataset is a folder: a package has one file, so a merge id is not heeded; a manifest
whose last file was imported does not become Completed; an archive keeps its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.upload.assets import Assets
from pennsieve_agent.sandbox.data.upload.finalizing import Finalizing
from pennsieve_agent.sandbox.data.upload.gate import Gate
from pennsieve_agent.sandbox.data.upload.importing import IMPORT_SECONDS, Importer
from pennsieve_agent.sandbox.data.upload.manifest_status import Reading
from pennsieve_agent.sandbox.data.upload.platform_buckets import MotoObjects
from pennsieve_agent.sandbox.data.upload.staging import Staging
from pennsieve_agent.sandbox.data.upload.storage_keys import KEY_SECONDS, Keys
from pennsieve_agent.sandbox.data.upload.upload_manifests import Manifests
from pennsieve_agent.sandbox.data.upload.upload_tables import SCHEMA
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Route

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["SCHEMA", "UploadParts", "build"]


class UploadParts:
    """Routes, gate and worker of uploads; made by :func:`build`, started once, then stopped."""

    def __init__(
        self, world: World, files: DatasetFiles, import_seconds: float, key_seconds: float
    ) -> None:
        self._world = world
        self._objects = MotoObjects()
        self._keys = Keys(world, key_seconds)
        self._finalizing = Finalizing(world, self._objects, self._wake)
        self.importer = Importer(world, files, self._finalizing.staged, import_seconds)
        self._staging = Staging(world.store, self._objects, self._finalizing)
        self._assets = Assets(world, self._keys, self._objects)
        self.routes: list[Route] = [
            *Manifests(world).routes(),
            *Reading(world).routes(),
            *self._keys.routes(),
            *self._finalizing.routes(),
            *self._assets.routes(),
        ]

    def gate(self, account: WSGIApplication) -> WSGIApplication:
        """The emulated AWS account with the platform's buckets in it."""
        return Gate(account, self._keys, self._objects, self._world.now, self._created)

    def secret(self, access_key: str) -> str:
        """The secret of a storage key that was handed out; empty when it was not."""
        return self._keys.secret(access_key)

    def dataset_of(self, manifest_id: str) -> str | None:
        """The dataset of a manifest, for the gateway; None if there is no such manifest."""
        row = self._world.store.row(
            "SELECT d.node_id FROM upload_manifests m JOIN datasets d"
            " ON d.int_id = m.dataset_int_id WHERE m.id = ?",
            (manifest_id.lower(),),
        )
        return str(row["node_id"]) if row else None

    def start(self) -> None:
        """Begin to import."""
        self.importer.start()

    def stop(self) -> None:
        """End the import in hand; the rest is taken up after the next start."""
        self.importer.stop()
        self._keys.close()

    def _created(self, bucket: str, key: str) -> None:
        self._staging.created(bucket, key)
        self._assets.created(bucket, key)

    def _wake(self) -> None:
        self.importer.wake()


def build(
    world: World,
    files: DatasetFiles,
    *,
    import_seconds: float = IMPORT_SECONDS,
    key_seconds: float = KEY_SECONDS,
) -> UploadParts:
    """Make the upload part. Imports begin ``import_seconds`` after finalize."""
    return UploadParts(world, files, import_seconds, key_seconds)
