"""What a server answers, read from its connection into memory that the caller owns.

The standard library's own reader makes an e-mail of each answer's head, which costs more than
fetching a small file, and copies each byte once more than needed.
"""

from __future__ import annotations

import math
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_HEAD_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024
_UNFIT = re.compile(r"[\r\n\0]")
_NO_BODY = {204, 304}
_CONTINUE, _OK = 100, 200


class Broken(Exception):  # noqa: N818 - what happened
    """The connection ended or failed too early, or what came is not HTTP."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers; names in lower case, of several of one name the last."""

    status: int
    keeps: bool
    """Whether the connection stays open for another request."""
    headers: Mapping[str, str] = field(default_factory=dict)


def parse_head(data: bytes) -> Head:
    """A head as it was sent, without the empty line at its end (RFC 9112, 2 to 5).

    Raises:
        Broken: it is none.

    """
    first, *lines = data.decode("latin-1").split("\r\n")
    if any(_UNFIT.search(line) for line in lines):  # else a value could add lines to a request
        raise Broken("no header of HTTP")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if not version.startswith("HTTP/1.") or not status.isdecimal() or len(status) != 3:  # noqa: PLR2004
        raise Broken("no answer of HTTP")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise Broken("no header of HTTP")
        headers[name.lower()] = value.strip(" \t")
    words = headers.get("connection", "").lower()
    keeps = "close" not in words if version != "HTTP/1.0" else "keep-alive" in words
    return Head(int(status), keeps, headers)


class Reply:
    """One answer on a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._waiting = memoryview(b"")
        self.head = Head(0, keeps=False)
        self._left: int | None = 0
        self._chunked = False

    def begin(self, method: str) -> None:
        """Read the head; the body is read with :meth:`readinto`.

        Raises:
            Broken: the connection ended, or what came is not an answer.

        """
        self.head = self._read_head()
        while _CONTINUE <= self.head.status < _OK:
            self.head = self._read_head()
        headers = self.head.headers
        self._chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        length = headers.get("content-length", "")
        if method == "HEAD" or self.head.status in _NO_BODY:
            self._left, self._chunked = 0, False
        elif self._chunked:
            self._left = 0
            self._next_chunk(first=True)
        else:
            self._left = int(length) if length.isdecimal() else None

    @property
    def status(self) -> int:
        """The status."""
        return self.head.status

    def header(self, name: str) -> str:
        """A header by its name in lower case; "" where there is none."""
        return self.head.headers.get(name, "")

    @property
    def length(self) -> int | None:
        """How many bytes the body has; None where the server does not say."""
        length = self.header("content-length")
        return int(length) if length.isdecimal() and not self._chunked else None

    @property
    def is_reusable(self) -> bool:
        """Whether all was read and the connection can take the next request."""
        return self.head.keeps and self._left == 0 and not self._chunked and not self._waiting

    def readinto(self, buffer: memoryview) -> int:
        """Read what is there of the body; 0 at its end.

        Raises:
            Broken: the connection ended before the body did.

        """
        if self._left == 0:
            return 0
        if self._left is not None and len(buffer) > self._left:
            buffer = buffer[: self._left]
        count = self._receive(buffer)
        if self._left is None:
            self._left = None if count else 0
            return count
        if not count:
            raise Broken("the connection ended early")
        self._left -= count
        if not self._left and self._chunked:
            self._next_chunk()
        return count

    def read(self, most: int, seconds: float = math.inf) -> bytes:
        """The whole body; no more than a little above ``most`` bytes of it.

        Raises:
            Broken: the connection ended before the body did, or it is not there after ``seconds``.

        """
        body, buffer = bytearray(), memoryview(bytearray(_READ_BYTES))
        ends_at = time.monotonic() + seconds
        while len(body) <= most and (count := self.readinto(buffer)):
            body += buffer[:count]
            if time.monotonic() > ends_at:
                raise Broken("a body that takes too long")
        return bytes(body)

    def _receive(self, buffer: memoryview) -> int:
        """Bytes that came along with the head, or new ones."""
        if not self._waiting:
            try:
                return self._socket.recv_into(buffer)
            except OSError as error:  # not to be mistaken for one of the file that is written
                raise Broken("the connection failed") from error
        count = min(len(self._waiting), len(buffer))
        buffer[:count] = self._waiting[:count]
        self._waiting = self._waiting[count:]
        return count

    def _read_head(self) -> Head:
        return parse_head(self._until(b"\r\n\r\n", MOST_HEAD_BYTES))

    def _until(self, mark: bytes, most: int) -> bytes:
        """What comes before a mark; what comes behind it is kept.

        All of it within the time for which nothing may come: byte by byte it would never end.
        """
        data, idle = bytes(self._waiting), self._socket.gettimeout()
        ends_at = time.monotonic() + idle if idle is not None else math.inf
        try:
            while (end := data.find(mark)) < 0:
                if len(data) > most:
                    raise Broken("a head without an end")
                data += self._received(ends_at)
        finally:
            self._socket.settimeout(idle)
        self._waiting = memoryview(data)[end + len(mark) :]
        return data[:end]

    def _received(self, ends_at: float) -> bytes:
        """Some bytes, before a moment of the monotonic clock."""
        left = ends_at - time.monotonic()
        if left <= 0:
            raise Broken("a head that takes too long")
        try:
            self._socket.settimeout(None if left == math.inf else left)
            data = self._socket.recv(_READ_BYTES)
        except OSError as error:
            raise Broken("the connection failed") from error
        if not data:
            raise Broken("the connection ended early")
        return data

    def _next_chunk(self, *, first: bool = False) -> None:
        """Read how long the next chunk is (RFC 9112, 7.1); after the last one, what follows it."""
        if not first and self._until(b"\r\n", _READ_BYTES):
            raise Broken("a chunk of another length")
        size = self._until(b"\r\n", _READ_BYTES).partition(b";")[0].strip()
        if not size.isalnum():
            raise Broken("a chunk without a length")
        try:
            self._left = int(size, 16)
        except ValueError:
            raise Broken("a chunk without a length") from None
        if not self._left:
            while self._until(b"\r\n", MOST_HEAD_BYTES):
                pass  # trailers
            self._chunked = False
