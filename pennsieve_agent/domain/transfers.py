"""Files on their way to and from a dataset: what is moved, how it is cut, where it may lie.

Pure: no file and no network is touched here. Sizes are bytes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

PART_BYTES = 32 * 1024 * 1024
"""The part size of existing clients (``contracts/core.md`` 4.3)."""

_PART_MEGABYTES = (32, 5, 8, 16, 64)
MOST_PARTS = 10_000
"""The most parts that S3 takes for one object (``contracts/core.md`` 4.3)."""

BATCH_FILES = 250
"""The most files in one sync or finalize (``contracts/core.md`` 4.1, 4.4)."""

REGISTERED = 1
"""The state of a file in a manifest that waits to be stored (``contracts/core.md`` 4.1)."""
_IN_DATASET = {2, 3, 4}

_NOISE = {
    *(".ds_store", ".localized", "thumbs.db", "desktop.ini", "ehthumbs.db", ".directory"),
    *("__macosx", ".trashes", ".spotlight-v100", ".fseventsd", ".temporaryitems"),
    *(".documentrevisions-v100", "$recycle.bin", "system volume information"),
}
_ENV = ["", "env"]
_SEND = "--include-hidden sends it"
_NOISE_PREFIXES = ("._", ".nfs", "~$", ".trash-")
_HISTORY = {".git", ".hg", ".svn"}
_SECRETS = {
    *(".netrc", "_netrc", ".pgpass", ".npmrc", ".pypirc", ".my.cnf", ".git-credentials"),
    *(".dockercfg", ".s3cfg", ".boto", ".htpasswd", ".vault-token", ".renviron", ".envrc"),
    *("id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", "id_ed25519_sk", "id_ecdsa_sk"),
    *("credentials.json", "application_default_credentials.json", "client_secret.json"),
    *(".ssh", ".aws", ".gnupg", ".kube", ".docker", ".azure", ".gcp", ".gcloud", ".pennsieve"),
    *(".kaggle", ".huggingface"),
}
_SECRET_ENDINGS = (".pem", ".key", ".p12", ".pfx", ".ppk", ".kdbx", ".jks", ".keystore")


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A file of a download manifest. ``url`` is a credential for hours and is never shown."""

    package_id: str
    name: str
    size: int
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BlockedFile:
    """A file that the platform's scanner holds back (``contracts/core.md`` 3.6)."""

    package_id: str
    name: str
    scan_status: str = ""


@dataclass(frozen=True, slots=True)
class StorageKeys:
    """Temporary keys that may write below a prefix (``contracts/core.md`` 4.2).

    ``expires_at`` is unix seconds; ``prefix`` has no slash at its ends and is never empty.
    """

    access_key: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    expires_at: float
    bucket: str
    prefix: str
    region: str


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to upload: where it is, and where in the dataset it goes. ``size`` is in bytes."""

    path: Path
    folder: str
    name: str
    size: int
    mtime_ns: int

    @property
    def target(self) -> str:
        """Its path in the dataset."""
        return f"{self.folder}/{self.name}" if self.folder else self.name


@dataclass(frozen=True, slots=True)
class UploadEntry:
    """A file of an upload manifest. ``folder`` has no slash at its ends; "" is the root."""

    upload_id: str
    folder: str
    name: str


@dataclass(frozen=True, slots=True)
class QueuedFile:
    """A file that Pennsieve was told of and has not imported yet, with its package's id to be."""

    package_id: str
    path: str


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """What lies in storage: its size, and its SHA-256 as S3 computed it (4.3)."""

    upload_id: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """How far a transfer is; sizes are bytes."""

    files: int
    total_files: int
    size: int
    total_size: int


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a file. ``number`` counts from 1."""

    number: int
    offset: int
    size: int


def is_in_dataset(status: int) -> bool:
    """Whether a file of this state in a manifest need not be uploaded any more."""
    return status in _IN_DATASET


def sync_body(dataset_id: str, manifest_id: str, files: Iterable[UploadEntry]) -> dict[str, Any]:
    """What registers files in a manifest; without an id and files, it makes one (core.md 4.1).

    The status is 0: with 1 nothing would be registered (trap 31).
    """
    return {
        "id": manifest_id,
        "dataset_id": dataset_id,
        "files": [
            {
                "upload_id": file.upload_id,
                "s3_key": "",
                "target_path": file.folder,
                "target_name": file.name,
                "status": 0,
                "merge_package_id": "",
                "file_type": "",
            }
            for file in files
        ],
    }


def finalize_body(
    manifest_id: str, files: Iterable[UploadedFile], *, replace: bool
) -> dict[str, Any]:
    """What says that files lie in storage (``contracts/core.md`` 4.4)."""
    return {
        "manifestNodeId": manifest_id,
        "onConflict": "replace" if replace else "keepBoth",
        "files": [
            {"uploadId": file.upload_id, "size": file.size, "sha256": file.sha256} for file in files
        ],
    }


def parts_of(size: int, part_bytes: int = PART_BYTES) -> list[Part]:
    """A file cut in parts, larger ones when there would be more than S3 takes."""
    length = max(part_bytes, math.ceil(size / MOST_PARTS))
    return [
        Part(number, offset, min(length, size - offset))
        for number, offset in enumerate(range(0, size, length), 1)
    ]


def part_sizes(size: int, parts: int) -> list[int]:
    """The part sizes of known clients by which a file of ``size`` bytes has so many parts (4.3)."""
    known = [parts_of(size)[0].size, *(mega * 1024 * 1024 for mega in _PART_MEGABYTES)]
    return [one for one in dict.fromkeys(known) if math.ceil(size / one) == parts]


def batches(items: Iterable[T], size: int = BATCH_FILES) -> Iterable[list[T]]:
    """Items in lists of at most ``size``."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def unwanted(name: str, *, hidden: bool = False) -> str:
    """Why a file or folder of this name is not uploaded; "" when it is (core.md 4.1).

    ``hidden`` lets pass what likely holds secrets, and the history of repositories.
    """
    folded = name.casefold()
    if folded in _NOISE or folded.startswith(_NOISE_PREFIXES):
        return "left there by the operating system"
    if hidden:
        return ""
    if folded in _HISTORY:
        return f"the history of a repository; {_SEND}"
    if folded in _SECRETS or folded.endswith(_SECRET_ENDINGS) or folded.split(".")[:2] == _ENV:
        return f"it likely holds a secret; {_SEND}"
    return ""


def is_plain_sha256(checksum: str) -> bool:
    """Whether a checksum is the SHA-256 of a whole file, in hex or base64."""
    return bool(re.fullmatch(r"[0-9a-f]{64}|[A-Za-z0-9+/]{43}=", checksum))


Checksums = Mapping[tuple[str, str], str]
"""Checksums of files by package id and file name; a file may be missing."""


def checksums_of(document: bytes) -> Checksums:
    """The checksums in a dataset's manifest (``contracts/core.md`` 3.6).

    Raises:
        ValueError: it is something else.

    """
    rows = dataset_rows(document)
    return {
        (row["packageId"], row["fileName"]): row["checksum"]
        for row in rows
        if all(isinstance(row.get(key), str) for key in ("packageId", "fileName", "checksum"))
        and row["checksum"]
    }


def dataset_rows(document: bytes) -> list[dict[str, Any]]:
    """The files in a dataset's manifest, as they are written there.

    Raises:
        ValueError: it is something else.

    """
    try:
        content = json.loads(document)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    rows = content.get("files") if isinstance(content, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("no manifest of a dataset")
    return rows
