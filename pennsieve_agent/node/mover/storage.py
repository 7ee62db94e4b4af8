"""The little of S3 that an upload needs, signed by ourselves (``contracts/core.md`` 4.3)."""

from __future__ import annotations

import base64
import hashlib
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pennsieve_agent.domain.transfers import Part, StorageKeys, parts_of
from pennsieve_agent.node.mover.trouble import Trouble
from pennsieve_agent.node.sigv4 import UNSIGNED, place, signed

AT_ONCE = 4
ATTEMPTS = 6
BLOCK_BYTES = 1 << 20
CALL_SECONDS = 300
_ENDED = {"ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "RequestExpired"}
_CHANGED = {"BadDigest", "XAmzContentSHA256Mismatch"}
_SERVER_ERROR = 500
_SLOW_DOWN = 503


@dataclass(frozen=True, slots=True)
class Storage:
    """Where uploads go. ``keys`` answers keys that last; with ``True``, new ones."""

    keys: Callable[[bool], StorageKeys]
    sleep: Callable[[float], None]
    endpoint: str = ""
    tags: str = ""

    def put(self, file: Path, upload_id: str) -> tuple[int, str]:
        """Upload a file; its size in bytes and its SHA-256 as S3 states it.

        Raises:
            Trouble: storage refuses, or the file changed meanwhile.

        """
        size = file.stat().st_size
        parts = parts_of(size) or [Part(1, 0, 0)]
        if len(parts) == 1:
            checksum = _base64(_digest(file, parts[0]))
            self._call("PUT", upload_id, {}, {"x-amz-checksum-sha256": checksum}, (file, parts[0]))
            return size, checksum
        return size, self._put_parts(file, upload_id, parts)

    def _put_parts(self, file: Path, upload_id: str, parts: Sequence[Part]) -> str:
        begun = self._call(
            "POST", upload_id, {"uploads": ""}, {"x-amz-checksum-algorithm": "SHA256"}
        )
        found = re.search(rb"<UploadId>([^<]+)</UploadId>", begun.body)
        if found is None:
            raise Trouble("storage does not begin an upload")
        multipart = found[1].decode()

        def put(part: Part) -> tuple[int, str, bytes]:
            digest = _digest(file, part)
            query = {"partNumber": str(part.number), "uploadId": multipart}
            headers = {"x-amz-checksum-sha256": _base64(digest)}
            answer = self._call("PUT", upload_id, query, headers, (file, part))
            return part.number, answer.headers.get("ETag", ""), digest

        with ThreadPoolExecutor(AT_ONCE) as pool:
            done = list(pool.map(put, parts))
        rows = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag>"
            f"<ChecksumSHA256>{_base64(digest)}</ChecksumSHA256></Part>"
            for number, etag, digest in done
        )
        body = f"<CompleteMultipartUpload>{rows}</CompleteMultipartUpload>".encode()
        answer = self._call("POST", upload_id, {"uploadId": multipart}, {}, body)
        if b"<Error>" in answer.body:  # S3 says 200 before it knows
            raise Trouble(f"storage does not take '{file.name}': {_code(answer.body)}")
        whole = hashlib.sha256(b"".join(digest for _, _, digest in done)).digest()
        return f"{_base64(whole)}-{len(parts)}"

    def _call(
        self,
        method: str,
        upload_id: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: tuple[Path, Part] | bytes = b"",
    ) -> _Answer:
        said, fresh = "", False
        for attempt in range(ATTEMPTS):
            if attempt:
                self.sleep(min(2.0**attempt, 20.0))
            keys = self.keys(fresh)
            fresh = False
            try:
                return self._send(keys, method, upload_id, query, headers, body)
            except urllib.error.HTTPError as error:
                said = _code(error.read()) or f"HTTP {error.code}"
                if said in _CHANGED:
                    raise Trouble("a file changed while it was uploaded") from None
                fresh = said in _ENDED
                if not fresh and error.code < _SERVER_ERROR:
                    raise Trouble(f"storage refuses the upload: {said}") from None
            except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
                said = str(getattr(error, "reason", error))
        raise Trouble(f"storage does not take the upload: {said}")

    def _send(
        self,
        keys: StorageKeys,
        method: str,
        upload_id: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: tuple[Path, Part] | bytes,
    ) -> _Answer:
        words = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        base = place("s3", keys.region, self.endpoint)
        path = quote(f"/{keys.bucket}/{keys.prefix}/{upload_id}")
        url = f"{base}{path}{'?' + words if words else ''}"
        mine = {"key": keys.access_key, "secret": keys.secret, "token": keys.token}
        named = dict(headers)
        if self.tags and method != "GET" and "uploadId" not in query:
            named["x-amz-tagging"] = self.tags
        named = signed(method, url, "s3", keys.region, mine, UNSIGNED, named)
        data: Any = body if isinstance(body, bytes) else _Piece(*body)
        length = len(body) if isinstance(body, bytes) else body[1].size
        named |= {"Content-Length": str(length), "Content-Type": "application/octet-stream"}
        request = urllib.request.Request(url, data, named, method=method)  # noqa: S310 - S3
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:  # noqa: S310 - S3
            return _Answer(answer.read(), dict(answer.headers))


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes
    headers: Mapping[str, str]


class _Piece:
    """A part of a file as a body that is read in blocks.

    A file that became shorter goes on with zeros, so that storage refuses it for its checksum at
    once instead of waiting for the rest.
    """

    def __init__(self, file: Path, part: Part) -> None:
        self._file = file.open("rb")
        self._file.seek(part.offset)
        self._left = part.size

    def read(self, size: int = BLOCK_BYTES) -> bytes:
        """The next block."""
        wanted = min(size if size > 0 else BLOCK_BYTES, self._left)
        if not wanted:
            self._file.close()
            return b""
        block = self._file.read(wanted) or bytes(wanted)
        self._left -= len(block)
        return block


def _digest(file: Path, part: Part) -> bytes:
    found, piece = hashlib.sha256(), _Piece(file, part)
    while block := piece.read():
        found.update(block)
    return found.digest()


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _code(body: bytes) -> str:
    found = re.search(rb"<Code>([^<]+)</Code>", body)
    return found[1].decode() if found else ""
