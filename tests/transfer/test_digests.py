"""Whether a file has a checksum, in each way that Pennsieve spells one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from pennsieve_agent.transfer.digests import has_checksum, spelled

MEGA = 1024 * 1024
PARTS = (b"a" * 5 * MEGA, b"b" * 5 * MEGA, b"c" * 10)
WHOLE = b"".join(PARTS)


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _of_parts(digest: Callable[[bytes], bytes]) -> bytes:
    return digest(b"".join(map(digest, PARTS)))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("digests") / "a.bin"
    made.write_bytes(WHOLE)
    return made


@pytest.mark.parametrize(
    ("checksum", "fits"),
    [
        (hashlib.sha256(WHOLE).hexdigest(), True),
        (spelled(hashlib.sha256(WHOLE).digest()), True),
        (hashlib.sha256(b"other").hexdigest(), False),
        (f"{spelled(_of_parts(_sha256))}-3", True),
        (_md5(WHOLE).hex(), True),
        (f'"{_md5(WHOLE).hex()}"', True),
        (f"{_of_parts(_md5).hex()}-3", True),
        # Of an encrypted object, or of other parts: nothing can be told.
        (_md5(b"other").hex(), None),
        (f"{_md5(b'other').hex()}-3", None),
        (f"{_of_parts(_md5).hex()}-4", None),
        ("", None),
        ("crc32:abc", None),
    ],
)
def test_a_checksum(path: Path, checksum: str, *, fits: bool | None) -> None:
    assert has_checksum(path, checksum) is fits
