"""Fetching from signed addresses: storage of any host, without our token.

An address that is signed is refused when an Authorization header comes along, and the header would
be a gift to a stranger (``contracts/core.md`` section 8, trap 23): so this client has none to send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import httpx

from pennsieve_agent import __version__
from pennsieve_agent.errors import PlatformError
from pennsieve_agent.platform.exchange import host_of
from pennsieve_agent.platform.once import Once

TIMEOUT = httpx.Timeout(60.0, connect=10.0)
LARGEST_DOCUMENT_BYTES = 512 * 1024 * 1024
_LOOPBACK = ("all://127.0.0.1", "all://localhost")
_EXPIRED = {400, 401, 403}
_BUSY = {429, 500, 502, 503, 504}


class Expired(PlatformError):  # noqa: N818 - says what happened, as the tree of errors does
    """Storage does not accept an address (any more); a fresh one may help."""


class Interrupted(PlatformError):  # noqa: N818 - the same
    """The connection broke off, or storage was busy; going on may help."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What storage sends: from which byte on, of how many; ``tag`` names the object's state."""

    start: int
    total: int | None
    tag: str
    chunks: Iterator[bytes]


class Fetcher:
    """One client for all hosts of storage. Safe to share between threads."""

    def __init__(
        self, sleep: Callable[[float], None], transport: httpx.BaseTransport | None = None
    ) -> None:
        self._sleep = sleep
        self._transport = transport
        self._client = Once(self._connect)

    def __enter__(self) -> Self:
        """Answer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        if client := self._client.made():
            client.close()

    def _connect(self) -> httpx.Client:
        return httpx.Client(
            headers={
                "User-Agent": f"pennsieve-agent/{__version__}",
                # What comes must be the bytes that are stored, to count and resume them.
                "Accept-Encoding": "identity",
            },
            timeout=TIMEOUT,
            transport=self._transport,
            # A proxy of the environment must not be asked for this machine's own ports.
            mounts={} if self._transport else dict.fromkeys(_LOOPBACK, httpx.HTTPTransport()),
            follow_redirects=True,
            max_redirects=5,
        )

    @contextmanager
    def open(self, url: str, start: int = 0, tag: str = "") -> Iterator[Piece]:
        """An object from a byte on; from 0 on when it is not the one that ``tag`` names.

        Raises:
            Expired: storage does not accept the address.
            Interrupted: no answer, or it broke off; also while the chunks are read.
            PlatformError: storage refused.

        """
        headers = {"Range": f"bytes={start}-"} if start else {}
        if start and tag:
            headers["If-Range"] = tag
        where = f"GET {host_of(url)}"
        try:
            with self._client().stream("GET", url, headers=headers) as response:
                yield _piece(response, where)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
            raise PlatformError("an address of storage cannot be used", where=where) from error
        except (httpx.HTTPError, UnicodeError) as error:
            raise Interrupted(
                f"{host_of(url)} broke off the transfer",
                where=where,
                hint="check the network; the same command goes on where this one stopped",
            ) from error

    def read(self, url: str) -> bytes:
        """A whole document. Raises as :meth:`open`, after some tries."""
        for wait in (0.3, 1.0, 3.0):
            try:
                return self._read(url)
            except Interrupted:
                self._sleep(wait)
        return self._read(url)

    def _read(self, url: str) -> bytes:
        found = bytearray()
        with self.open(url) as piece:
            for chunk in piece.chunks:
                found += chunk
                if len(found) > LARGEST_DOCUMENT_BYTES:
                    raise PlatformError("a document has no end", where=host_of(url))
        return bytes(found)


def _piece(response: httpx.Response, where: str) -> Piece:
    status, tag = response.status_code, response.headers.get("ETag", "")
    chunks = response.iter_raw()  # as they come: what waits for a full chunk is lost with it
    if status == 200:  # noqa: PLR2004 - the whole object
        return Piece(0, _length(response), tag, chunks)
    if status == 206:  # noqa: PLR2004 - a part of it
        start, total = _range(response.headers.get("Content-Range", ""))
        return Piece(start, total, tag, chunks)
    if status == 416:  # noqa: PLR2004 - nothing comes after that byte
        return Piece(-1, None, tag, iter(()))
    if status in _EXPIRED:
        raise Expired(
            f"storage did not accept an address ({status})",
            where=where,
            hint="check this machine's clock: date -u",
            status=status,
        )
    if status in _BUSY:
        raise Interrupted(f"storage is busy ({status})", where=where, status=status)
    raise PlatformError(f"storage answered {status}", where=where, status=status)


def _length(response: httpx.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _range(header: str) -> tuple[int, int | None]:
    """Start and total of ``bytes 5-9/10``; -1 when it says neither."""
    span, _, total = header.removeprefix("bytes ").partition("/")
    start = span.partition("-")[0]
    return int(start) if start.isdecimal() else -1, int(total) if total.isdecimal() else None
