"""Putting files into Pennsieve's storage, with the keys that Pennsieve gives for it.

The low-level calls, as only they answer the checksum that finalize asks for, and HeadObject is
forbidden with these keys (``contracts/core.md`` 4.3). A file is never in memory as a whole.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from pennsieve_agent.aws.failures import aws_code
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.domain.transfers import PART_BYTES, Part, StorageKeys, parts_of
from pennsieve_agent.errors import AwsError, SettingsError

CONNECT_SECONDS, READ_SECONDS = 10, 120
WORKERS = 4
_BLOCK_BYTES = 1024 * 1024
_CHANGED = {"BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"}
_ENDED = {"ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "AccessDenied", "RequestExpired"}


class ObjectStore:
    """The place behind storage keys. Safe to share between threads.

    ``settings`` name the endpoint of an emulated AWS; for Pennsieve itself (``hosted``) neither
    they nor the environment are looked at.
    """

    def __init__(
        self,
        settings: AwsSettings,
        *,
        hosted: bool,
        part_bytes: int = PART_BYTES,
        workers: int = WORKERS,
    ) -> None:
        self._settings = settings
        self._hosted = hosted
        self._part_bytes = part_bytes
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="part")
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    def __enter__(self) -> Self:
        """Itself; leaving closes all connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self._pool.shutdown(cancel_futures=True)
        for client in self._clients.values():
            client.close()

    def put(
        self,
        file: Path,
        upload_id: str,
        keys: Callable[[], StorageKeys],
        tags: str,
        sent: Callable[[int], None],
    ) -> tuple[int, str]:
        """Upload a file; its size in bytes and its SHA-256 as S3 computed it.

        ``keys`` is asked before each call, as an upload may outlive a key. ``sent`` is told of
        bytes that arrived; it may raise, to stop.

        Raises:
            AwsError: storage refused, perhaps the keys; or the file changed meanwhile, which one
                that is empty must have done.
            SettingsError: the file cannot be read, or changed while it was read.

        """
        with _readable(file):
            size = file.stat().st_size
            if not size:  # empty files are left out beforehand, as the platform takes none
                raise _changed(str(file))
            parts = parts_of(size, self._part_bytes)
            where = f"{keys().prefix}/{upload_id}"
            if len(parts) > 1:
                checksum = self._put_parts(file, where, parts, keys, tags, sent)
            else:
                checksum = self._put_whole(file, where, Part(1, 0, size), keys, tags)
                sent(size)
        return size, checksum

    def _put_whole(
        self, file: Path, key: str, part: Part, keys: Callable[[], StorageKeys], tags: str
    ) -> str:
        checksum = _base64(_sha256(file, part))
        with _Slice(file, part, padded=True) as body:
            answer = self._call(
                keys(),
                "put_object",
                Key=key,
                Body=body,
                ContentLength=part.size,
                ChecksumSHA256=checksum,
                Tagging=tags,
            )
        return str(answer.get("ChecksumSHA256") or checksum)

    def _put_parts(
        self,
        file: Path,
        key: str,
        parts: Sequence[Part],
        keys: Callable[[], StorageKeys],
        tags: str,
        sent: Callable[[int], None],
    ) -> str:
        begun = self._call(
            keys(), "create_multipart_upload", Key=key, ChecksumAlgorithm="SHA256", Tagging=tags
        )
        named = {"Key": key, "UploadId": begun["UploadId"]}
        stop = threading.Event()

        def put(part: Part) -> tuple[dict[str, Any], bytes]:
            if stop.is_set():
                raise AwsError("stopped")
            digest = _sha256(file, part)
            numbered = {"PartNumber": part.number, "ChecksumSHA256": _base64(digest)}
            with _Slice(file, part, padded=True) as body:
                answer = self._call(
                    keys(), "upload_part", Body=body, ContentLength=part.size, **named, **numbered
                )
            sent(part.size)
            return {**numbered, "ETag": answer["ETag"]}, digest

        futures = [self._pool.submit(put, part) for part in parts]
        try:
            done = [future.result() for future in futures]
            answer = self._call(
                keys(),
                "complete_multipart_upload",
                MultipartUpload={"Parts": [each for each, _ in done]},
                **named,
            )
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            self._abort(keys, named)
            raise
        digest = hashlib.sha256(b"".join(each for _, each in done)).digest()
        return str(answer.get("ChecksumSHA256") or f"{_base64(digest)}-{len(parts)}")

    def _abort(self, keys: Callable[[], StorageKeys], named: dict[str, Any]) -> None:
        """Give the space of a broken upload back; the platform does so itself after a week."""
        try:
            self._call(keys(), "abort_multipart_upload", **named)
        except AwsError:
            return

    def _call(self, keys: StorageKeys, operation: str, **parameters: Any) -> dict[str, Any]:
        from botocore.exceptions import (  # noqa: PLC0415 - a command without AWS never loads it
            BotoCoreError,
            ClientError,
        )

        try:
            client = self._client(keys)
            answer: dict[str, Any] = getattr(client, operation)(Bucket=keys.bucket, **parameters)
        except (BotoCoreError, ClientError) as error:
            raise _refusal(error, keys) from error
        return answer

    def _client(self, keys: StorageKeys) -> Any:
        with self._lock:
            if keys.access_key not in self._clients:
                self._clients[keys.access_key] = self._connect(keys)
            return self._clients[keys.access_key]

    def _connect(self, keys: StorageKeys) -> Any:
        import botocore.session  # noqa: PLC0415 - as above
        from botocore.config import Config  # noqa: PLC0415 - as above

        # No profile: one that the environment names may not exist, and is not needed.
        session = botocore.session.Session(
            session_vars={"profile": (None, None, None, None)}  # type: ignore[dict-item, unused-ignore]
        )
        elsewhere = None if self._hosted else self._settings
        files = (elsewhere.config_file if elsewhere else None) or Path(os.devnull)
        session.set_config_variable("config_file", str(files))
        session.set_config_variable("credentials_file", os.devnull)
        return session.create_client(
            "s3",
            region_name=keys.region,
            endpoint_url=elsewhere.endpoint if elsewhere else None,
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret,
            aws_session_token=keys.token,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 4},
                max_pool_connections=32,
                ignore_configured_endpoint_urls=self._hosted,
                # A name such as bucket.localhost does not resolve everywhere.
                s3=None if self._hosted else {"addressing_style": "path"},
            ),
        )


class _Slice(io.RawIOBase):
    """A part of a file, to be read in pieces and again from its start.

    A file that became shorter meanwhile is an error, or, with ``padded``, goes on with zeros: a
    body that ends too early would leave storage waiting for the rest until it gives up, while one
    of the right length is refused at once for its checksum.
    """

    def __init__(self, file: Path, part: Part, *, padded: bool = False) -> None:
        super().__init__()
        self._file = file.open("rb")
        self._part = part
        self._padded = padded
        self._at = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read again."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the part."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._part.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read on."""
        self._file.seek(self._part.offset + self._at)
        room = min(len(buffer), max(self._part.size - self._at, 0))
        found = self._file.read(room)
        if room and not found:
            if not self._padded:
                raise _changed(str(self._file.name))
            found = bytes(room)
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def _blocks(file: Path, part: Part) -> Iterator[bytes]:
    with _Slice(file, part) as piece:
        while block := piece.read(_BLOCK_BYTES):
            yield block


def _sha256(file: Path, part: Part) -> bytes:
    found = hashlib.sha256()
    for block in _blocks(file, part):
        found.update(block)
    return found.digest()


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"'{file.name}' cannot be read: {error.strerror or error}", where=str(file)
        ) from error


def _changed(where: str, code: str | None = None) -> AwsError:
    return AwsError(
        "a file changed while it was uploaded",
        where=where,
        hint="upload it again when nothing writes to it",
        aws_code=code,
    )


def _refusal(error: Exception, keys: StorageKeys) -> AwsError:
    """Storage's refusal as one of ours; these keys are not the user's, nor are the hints."""
    code, where = aws_code(error), f"bucket {keys.bucket}"
    if code in _CHANGED:
        return _changed(where, code)
    if code in _ENDED:
        return AwsError(
            f"Pennsieve's storage refused the keys that Pennsieve gave ({code})",
            where=where,
            hint="the same command goes on where this one stopped",
            aws_code=code,
        )
    return AwsError(
        f"Pennsieve's storage does not take a file ({code})",
        where=where,
        hint="check the network; the same command goes on where this one stopped",
        aws_code=code,
    )
