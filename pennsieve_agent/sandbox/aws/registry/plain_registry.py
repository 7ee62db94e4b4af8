"""A minimal store of images for machines without docker-registry: it can copy images only.

It keeps what is pushed in one piece, held to its digest, so that the image of transfer jobs can be
copied into the emulated ECR with Python alone. Engines push in pieces, which it refuses.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import parse_qs, urlsplit

_TARGET = re.compile(
    r"/v2/(?P<name>.+)/(?:(?P<kind>blobs|manifests)/(?P<digest>sha256:[0-9a-f]{64})"
    r"|blobs/uploads/(?P<upload>[0-9a-f]*))"
)
_PIECE = 1 << 20


@dataclass
class PlainAnswer:
    """An answer as :class:`http.client.HTTPResponse` has it."""

    status: int
    reason: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: IO[bytes] = field(default_factory=io.BytesIO)

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes of the body."""
        return self.content.read(size)


class PlainRegistry:
    """The store in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.contextmanager
    def request(
        self, method: str, target: str, headers: Mapping[str, str], body: IO[bytes] | None = None
    ) -> Iterator[PlainAnswer]:
        """The answer to a request, while the context is open."""
        parts = urlsplit(target)
        match = _TARGET.fullmatch(parts.path)
        if match is None:
            yield PlainAnswer(405, "Method Not Allowed")
            return
        digest = match["digest"] or parse_qs(parts.query).get("digest", [""])[0]
        name = match["name"]
        match method:
            case "GET" | "HEAD" if match["digest"]:
                with self._read(self._path(name, digest), match["kind"]) as answer:
                    yield answer
            case "POST":
                place = f"{parts.path}{secrets.token_hex(16)}"
                yield PlainAnswer(202, "Accepted", {"Location": place})
            case "PUT" if digest and body is not None:
                yield self._write(self._path(name, digest), digest, headers, body)
            case _:
                yield PlainAnswer(405, "Method Not Allowed")

    def _path(self, name: str, digest: str) -> Path:
        place = hashlib.sha256(name.encode()).hexdigest()[:16]
        return self._folder / place / digest.rpartition(":")[2]

    @contextlib.contextmanager
    def _read(self, path: Path, kind: str) -> Iterator[PlainAnswer]:
        if not path.is_file():
            yield PlainAnswer(404, "Not Found")
            return
        note = path.with_suffix(".type")
        type_ = note.read_text() if kind == "manifests" and note.is_file() else ""
        headers = {
            "Content-Type": type_ or "application/octet-stream",
            "Content-Length": str(path.stat().st_size),
            "Docker-Content-Digest": f"sha256:{path.name}",
        }
        with path.open("rb") as content:
            yield PlainAnswer(200, "OK", headers, content)

    def _write(
        self, path: Path, digest: str, headers: Mapping[str, str], body: IO[bytes]
    ) -> PlainAnswer:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part, sha256 = path.with_suffix(f".{secrets.token_hex(8)}"), hashlib.sha256()
        with part.open("wb") as file:
            while piece := body.read(_PIECE):
                sha256.update(piece)
                file.write(piece)
        if digest != f"sha256:{sha256.hexdigest()}":
            part.unlink()
            return PlainAnswer(400, "Bad Request")
        if type_ := headers.get("Content-Type", ""):
            path.with_suffix(".type").write_text(type_)
        part.replace(path)
        return PlainAnswer(201, "Created", {"Docker-Content-Digest": digest})
