"""Signed addresses of files, which need no other credential, as presigned ones of S3.

They are served on the v2 port and refused the way S3 refuses: an Authorization header beside the
signature is an error, and after its time an address gives 403 (``contracts/core.md`` 3.5, 3.6).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable

from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

FILE_SECONDS = 30 * 60
MANIFEST_SECONDS = 180 * 60
PRESIGN_SECONDS = 10 * 3600
_XML = {"Content-Type": "application/xml"}

Document = Callable[[str], Response]
"""Makes the document about a dataset that an address without a path gives."""


class SignedFiles:
    """Signs addresses of files, and serves them."""

    def __init__(self, world: World, files: DatasetFiles, document: Document) -> None:
        self._world = world
        self._files = files
        self._document = document
        self._key = _signing_key(world.store)

    def routes(self) -> list[Route]:
        """The route that serves (ours: on the platform this is S3)."""
        return [Route("GET", "/files/<content>", Scheme.NONE, self.file)]

    def url(self, dataset_id: str, path: str, seconds: int = MANIFEST_SECONDS) -> str:
        """The address of a file for some seconds, or of the dataset's document if path is empty."""
        until = int(self._world.now()) + seconds
        content = base64.urlsafe_b64encode(json.dumps([dataset_id, path, until]).encode()).decode()
        return f"{self._world.urls.api2}/files/{content}?X-Amz-Signature={self._sign(content)}"

    def file(self, request: Request) -> Response:
        """A file, or a refusal in XML."""
        signature = request.query.get("X-Amz-Signature", "")
        if "authorization" in request.headers:
            return _refusal(400, "InvalidArgument", "Only one auth mechanism allowed")
        content = request.params["content"]
        right = self._sign(content)
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), right.encode()):
            return _refusal(403, "SignatureDoesNotMatch", "The signature does not match")
        dataset_id, path, until = json.loads(base64.urlsafe_b64decode(content))
        if until <= self._world.now():
            return _refusal(403, "AccessDenied", "Request has expired")
        self._files.sync(dataset_id)
        if not self._files.exists(dataset_id):
            return _refusal(404, "NoSuchKey", "The specified key does not exist.")
        return self._file(dataset_id, path) if path else self._document(dataset_id)

    def _file(self, dataset_id: str, path: str) -> Response:
        row = self._world.store.row(
            "SELECT d.node_id FROM packages p JOIN datasets d ON d.int_id = p.dataset_int_id"
            " WHERE d.node_id = ? AND p.path = ? AND NOT p.is_folder",
            (dataset_id, path),
        )
        if row is None:
            return _refusal(404, "NoSuchKey", "The specified key does not exist.")
        return Response(200, self._files.folder(dataset_id) / path)

    def _sign(self, content: str) -> str:
        return hmac.new(self._key, content.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _signing_key(store: Store) -> bytes:
    store.execute(
        "INSERT OR IGNORE INTO settings VALUES ('download_key', ?)", (secrets.token_hex(32),)
    )
    row = store.row("SELECT value FROM settings WHERE name = 'download_key'")
    return bytes.fromhex(row["value"] if row else "")


def _refusal(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, body, _XML)
