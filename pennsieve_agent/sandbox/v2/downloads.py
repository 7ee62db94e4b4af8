"""Download manifests and the signed addresses in them (``contracts/core.md`` 3.6)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from pathlib import PurePosixPath
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox import kinds
from pennsieve_agent.sandbox.files import DatasetFiles
from pennsieve_agent.sandbox.http import Refusal, Request, Response, Route, Scheme
from pennsieve_agent.sandbox.roles import dataset_role
from pennsieve_agent.sandbox.store import Row, Store
from pennsieve_agent.sandbox.world import World

URL_SECONDS = 3 * 3600
_XML = {"Content-Type": "application/xml"}


class Downloads:
    """Signs addresses of files, and serves them."""

    def __init__(self, world: World, files: DatasetFiles) -> None:
        self._world = world
        self._files = files
        self._key = _signing_key(world.store)

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("POST", "/packages/download-manifest", Scheme.DATASET, self._manifest),
            Route("GET", "/files/<content>", Scheme.NONE, self._file),
        ]

    def url(self, dataset_id: str, path: str) -> str:
        """An address that gives this file, without any other credential, for a while."""
        until = int(self._world.now()) + URL_SECONDS
        content = base64.urlsafe_b64encode(json.dumps([dataset_id, path, until]).encode()).decode()
        return f"{self._world.urls.api2}/files/{content}?X-Amz-Signature={self._sign(content)}"

    def _manifest(self, request: Request) -> Response:
        dataset_id = request.query["dataset_id"]
        wanted = _node_ids(request)
        self._files.sync(dataset_id)
        store = self._world.store
        if not dataset_role(store, request.caller.user_int_id, dataset_id).at_least(Role.VIEWER):
            raise _refusal(401, "user is not authorized to view files")
        dataset = store.row("SELECT int_id FROM datasets WHERE node_id = ?", (dataset_id,))
        data = []
        for node_id in wanted:
            package = dataset and self._files.package(dataset["int_id"], node_id)
            if package:
                below = self._files.files_below(package)
                data += [self._entry(dataset_id, package, row) for row in below]
        size = sum(entry["size"] for entry in data)
        return Response(
            200,
            {"header": {"count": len(data), "size": size, "blockedCount": 0}, "data": data or None},
        )

    def _entry(self, dataset_id: str, requested: Row, row: Row) -> dict[str, Any]:
        """A file; its path starts with the name of the collection that was asked for."""
        above = PurePosixPath(requested["path"]).parent
        return {
            "nodeId": row["node_id"],
            "fileName": row["name"],
            "packageName": row["name"],
            "path": list(PurePosixPath(row["path"]).parent.relative_to(above).parts),
            "url": self.url(dataset_id, row["path"]),
            "size": row["size"],
            "fileExtension": kinds.extension(row["name"]) or "",
        }

    def _file(self, request: Request) -> Response:
        """A file, refused the way S3 refuses."""
        signature = request.query.get("X-Amz-Signature", "")
        if "authorization" in request.headers:
            return _s3_refusal(400, "InvalidArgument", "Only one auth mechanism allowed")
        content = request.params["content"]
        right = self._sign(content)
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), right.encode()):
            return _s3_refusal(403, "SignatureDoesNotMatch", "The signature does not match")
        dataset_id, path, until = json.loads(base64.urlsafe_b64decode(content))
        if until <= self._world.now():
            return _s3_refusal(403, "AccessDenied", "Request has expired")
        self._files.sync(dataset_id)
        found = self._world.store.row(
            "SELECT d.node_id FROM packages p JOIN datasets d ON d.int_id = p.dataset_int_id"
            " WHERE d.node_id = ? AND p.path = ? AND NOT p.is_folder",
            (dataset_id, path),
        )
        if found is None:
            return _s3_refusal(404, "NoSuchKey", "The specified key does not exist.")
        return Response(200, self._files.folder(dataset_id) / path)

    def _sign(self, content: str) -> str:
        return hmac.new(self._key, content.encode(), hashlib.sha256).hexdigest()


def _signing_key(store: Store) -> bytes:
    store.execute(
        "INSERT OR IGNORE INTO settings VALUES ('download_key', ?)", (secrets.token_hex(32),)
    )
    row = store.row("SELECT value FROM settings WHERE name = 'download_key'")
    return bytes.fromhex(row["value"] if row else "")


def _node_ids(request: Request) -> list[str]:
    try:
        found = request.json_object().get("nodeIds")
    except ValueError as error:
        raise _refusal(400, "unable to parse the request body") from error
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found) or not found:
        raise _refusal(400, "nodeIds must be a non-empty list of strings")
    return found


def _refusal(status: int, message: str) -> Refusal:
    """A refusal of packages-service: single quotes, so not JSON (``contracts/core.md`` 0.3 d)."""
    return Refusal(status, f"{{'message': '{message} (requestID: {uuid.uuid4()})'}}")


def _s3_refusal(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, body, _XML)
