"""Programs that came as archives: the code of a workflow version in a node's bucket.

Where programs run without containers, an image is ``archive@sha256:<hex>``: the object
``archives/<hex>.tar.gz`` of the node's bucket, held to its digest, unpacked and made ready once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from pennsieve_agent.domain.image_names import archive_key
from pennsieve_agent.engine.backend import Backend, Log, Program
from pennsieve_agent.errors import EngineError, SourceError
from pennsieve_agent.sandbox.host.store import Store

BUCKETS = "pennsieve-node-"
"""What the names of nodes' buckets begin with."""
_PIECE = 1 << 20
_SHORT = 12


class ArchivedPrograms:
    """Finds and prepares them. ``open_s3`` makes a client for the account that nodes are in."""

    def __init__(self, store: Store, backend: Backend, open_s3: Callable[[], Any]) -> None:
        self._store = store
        self._backend = backend
        self._open_s3 = open_s3
        self._lock = threading.Lock()

    def program(self, sha256: str, log: Log) -> Program | None:
        """The program in the archive of that SHA-256 (hex); None when no node has it.

        ``log`` takes what is said while it is made ready, which can take minutes the first time.

        Raises:
            SourceError: it cannot be made ready; the message says why.
            EngineError: what is in the bucket is another file.

        """
        with self._lock:
            row = self._store.row(
                "SELECT backend, reference FROM archived_programs WHERE sha256 = ? AND backend = ?",
                (sha256, self._backend.name),
            )
            if row is not None:
                return Program(row["backend"], row["reference"])
            with tempfile.TemporaryDirectory(prefix="pennsieve-archive-") as folder:
                archive = Path(folder, "archive.tar.gz")
                if not self._fetch(sha256, archive):
                    return None
                return self._prepare(sha256, archive, Path(folder, "files"), log)

    def _prepare(self, sha256: str, archive: Path, files: Path, log: Log) -> Program:
        _unpack(archive, files)
        lines: list[str] = []

        def keep(line: str) -> None:
            lines.append(line)
            log(line)

        try:
            program = self._backend.prepare(files, f"archive-{sha256[:_SHORT]}", keep)
        except SourceError as error:
            last = lines[-1] if lines else error.hint
            message = f"{error.message}: {last}" if last else error.message
            raise SourceError(message, where=error.where, hint=error.hint) from None
        self._store.execute(
            "INSERT OR REPLACE INTO archived_programs VALUES (?, ?, ?)",
            (sha256, program.backend, program.reference),
        )
        return program

    def _fetch(self, sha256: str, into: Path) -> bool:
        client, key = self._open_s3(), archive_key(sha256)
        try:
            for bucket in _buckets(client):
                try:
                    body = client.get_object(Bucket=bucket, Key=key)["Body"]
                except client.exceptions.NoSuchKey:
                    continue
                digest = hashlib.sha256()
                with into.open("wb") as file, body:
                    while piece := body.read(_PIECE):
                        digest.update(piece)
                        file.write(piece)
                if digest.hexdigest() != sha256:
                    raise EngineError("the archive is not what its name says", where=key)
                return True
        finally:
            client.close()
        return False


def _buckets(client: Any) -> Iterator[str]:
    for row in client.list_buckets()["Buckets"]:
        if str(row["Name"]).startswith(BUCKETS):
            yield row["Name"]


def _unpack(archive: Path, into: Path) -> None:
    """Unpack an archive of files and links, none of which leaves the folder."""
    into.mkdir(mode=0o700)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            links = [entry for entry in tar if not _write(tar, entry, into)]
            # Links come last, so that nothing is ever written through one.
            for entry in links:
                path = _place(into, entry)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.symlink_to(entry.linkname)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise SourceError(f"the archive cannot be unpacked: {error}") from None


def _write(tar: tarfile.TarFile, entry: tarfile.TarInfo, into: Path) -> bool:
    """Write a file; whether it was one."""
    if entry.issym():
        return False
    content = tar.extractfile(entry) if entry.isreg() else None
    if content is None:
        raise ValueError(f"{entry.name} is neither a file nor a link")
    path = _place(into, entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    with content, path.open("xb") as file:
        shutil.copyfileobj(content, file)
    path.chmod(0o755 if entry.mode & 0o100 else 0o644)
    return True


def _place(into: Path, entry: tarfile.TarInfo) -> Path:
    parts = PurePosixPath(entry.name).parts
    if not parts or entry.name.startswith("/") or ".." in parts:
        raise ValueError(f"{entry.name} leads out of the archive")
    if entry.issym():
        end = os.path.normpath(into / entry.name / ".." / entry.linkname)
        if entry.linkname.startswith("/") or not Path(end).is_relative_to(into):
            raise ValueError(f"the link {entry.name} leads out of the archive")
    return into / entry.name
