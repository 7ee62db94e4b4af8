"""A public registry with the one image that a node needs: Python, for transfer jobs.

Nothing here goes to the network. ``public.ecr.aws/docker/library/python`` is answered as Amazon ECR
Public answers it (an anonymous token first, then an index, a manifest for each architecture and
their parts), with an image that has next to nothing in it: a transfer job of an emulated node runs
as a child process with this machine's Python.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import secrets
import tarfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

HOST = "public.ecr.aws"
REPOSITORY = "docker/library/python"
TOKEN_PATH = f"/v2/{HOST}/-/token"
_TAG = re.compile(r"3(\.\d+){0,2}(-slim)?")
_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_ARCHITECTURES = ("arm64", "amd64")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the registry."""

    status: str
    content: bytes
    headers: Mapping[str, str]


class PublicImages:
    """Answers for :data:`HOST`. ``endpoint`` is where this registry is asked."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._tokens: set[str] = set()
        self._lock = threading.Lock()

    def answer(self, path: str, authorization: str) -> Reply:
        """The answer to a request that reads ``path``, which begins with ``/v2/`` and the host."""
        if path == TOKEN_PATH:
            return self._token()
        kind, _, token = authorization.partition(" ")
        if kind.casefold() != "bearer" or token not in self._tokens:
            realm = f'realm="{self._endpoint}{TOKEN_PATH}",service="{HOST}",scope="aws"'
            return _error("401 Unauthorized", "DENIED", f"Bearer {realm}")
        place = path.removeprefix(f"/v2/{HOST}/")
        blob = "/manifests/" not in place
        name, _, rest = place.rpartition("/blobs/" if blob else "/manifests/")
        if name != REPOSITORY:
            return _error("404 Not Found", "NAME_UNKNOWN")
        reference = self._digest if not blob and _TAG.fullmatch(rest) else rest
        if reference not in self._objects:
            return _error("404 Not Found", "BLOB_UNKNOWN" if blob else "MANIFEST_UNKNOWN")
        kind, content = self._objects[reference]
        headers = {"Content-Type": kind, "Docker-Content-Digest": reference}
        return Reply("200 OK", content, headers)

    def _token(self) -> Reply:
        with self._lock:
            token = secrets.token_urlsafe(24)
            self._tokens.add(token)
        content = json.dumps({"token": token}).encode()
        return Reply("200 OK", content, {"Content-Type": "application/json"})

    @cached_property
    def _image(self) -> tuple[str, dict[str, tuple[str, bytes]]]:
        manifests: dict[str, tuple[str, bytes]] = {}

        def keep(kind: str, content: bytes) -> dict[str, Any]:
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            manifests[digest] = (kind, content)
            return {"mediaType": kind, "size": len(content), "digest": digest}

        layer = keep(_LAYER, _layer())
        rows = []
        for name in _ARCHITECTURES:
            root = {"type": "layers", "diff_ids": [layer["digest"]]}
            config = {"os": "linux", "architecture": name, "rootfs": root}
            config_row = keep(_CONFIG, json.dumps(config).encode())
            manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config_row}
            row = keep(_MANIFEST, json.dumps({**manifest, "layers": [layer]}).encode())
            rows.append({**row, "platform": {"os": "linux", "architecture": name}})
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": rows}
        return str(keep(_INDEX, json.dumps(index).encode())["digest"]), manifests

    @property
    def _digest(self) -> str:
        return self._image[0]

    @property
    def _objects(self) -> dict[str, tuple[str, bytes]]:
        return self._image[1]


def _layer() -> bytes:
    content = io.BytesIO()
    text = b"In a sandbox, transfer jobs run with the Python of the machine it is on.\n"
    with tarfile.open(fileobj=content, mode="w") as tar:
        entry = tarfile.TarInfo("README")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    return content.getvalue()


def _error(status: str, code: str, challenge: str = "") -> Reply:
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    content = json.dumps({"errors": [{"code": code, "message": status.partition(" ")[2]}]})
    return Reply(status, content.encode(), {"Content-Type": "application/json", **headers})
