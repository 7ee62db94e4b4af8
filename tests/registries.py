"""Real registries of images on loopback: Debian's docker-registry, and small images in it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.aws.registry import Document, Registry

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PROGRAM = "docker-registry"
needs_registry = pytest.mark.skipif(
    shutil.which(PROGRAM) is None and not os.environ.get("REQUIRE_DOCKER"),
    reason="docker-registry is not installed",
)


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """A registry; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.yml"
    config.write_text(
        json.dumps(
            {
                "version": "0.1",
                "log": {"level": "error"},
                "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
                "http": {"addr": f"127.0.0.1:{port}"},
            }
        )
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "serve", str(config)], stdout=log, stderr=log)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < until, (folder / "log").read_text()
                assert process.poll() is None, (folder / "log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def layer(files: dict[str, bytes]) -> bytes:
    """A layer with these files, not compressed."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return content.getvalue()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def put_image(
    to: Registry, repository: str, layers: list[bytes], architecture: str = "amd64"
) -> Document:
    """Store an image; answers its manifest."""
    config = json.dumps(
        {
            "os": "linux",
            "architecture": architecture,
            "rootfs": {"type": "layers", "diff_ids": [digest(each) for each in layers]},
        }
    ).encode()
    for blob in (config, *layers):
        to.put_blob(repository, digest(blob), len(blob), io.BytesIO(blob))
    kind = "application/vnd.oci.image.layer.v1.tar"
    content = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _row(config, "application/vnd.oci.image.config.v1+json"),
            "layers": [_row(each, kind) for each in layers],
        }
    ).encode()
    made = Document(content, MANIFEST, digest(content))
    to.put_document(repository, made.digest, made)
    return made


def put_index(to: Registry, repository: str, tag: str, parts: dict[str, Document]) -> Document:
    """Store an index of images by architecture."""
    rows = [
        {**_row(part.content, MANIFEST), "platform": {"os": "linux", "architecture": name}}
        for name, part in parts.items()
    ]
    content = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": rows}).encode()
    made = Document(content, INDEX, digest(content))
    to.put_document(repository, tag, made)
    return made


def _row(content: bytes, kind: str) -> dict[str, Any]:
    return {"mediaType": kind, "size": len(content), "digest": digest(content)}
