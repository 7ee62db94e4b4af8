"""Checksums of files, of the whole or of parts as S3 computes them.

Pennsieve spells them in two ways: the SHA-256 that a client reported (``contracts/core.md`` 4.3),
and, in ``checksum`` of a file, what storage has, which may be S3's ETag: of most objects an MD5
(Amazon S3 API Reference, "Object": ETag).
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from pennsieve_agent.domain.transfers import is_plain_sha256, part_sizes

BLOCK_BYTES = 256 * 1024
_IN_PARTS = re.compile(r"(?P<digest>[A-Za-z0-9+/]{43}=)-(?P<parts>[1-9]\d*)")
_ETAG = re.compile(r'"?(?P<digest>[0-9a-f]{32})(?:-(?P<parts>[1-9]\d*))?"?')


def file_digest(path: Path, algorithm: str = "sha256") -> bytes:
    """The digest of a file.

    Raises:
        OSError: it cannot be read.

    """
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, lambda: _new(algorithm)).digest()


def whole_digest(content: bytes) -> bytes:
    """The SHA-256 of bytes in memory."""
    return hashlib.sha256(content).digest()


def composite_digest(path: Path, part_bytes: int, algorithm: str = "sha256") -> bytes:
    """The digest of the digests of a file's parts, as S3 computes it (``contracts/core.md`` 4.3).

    Raises:
        OSError: it cannot be read.

    """
    whole, left, part = _new(algorithm), part_bytes, _new(algorithm)
    block = memoryview(bytearray(BLOCK_BYTES))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block[: min(BLOCK_BYTES, left)]):
            part.update(block[:count])
            left -= count
            if not left:
                whole.update(part.digest())
                left, part = part_bytes, _new(algorithm)
    if left < part_bytes:
        whole.update(part.digest())
    return whole.digest()


def has_checksum(path: Path, checksum: str) -> bool | None:
    """Whether a file has the checksum, of the whole or of parts as known clients cut them.

    None where that cannot be told: there is no checksum, it may be of parts of another size, or it
    is an ETag that fits none, as those of encrypted objects are no MD5.

    Raises:
        OSError: the file cannot be read.

    """
    if is_plain_sha256(checksum):
        return file_digest(path) == plain_digest(checksum)
    if in_parts := _IN_PARTS.fullmatch(checksum):
        sizes = part_sizes(path.stat().st_size, int(in_parts["parts"]))
        digest = plain_digest(in_parts["digest"])
        return any(composite_digest(path, size) == digest for size in sizes) or None
    if etag := _ETAG.fullmatch(checksum):
        return _has_md5(path, bytes.fromhex(etag["digest"]), int(etag["parts"] or 0)) or None
    return None


class RunningChecksum:
    """The same question of bytes that pass by and are not kept: ``total`` of them, in order."""

    def __init__(self, checksum: str, total: int) -> None:
        self._expected, self._digests = b"", list[_Digest]()
        if is_plain_sha256(checksum):
            self._expected, self._digests = plain_digest(checksum), [_Digest("sha256", 0)]
        elif in_parts := _IN_PARTS.fullmatch(checksum):
            self._expected = plain_digest(in_parts["digest"])
            sizes = part_sizes(total, int(in_parts["parts"]))
            self._digests = [_Digest("sha256", size) for size in sizes]
        elif etag := _ETAG.fullmatch(checksum):
            self._expected = bytes.fromhex(etag["digest"])
            sizes = part_sizes(total, int(etag["parts"])) if etag["parts"] else [0]
            self._digests = [_Digest("md5", size) for size in sizes]
        self._can_refuse = is_plain_sha256(checksum)

    def update(self, block: memoryview) -> None:
        """Count the next bytes in."""
        for digest in self._digests:
            digest.update(block)

    def fits(self) -> bool | None:
        """Whether all bytes have the checksum; None where that cannot be told."""
        is_equal = any(digest.whole() == self._expected for digest in self._digests)
        return is_equal if is_equal or self._can_refuse else None


class _Digest:
    """The digest of passing bytes, or of the digests of their parts of ``part_bytes``; 0: whole."""

    def __init__(self, algorithm: str, part_bytes: int) -> None:
        self._algorithm, self._part_bytes = algorithm, part_bytes
        self._digests, self._part, self._left = b"", _new(algorithm), part_bytes

    def update(self, block: memoryview) -> None:
        while self._part_bytes and len(block) >= self._left:
            self._part.update(block[: self._left])
            block = block[self._left :]
            self._digests += self._part.digest()
            self._part, self._left = _new(self._algorithm), self._part_bytes
        self._part.update(block)
        self._left -= len(block)

    def whole(self) -> bytes:
        if not self._part_bytes:
            return self._part.digest()
        last = self._part.digest() if self._left < self._part_bytes else b""
        whole = _new(self._algorithm)
        whole.update(self._digests + last)
        return whole.digest()


def _has_md5(path: Path, digest: bytes, parts: int) -> bool:
    if not parts:
        return file_digest(path, "md5") == digest
    sizes = part_sizes(path.stat().st_size, parts)
    return any(composite_digest(path, size, "md5") == digest for size in sizes)


def _new(algorithm: str) -> hashlib._Hash:
    # MD5 tells files apart here, and protects nothing: a system without it for that has it.
    return hashlib.new(algorithm, usedforsecurity=False)


def plain_digest(checksum: str) -> bytes:
    """A SHA-256 that is spelled in hex or base64, as bytes."""
    hexadecimal = len(checksum) == hashlib.sha256().digest_size * 2
    return bytes.fromhex(checksum) if hexadecimal else base64.b64decode(checksum)


def spelled(digest: bytes) -> str:
    """A digest as S3 spells it."""
    return base64.b64encode(digest).decode("ascii")
