"""The SHA-256 of files, of the whole or of parts as S3 computes it."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from pennsieve_agent.domain.transfers import is_plain_sha256, part_sizes

BLOCK_BYTES = 256 * 1024
_IN_PARTS = re.compile(r"(?P<digest>[A-Za-z0-9+/]{43}=)-(?P<parts>[1-9]\d*)")


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


def has_checksum(path: Path, checksum: str) -> bool | None:
    """Whether a file has the checksum, of the whole or of parts as known clients cut them.

    None where that cannot be told: there is no checksum, or it may be of parts of another size.

    Raises:
        OSError: the file cannot be read.

    """
    if is_plain_sha256(checksum):
        return file_digest(path) == plain_digest(checksum)
    if in_parts := _IN_PARTS.fullmatch(checksum):
        sizes = part_sizes(path.stat().st_size, int(in_parts["parts"]))
        digest = plain_digest(in_parts["digest"])
        return any(composite_digest(path, size) == digest for size in sizes) or None
    return None


def plain_digest(checksum: str) -> bytes:
    """A SHA-256 that is spelled in hex or base64, as bytes."""
    hexadecimal = len(checksum) == hashlib.sha256().digest_size * 2
    return bytes.fromhex(checksum) if hexadecimal else base64.b64decode(checksum)


def spelled(digest: bytes) -> str:
    """A digest as S3 spells it."""
    return base64.b64encode(digest).decode("ascii")
