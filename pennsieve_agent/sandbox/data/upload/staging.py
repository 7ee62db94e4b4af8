"""The older way in: a PUT below ``<manifest>/<upload id>`` imports by itself (core.md 4.7)."""

from __future__ import annotations

import logging

from pennsieve_agent.sandbox.data.upload.finalizing import Finalizing
from pennsieve_agent.sandbox.data.upload.platform_buckets import Objects
from pennsieve_agent.sandbox.data.upload.storage_keys import STAGING_BUCKET
from pennsieve_agent.sandbox.host.store import Store

log = logging.getLogger(__name__)
_FINAL = {"Finalized", "Verified"}


class Staging:
    """What happens when an object appears in the staging bucket."""

    def __init__(self, store: Store, objects: Objects, finalizing: Finalizing) -> None:
        self._store = store
        self._objects = objects
        self._finalizing = finalizing

    def created(self, bucket: str, key: str) -> None:
        """Queue an object that belongs to a manifest; delete any other as an orphan."""
        if bucket != STAGING_BUCKET:
            return
        manifest, _, upload_id = key.partition("/")
        file = self._store.row(
            "SELECT * FROM upload_files WHERE manifest_id = ? AND upload_id = ?",
            (manifest, upload_id),
        )
        if file is None:
            log.info("object %s belongs to no manifest and is deleted", key)
            self._objects.delete(bucket, key)
            return
        if file["status"] not in _FINAL:
            self._store.execute(
                "UPDATE upload_files SET status = 'Imported'"
                " WHERE manifest_id = ? AND upload_id = ?",
                (manifest, upload_id),
            )
            self._finalizing.stage(file, bucket, key, "keepBoth")
