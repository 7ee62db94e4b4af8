"""Manifests: made, synced and read (``contracts/core.md`` 4.1 and 4.6)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.folders import file_types
from pennsieve_agent.sandbox.data.folders.tree import is_usable
from pennsieve_agent.sandbox.data.upload.sync_states import FileStatus, decide
from pennsieve_agent.sandbox.data.upload.upload_answers import (
    body_of,
    dataset_row,
    is_uuid,
    permit,
    refusal,
)
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Refusal, Request, Response, Route, Scheme

ARCHIVED = "Archived"
_TEXTS = ("upload_id", "target_path", "target_name")
_STATES = frozenset(map(int, FileStatus))


class Manifests:
    """The route that makes a manifest and takes in what a client knows about its files."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("POST", "/upload/manifest", Scheme.DATASET, self._post),
            Route("GET", "/upload/manifest", Scheme.DATASET, self._list),
        ]

    def _post(self, request: Request) -> Response:
        dataset_id = request.query["dataset_id"]
        permit(self._store, request, dataset_id, Role.EDITOR)
        body = body_of(request)
        files = _files(body)
        dataset = dataset_row(self._store, dataset_id)
        with self._store.transaction():
            manifest = self._manifest(body, dataset, request)
            return Response(200, self._sync(manifest, files))

    def _manifest(self, body: dict[str, Any], dataset: Row, request: Request) -> str:
        manifest_id = body.get("id") or ""
        if not isinstance(manifest_id, str):
            raise refusal(400, "id must be a string")
        if not manifest_id:
            new_id = str(uuid.uuid4())
            self._store.execute(
                "INSERT INTO upload_manifests (id, dataset_int_id, user_int_id, created_at)"
                " VALUES (?, ?, ?, ?)",
                (new_id, dataset["int_id"], request.caller.user_int_id, self._world.now()),
            )
            return new_id
        row = self._store.row("SELECT * FROM upload_manifests WHERE id = ?", (manifest_id.lower(),))
        if row is None:
            raise refusal(500, "could not get the manifest")  # the real service's status
        if row["dataset_int_id"] != dataset["int_id"]:
            raise refusal(400, "manifest belongs to another dataset")
        if row["status"] == ARCHIVED:
            raise refusal(400, "manifest is archived")
        return str(row["id"])

    def _sync(self, manifest: str, files: Sequence[dict[str, Any]]) -> dict[str, Any]:
        stored = _stored(self._store, manifest)
        updated, failed, written, removed = [], [], 0, 0
        for file in files:
            upload_id = file["upload_id"].lower()
            if not _can_be_kept(file):
                failed.append(upload_id)
                continue
            decision = decide(FileStatus(file["status"]), stored.get(upload_id))
            if decision is None:
                raise Refusal(500, {"message": "Internal Server Error"})
            if decision.written is not None:
                self._write(manifest, upload_id, file, decision.written)
                written += 1
            elif decision.removed:
                removed += self._store.execute(
                    "DELETE FROM upload_files WHERE manifest_id = ? AND upload_id = ?",
                    (manifest, upload_id),
                )
            updated.append({"upload_id": upload_id, "status": int(decision.answered)})
        return {
            "manifest_node_id": manifest,
            "nr_files_updated": written,
            "nr_files_removed": removed,
            "updated_files": updated[::-1] or None,  # their order is not that of the request
            "failed_files": failed or None,
        }

    def _write(
        self, manifest: str, upload_id: str, file: dict[str, Any], status: FileStatus
    ) -> None:
        values = {
            "manifest": manifest,
            "id": upload_id,
            "status": status.name,
            "path": file["target_path"].strip("/"),
            "name": file["target_name"],
            "type": file.get("file_type") or file_types.file_type(file["target_name"]),
        }
        self._store.execute(
            "INSERT INTO upload_files (manifest_id, upload_id, path, name, file_type, status)"
            " VALUES (:manifest, :id, :path, :name, :type, :status)"
            " ON CONFLICT (manifest_id, upload_id) DO UPDATE SET path = :path, name = :name,"
            " file_type = :type, status = :status",
            values,
        )

    def _list(self, request: Request) -> Response:
        dataset_id = request.query["dataset_id"]
        permit(self._store, request, dataset_id, Role.VIEWER)
        rows = self._store.rows(
            "SELECT * FROM upload_manifests WHERE dataset_int_id = ? ORDER BY created_at, id",
            (dataset_row(self._store, dataset_id)["int_id"],),
        )
        manifests = [
            {
                "id": row["id"],
                "dataset_id": row["dataset_int_id"],
                "dataset_node_id": dataset_id,
                "status": row["status"],
                "user": row["user_int_id"],
                "date_created": int(row["created_at"]),
            }
            for row in rows
        ]
        return Response(200, {"manifests": manifests or None})


def _stored(store: Store, manifest: str) -> dict[str, FileStatus]:
    rows = store.rows(
        "SELECT upload_id, status FROM upload_files WHERE manifest_id = ?", (manifest,)
    )
    return {row["upload_id"]: FileStatus[row["status"]] for row in rows}


def _files(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The files of a body, of the right types; no id twice, which the batch write cannot take."""
    files = body.get("files")
    if files is None:
        return []
    if not isinstance(files, list):
        raise refusal(400, "invalid request body")
    checked = [_file(item) for item in files]
    if len({file["upload_id"].lower() for file in checked}) < len(checked):
        raise refusal(500, "could not write the files of the manifest")
    return checked


def _file(item: object) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise refusal(400, "invalid request body")
    # Go's decoder gives an absent field its type's zero.
    file = {**item, **{name: item.get(name) or "" for name in (*_TEXTS, "file_type")}}
    status = item.get("status") or 0
    if not all(isinstance(file[name], str) for name in (*_TEXTS, "file_type")):
        raise refusal(400, "invalid request body")
    if not isinstance(status, int) or status not in _STATES:
        raise refusal(400, "invalid request body")
    return {**file, "status": status}


def _can_be_kept(file: dict[str, Any]) -> bool:
    """Ours: what has no id, or a name that no folder on disk takes, is answered as failed."""
    folders = [part for part in file["target_path"].split("/") if part]
    return is_uuid(file["upload_id"]) and all(
        is_usable(name) for name in (*folders, file["target_name"])
    )
