"""Finalize: check an object against what the client says, and queue it (``core.md`` 4.4).

An object that passed is copied out of the emulated S3, whose content is in memory, to a file, so
that what was answered as finalized survives a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.upload.platform_buckets import Objects, Stored
from pennsieve_agent.sandbox.data.upload.storage_keys import STORAGE_BUCKET
from pennsieve_agent.sandbox.data.upload.upload_answers import (
    body_of,
    is_uuid,
    own_manifest,
    permit,
    refusal,
)
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

MOST_FILES = 250
STAGING_FOLDER = "upload-staging"
_CONFLICTS = ("keepBoth", "replace")
_FINAL = {"Finalized", "Verified"}


class Finalizing:
    """The route, and taking objects out of the buckets."""

    def __init__(self, world: World, objects: Objects, wake: Callable[[], None]) -> None:
        """``wake`` is called when something was queued."""
        self._world = world
        self._store = world.store
        self._objects = objects
        self._wake = wake

    def routes(self) -> list[Route]:
        """The route."""
        return [Route("POST", "/upload/manifest/files/finalize", Scheme.DATASET, self._finalize)]

    def staged(self, upload_id: str) -> Path:
        """Where a file waits for its import."""
        folder = self._world.data / STAGING_FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / upload_id

    def stage(self, file: Row, bucket: str, key: str, on_conflict: str) -> None:
        """Take an object out of its bucket and queue it. Raises KeyError when it is not there."""
        stored = self._objects.find(bucket, key)
        if stored is None:
            raise KeyError(key)
        staged = self.staged(file["upload_id"])
        unfinished = staged.with_suffix(".part")
        self._objects.fetch(bucket, key, unfinished)
        unfinished.replace(staged)
        self._store.execute(
            "UPDATE upload_files SET queued_at = ?, size = ?, sha256 = ?, on_conflict = ?"
            " WHERE manifest_id = ? AND upload_id = ?",
            (
                *(self._world.now(), stored.size, stored.sha256, on_conflict),
                *(file["manifest_id"], file["upload_id"]),
            ),
        )
        self._objects.delete(bucket, key)
        self._wake()

    def _finalize(self, request: Request) -> Response:
        dataset_id = request.query["dataset_id"]
        permit(self._store, request, dataset_id, Role.EDITOR)
        body = body_of(request)
        named = {"manifestNodeId": body.get("manifestNodeId")}
        if not is_uuid(named["manifestNodeId"]):
            raise refusal(400, "manifestNodeId must be a UUID")
        files = _files(body)
        manifest = own_manifest(self._store, dataset_id, named)
        on_conflict = body.get("onConflict") or _CONFLICTS[0]
        prefix = f"O{request.caller.org_int_id}/D{manifest['dataset_int_id']}/{manifest['id']}"
        results = [self._one(manifest, prefix, file, on_conflict) for file in files]
        return Response(200, {"results": results})

    def _one(
        self, manifest: Row, prefix: str, file: dict[str, Any], on_conflict: str
    ) -> dict[str, str]:
        upload_id = file["uploadId"].lower()
        row = self._store.row(
            "SELECT * FROM upload_files WHERE manifest_id = ? AND upload_id = ?",
            (manifest["id"], upload_id),
        )
        if row is None:
            return _failed(upload_id, "uploadId not found in manifest")
        # Ours: also when its import still waits, and when it is Verified, as then the object that
        # the real service would look at again has become a plain file here.
        if row["status"] in _FINAL or row["queued_at"] is not None:
            return {"uploadId": upload_id, "status": "finalized"}
        key = f"{prefix}/{upload_id}"
        if why := _unlike(self._objects.find(STORAGE_BUCKET, key), file):
            return _failed(upload_id, why)
        try:
            self.stage(row, STORAGE_BUCKET, key, on_conflict)
        except (KeyError, OSError):
            return _failed(upload_id, "enqueue failed")
        return {"uploadId": upload_id, "status": "finalized"}


def _unlike(stored: Stored | None, file: dict[str, Any]) -> str:
    """The difference between an object and what the client says; empty if there is none."""
    if stored is None:
        return "object not found"
    if stored.size != file["size"]:
        return "size mismatch"
    return "" if stored.sha256 == file["sha256"] else "sha256 mismatch"


def _failed(upload_id: str, why: str) -> dict[str, str]:
    return {"uploadId": upload_id, "status": "failed", "error": why}


def _files(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The files of a body; anything wrong with one of them is a 400 for all."""
    files = body.get("files")
    if not isinstance(files, list) or not files:
        raise refusal(400, "files is required and must be non-empty")
    if len(files) > MOST_FILES:
        raise refusal(400, f"batch_too_large: max {MOST_FILES} files per request")
    if body.get("onConflict") not in {None, "", *_CONFLICTS}:
        raise refusal(400, "onConflict must be one of: keepBoth, replace")
    for number, file in enumerate(files):
        if not isinstance(file, dict):
            raise refusal(400, "invalid request body")
        size, sha256 = file.get("size"), file.get("sha256")
        if not is_uuid(file.get("uploadId")):
            raise refusal(400, f"files[{number}].uploadId must be a UUID")
        if not isinstance(size, int) or size <= 0:
            raise refusal(400, f"files[{number}].size must be > 0")
        if not isinstance(sha256, str) or not sha256:
            raise refusal(400, f"files[{number}].sha256 is required")
    return files
