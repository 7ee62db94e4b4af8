"""Which local files a dataset has already: by name, size and the checksum of their upload."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.transfers import LocalFile, parts_of
from pennsieve_agent.services.files.equal_files import equal_files

MEGA = 1024 * 1024


def spelled(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def composite(content: bytes, part: int) -> str:
    parts = [content[p.offset : p.offset + p.size] for p in parts_of(len(content), part)]
    return f"{spelled(b''.join(hashlib.sha256(p).digest() for p in parts))}-{len(parts)}"


def local(folder: Path, target: str, content: bytes) -> LocalFile:
    above, _, name = target.rpartition("/")
    path = folder / name
    path.write_bytes(content)
    return LocalFile(path, above, name, len(content), 1)


CONTENT = bytes(range(256)) * 4096 * 11 + b"end"  # a little more than 11 MB


@pytest.mark.parametrize(
    "checksum",
    [
        spelled(CONTENT),
        hashlib.sha256(CONTENT).hexdigest(),
        composite(CONTENT, 5 * MEGA),
        composite(CONTENT, 8 * MEGA),
        composite(CONTENT, 32 * MEGA),
    ],
)
def test_a_checksum_of_any_client_is_understood(tmp_path: Path, checksum: str) -> None:
    file = local(tmp_path, "raw/a.bin", CONTENT)
    there = [DataFile("N:package:1", "raw/a.bin", len(CONTENT), checksum)]
    assert equal_files([file], there) == {"raw/a.bin": "N:package:1"}
    file.path.write_bytes(b"x" + CONTENT[1:])
    assert equal_files([file], there) == {}


@pytest.mark.parametrize(
    ("path", "size", "checksum", "equal"),
    [
        ("raw/a.nii.gz", 3, spelled(b"abc"), True),
        ("raw/a (2).nii.gz", 3, spelled(b"abc"), True),
        ("raw/a.nii.gz", 4, spelled(b"abc"), False),
        ("raw/a.nii.gz", 3, "", False),
        ("raw/a.nii.gz", 3, "what is this?", False),
        ("raw/a.nii.gz", 3, spelled(b"abd"), False),
        ("a.nii.gz", 3, spelled(b"abc"), False),
        ("raw/b.nii.gz", 3, spelled(b"abc"), False),
        ("raw/A.nii.gz", 3, spelled(b"abc"), False),
    ],
)
def test_what_is_equal(tmp_path: Path, path: str, size: int, checksum: str, *, equal: bool) -> None:
    file = local(tmp_path, "raw/a.nii.gz", b"abc")
    there = [DataFile("N:package:1", path, size, checksum)]
    assert bool(equal_files([file], there)) is equal


def test_a_file_that_cannot_be_read_is_not_equal(tmp_path: Path) -> None:
    file = local(tmp_path, "a", b"abc")
    file.path.unlink()
    assert equal_files([file], [DataFile("N:package:1", "a", 3, spelled(b"abc"))]) == {}
