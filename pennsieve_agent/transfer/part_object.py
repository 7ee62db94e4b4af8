"""A file that grows in S3 and never on a disk: it passes through memory in parts.

What came before a connection broke is kept, by this process alone; another one begins the file
anew, as the digest of what passed by cannot be resumed. An object appears complete or not at all
(Amazon S3 User Guide, "Uploading and copying objects using multipart upload").
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from pennsieve_agent.domain.transfers import MOST_PARTS
from pennsieve_agent.transfer.bodies import Text
from pennsieve_agent.transfer.digests import BLOCK_BYTES, RunningChecksum, spelled, whole_digest
from pennsieve_agent.transfer.keys import RenewedKeys
from pennsieve_agent.transfer.object_store import ObjectStore, completion

PART_BYTES = 16 * 1024 * 1024
IN_FLIGHT = 3
"""Parts of one file that are sent while the next is read."""


class PartObject:
    """The object ``name`` of ``total`` bytes below the keys' prefix; ``headers`` describe it.

    Raises:
        AwsError: from all methods that send; storage refused.

    """

    def __init__(
        self,
        store: ObjectStore,
        keys: RenewedKeys,
        name: str,
        total: int,
        checksum: str,
        headers: Mapping[str, str],
    ) -> None:
        self.path, self.total = Path(name), total
        self._store, self._keys, self._headers = store, keys, headers
        self._name = quote(name)
        self._checksum = checksum
        self._part_bytes = max(PART_BYTES, math.ceil(total / MOST_PARTS))
        self._block = memoryview(bytearray(min(BLOCK_BYTES, max(total, 1))))
        self._pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="object")
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.tag, self.size = "", 0
        self._upload = ""
        self._part = bytearray()
        self._sent: deque[Future[tuple[int, str, str]]] = deque()
        self._done: list[tuple[int, str, str]] = []
        self._running = RunningChecksum(self._checksum, self.total)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give back the parts of an object that did not become complete."""
        self.forget()
        self._pool.shutdown()

    def begin(self, tag: str) -> None:
        """Go on with an object's state."""
        self.tag = tag

    def block(self) -> memoryview:
        """Memory to read the next bytes into, no longer than what is missing."""
        return self._block[: self.total - self.size]

    def add(self, block: memoryview, count: int) -> None:
        """Take the first bytes of a block; full parts are sent."""
        taken = block[:count]
        self._running.update(taken)
        self._part += taken
        self.size += count
        while len(self._part) >= self._part_bytes and self.total > self._part_bytes:
            self._send(bytes(self._part[: self._part_bytes]))
            del self._part[: self._part_bytes]

    def is_whole(self, checksum: str) -> bool:  # noqa: ARG002 - it was counted from the beginning
        """Whether what passed by has the size and, where it can be told, the checksum."""
        return self.size == self.total and self._running.fits() is not False

    def finish(self, place: Path) -> None:  # noqa: ARG002 - the object has its name
        """Make the object appear."""
        if not self._upload:
            content = bytes(self._part)
            digest = spelled(whole_digest(content))
            headers = {**self._headers, "x-amz-checksum-sha256": digest}
            self._store.call(self._keys, "PUT", self._name, headers, Text(content))
            self._part.clear()
            return
        if self._part:
            self._send(bytes(self._part))
        while self._sent:
            self._done.append(self._sent.popleft().result())
        body = Text(completion(self._done))
        self._store.call(self._keys, "POST", self._target(), {}, body)
        self._upload = ""

    def forget(self) -> None:
        """Begin anew."""
        for part in self._sent:
            part.cancel()
        for part in self._sent:
            if not part.cancelled():
                part.exception()
        if self._upload:
            self._store.give_back(self._keys, self._target())
        self._begin_anew()

    def _target(self) -> str:
        return f"{self._name}?uploadId={quote(self._upload, safe='')}"

    def _send(self, content: bytes) -> None:
        if not self._upload:
            headers = {**self._headers, "x-amz-checksum-algorithm": "SHA256"}
            target = f"{self._name}?uploads="
            begun = self._store.call(self._keys, "POST", target, headers, Text())
            self._upload = begun.element("UploadId")
        if len(self._sent) >= IN_FLIGHT:
            self._done.append(self._sent.popleft().result())
        number = len(self._done) + len(self._sent) + 1
        self._sent.append(self._pool.submit(self._put, self._target(), number, content))

    def _put(self, target: str, number: int, content: bytes) -> tuple[int, str, str]:
        digest = spelled(whole_digest(content))
        headers = {"x-amz-checksum-sha256": digest}
        place = f"{target}&partNumber={number}"
        answer = self._store.call(self._keys, "PUT", place, headers, Text(content))
        return number, answer.headers.get("etag", ""), digest
