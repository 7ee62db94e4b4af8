"""What became of a manifest's files, and its archive (``contracts/core.md`` 4.6)."""

from __future__ import annotations

import csv
import io
import secrets
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.upload.sync_states import FileStatus
from pennsieve_agent.sandbox.data.upload.upload_answers import permit, refusal
from pennsieve_agent.sandbox.data.upload.upload_manifests import ARCHIVED
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

STATUS_PAGE = 500
FILES_PAGE = 20
MOST_FILES = 1000
ARCHIVE_SECONDS = 900
_IN_PROGRESS = "InProgress"
_UNFINISHED = ("Local", "Registered", "Imported", "Failed", "Unknown", "Changed", "Uploaded")


class Reading:
    """The routes that name a manifest."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def routes(self) -> list[Route]:
        """The routes."""
        manifest = Scheme.MANIFEST
        return [
            Route("GET", "/upload/manifest/files", manifest, self._files),
            Route("GET", "/upload/manifest/status", manifest, self._status),
            Route("POST", "/upload/manifest/archive", manifest, self._archive),
            Route("GET", "/upload/manifest/archive", manifest, self._archive_url),
            Route("DELETE", "/upload/manifest/archive", manifest, self._delete),
            Route("GET", "/upload/archives/<token>", Scheme.NONE, self._csv),
        ]

    def _files(self, request: Request) -> Response:
        manifest = self._permitted(request, Role.VIEWER)
        states = _states(request.query.get("status", ""))
        limit = request.query.get("limit", str(FILES_PAGE))
        if not (limit.isascii() and limit.isdigit()) or len(limit) > len(str(MOST_FILES)):
            raise refusal(400, "limit must be a number")
        size = max(1, min(int(limit), MOST_FILES))
        rows, token = _page(self._store, manifest, states, size, request)
        files = [
            {
                "file_name": row["name"],
                "file_path": row["path"],
                "file_type": row["file_type"],
                "upload_id": row["upload_id"],
                "status": row["status"],
                "icon": row["file_type"],
            }
            for row in rows
        ]
        answer = {"manifest_id": manifest["id"], "files": files or None}
        return Response(200, {**answer, "continuation_token": token})

    def _status(self, request: Request) -> Response:
        manifest = self._permitted(request, Role.VIEWER)
        status = request.query.get("status", "")
        verify = _boolean(request.query.get("verify", "false"), "verify")
        if verify and status != FileStatus.Finalized.name:
            raise refusal(400, "verify requires status=Finalized")
        with self._store.transaction():
            rows, token = _page(self._store, manifest, _states(status), STATUS_PAGE, request)
            ids = [row["upload_id"] for row in rows]
            if verify:
                self._store.execute_many(
                    "UPDATE upload_files SET status = 'Verified'"
                    " WHERE manifest_id = ? AND upload_id = ?",
                    [(manifest["id"], upload_id) for upload_id in ids],
                )
        answer = {"manifest_id": manifest["id"], "status": status, "files": ids or None}
        return Response(200, {**answer, "continuation_token": token, "verified": verify})

    def _archive(self, request: Request) -> Response:
        manifest = self._permitted(request, Role.EDITOR)
        remove = _boolean(request.query.get("remove", ""), "remove")
        self._store.execute(
            "UPDATE upload_manifests SET status = ? WHERE id = ?", (ARCHIVED, manifest["id"])
        )
        word = "archived and removed" if remove else "archived"
        return Response(200, {"message": f"Manifest will be {word}", "manifest_id": manifest["id"]})

    def _archive_url(self, request: Request) -> Response:
        manifest = self._permitted(request, Role.VIEWER)
        _need_archive(manifest)
        token = secrets.token_urlsafe(24)
        self._store.execute(
            "UPDATE upload_manifests SET archive_token = ?, archive_until = ? WHERE id = ?",
            (token, self._world.now() + ARCHIVE_SECONDS, manifest["id"]),
        )
        url = f"{self._world.urls.api2}/upload/archives/{token}"
        return Response(200, {"message": "Success", "url": url})

    def _delete(self, request: Request) -> Response:
        manifest = self._permitted(request, Role.EDITOR)
        _need_archive(manifest)
        self._store.execute("DELETE FROM upload_manifests WHERE id = ?", (manifest["id"],))
        return Response(200, {"message": "Success"})

    def _csv(self, request: Request) -> Response:
        """The archive itself; the address is the permission, as a signed one is (ours)."""
        row = self._store.row(
            "SELECT id FROM upload_manifests WHERE archive_token = ? AND archive_until > ?",
            (request.params["token"], self._world.now()),
        )
        if row is None:
            return Response(403, "Request has expired")
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["upload_id", "file_path", "file_name", "status"])
        writer.writerows(
            (file["upload_id"], file["path"], file["name"], file["status"])
            for file in self._store.rows(
                "SELECT * FROM upload_files WHERE manifest_id = ? ORDER BY path, name", (row["id"],)
            )
        )
        return Response(200, text.getvalue(), {"Content-Type": "text/csv"})

    def _permitted(self, request: Request, least: Role) -> Row:
        row = self._store.row(
            "SELECT m.*, d.node_id AS dataset_id FROM upload_manifests m"
            " JOIN datasets d ON d.int_id = m.dataset_int_id WHERE m.id = ?",
            (request.query["manifest_id"].lower(),),
        )
        if row is None:
            raise refusal(404, "Manifest not found")
        permit(self._store, request, row["dataset_id"], least)
        return row


def _page(
    store: Store, manifest: Row, states: list[str], size: int, request: Request
) -> tuple[list[Row], str]:
    """Files after the one that the token names, and the token of the next page; "" at the end."""
    only = f" AND status IN ({', '.join('?' * len(states))})" if states else ""
    rows = store.rows(
        f"SELECT * FROM upload_files WHERE manifest_id = ? AND upload_id > ?{only}"  # noqa: S608 - question marks only
        " ORDER BY upload_id LIMIT ?",
        (manifest["id"], request.query.get("continuation_token", ""), *states, size + 1),
    )
    more = len(rows) > size
    return rows[:size], rows[size - 1]["upload_id"] if more else ""


def _states(status: str) -> list[str]:
    """The states a query names; none is all of them."""
    if status == _IN_PROGRESS:
        return list(_UNFINISHED)
    if status and status not in FileStatus.__members__:
        raise refusal(400, f"unknown status {status}")
    return [status] if status else []


def _boolean(value: str, name: str) -> bool:
    if value not in {"true", "false"}:
        raise refusal(400, f"{name} must be a boolean")
    return value == "true"


def _need_archive(manifest: dict[str, Any] | Row) -> None:
    if manifest["status"] != ARCHIVED:
        raise refusal(400, "manifest is not archived")
