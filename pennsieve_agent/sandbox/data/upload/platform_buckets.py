"""The platform's buckets in the emulated AWS account, from the inside."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pennsieve_agent.sandbox.data.upload.storage_keys import REGION, STAGING_BUCKET, STORAGE_BUCKET
from pennsieve_agent.sandbox.host.world import PLATFORM_ACCOUNT_ID

BUCKETS = (STORAGE_BUCKET, STAGING_BUCKET)


@dataclass(frozen=True, slots=True)
class Stored:
    """An object: its size in bytes, and its SHA-256 as S3 gives it; "" when it has none."""

    size: int
    sha256: str


class Objects(Protocol):
    """What the platform itself does with its buckets."""

    def make_buckets(self) -> None:
        """Make the buckets that are not there."""
        ...

    def find(self, bucket: str, key: str) -> Stored | None:
        """An object, if it is there."""
        ...

    def fetch(self, bucket: str, key: str, into: Path) -> None:
        """Copy an object's content. Raises KeyError when it is not there."""
        ...

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object; does nothing when it is not there."""
        ...


class MotoObjects:
    """The buckets in moto's memory."""

    def make_buckets(self) -> None:
        """Make the buckets that are not there."""
        backend = self._backend()
        for name in BUCKETS:
            if name not in backend.buckets:
                backend.create_bucket(name, REGION)

    def find(self, bucket: str, key: str) -> Stored | None:
        """An object, if it is there."""
        stored = self._key(bucket, key)
        if stored is None:
            return None
        sha256 = stored.checksum_value if stored.checksum_algorithm == "SHA256" else None
        parts = f"-{stored.checksum_parts}" if sha256 and stored.checksum_parts else ""
        return Stored(int(stored.size), f"{sha256 or ''}{parts}")

    def fetch(self, bucket: str, key: str, into: Path) -> None:
        """Copy an object's content. Raises KeyError when it is not there."""
        stored = self._key(bucket, key)
        if stored is None:
            raise KeyError(key)
        with into.open("wb") as file, stored.lock:
            # Its public way answers the whole content as one value.
            stored._value_buffer.seek(0)  # noqa: SLF001 - see above
            shutil.copyfileobj(stored._value_buffer, file)  # noqa: SLF001 - see above

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object; does nothing when it is not there."""
        backend = self._backend()
        if self._key(bucket, key) is not None:
            backend.delete_object(bucket, key)

    def _key(self, bucket: str, key: str) -> Any:
        backend = self._backend()
        return backend.get_object(bucket, key) if bucket in backend.buckets else None

    def _backend(self) -> Any:
        from moto.s3.models import s3_backends  # noqa: PLC0415 - slow

        return s3_backends[PLATFORM_ACCOUNT_ID]["aws"]
