"""The SHA-256 of what arrives, computed beside its reading.

Hashing and sockets both let other threads run, so that a large file is hashed on one core while
the next bytes come in on another.
"""

from __future__ import annotations

import base64
import hashlib
import queue
import threading
from pathlib import Path

BLOCK_BYTES = 256 * 1024
BLOCKS = 4
"""Blocks of a file that are in memory at once, where a thread hashes."""
BESIDE_BYTES = 4 * 1024 * 1024
"""A file of fewer bytes is hashed before a thread would have begun."""


class RunningDigest:
    """The digest of a file that grows, and the blocks of memory that it is read into."""

    def __init__(self, size: int, *, needed: bool) -> None:
        """For a file of ``size`` bytes; where the digest is not ``needed``, memory alone."""
        self._digest = hashlib.sha256() if needed else None
        self._free: queue.SimpleQueue[memoryview] = queue.SimpleQueue()
        self._full: queue.SimpleQueue[tuple[memoryview, int] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        beside = needed and size >= BESIDE_BYTES
        for _ in range(BLOCKS if beside else 1):
            self._free.put(memoryview(bytearray(min(BLOCK_BYTES, max(size, 1)))))
        if beside:
            self._thread = threading.Thread(target=self._run, name="digest", daemon=True)
            self._thread.start()

    def block(self) -> memoryview:
        """Memory to read into, to be handed to :meth:`take`."""
        return self._free.get()

    def take(self, block: memoryview, count: int) -> None:
        """The next bytes of the file: the first ones of a block."""
        if self._thread is not None:
            self._full.put((block, count))
            return
        if self._digest is not None:
            self._digest.update(block[:count])
        self._free.put(block)

    def take_file(self, path: Path, size: int) -> None:
        """The next bytes of the file, which lie on disk already."""
        if self._digest is None or not size:
            return
        with path.open("rb", buffering=0) as file:
            while size > 0:
                block = self.block()
                count = file.readinto(block[: min(len(block), size)])
                self.take(block, count)
                if not count:
                    return
                size -= count

    def close(self) -> None:
        """End the thread, when all it was given is hashed."""
        if self._thread is not None:
            self._full.put(None)
            self._thread.join()
            self._thread = None

    def value(self) -> bytes:
        """The digest of all that was taken."""
        self.close()
        return self._digest.digest() if self._digest is not None else b""

    def _run(self) -> None:
        digest = self._digest
        assert digest is not None  # noqa: S101 - there is no thread without one
        while (item := self._full.get()) is not None:
            block, count = item
            digest.update(block[:count])
            self._free.put(block)


def file_digest(path: Path) -> bytes:
    """The SHA-256 of a file.

    Raises:
        OSError: it cannot be read.

    """
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").digest()


def composite_digest(path: Path, part_bytes: int) -> bytes:
    """The SHA-256 of the digests of a file's parts, as S3 computes it (``contracts/core.md`` 4.3).

    Raises:
        OSError: it cannot be read.

    """
    whole, left, part = hashlib.sha256(), part_bytes, hashlib.sha256()
    block = memoryview(bytearray(BLOCK_BYTES))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block[: min(BLOCK_BYTES, left)]):
            part.update(block[:count])
            left -= count
            if not left:
                whole.update(part.digest())
                left, part = part_bytes, hashlib.sha256()
    if left < part_bytes:
        whole.update(part.digest())
    return whole.digest()


def plain_digest(checksum: str) -> bytes:
    """A SHA-256 that is spelled in hex or base64, as bytes."""
    hexadecimal = len(checksum) == hashlib.sha256().digest_size * 2
    return bytes.fromhex(checksum) if hexadecimal else base64.b64decode(checksum)


def spelled(digest: bytes) -> str:
    """A digest as S3 spells it."""
    return base64.b64encode(digest).decode("ascii")
