"""Reading from signed addresses: what an answer of storage means."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin

from pennsieve_agent.domain.backoff import Backoff, read_retry_after
from pennsieve_agent.errors import PlatformError
from pennsieve_agent.transfer.reply import Reply
from pennsieve_agent.transfer.sender import Interrupted, Sender, host_of

LONGEST_DOCUMENT_SECONDS = 180.0
"""As long as any answer of Pennsieve may take; byte by byte a document would never end."""
LARGEST_DOCUMENT_BYTES = 512 * 1024 * 1024
MOST_HOPS = 5
DOCUMENT_BACKOFF = Backoff(first=0.3, longest=10.0, repeats=3)
_MOST_OF_A_REFUSAL = 64 * 1024
_EXPIRED = {400, 401, 403}
_BUSY = {429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}
_WHOLE, _PARTIAL, _NOTHING_THERE, _PROXY_REFUSED = 200, 206, 416, 407


class Expired(PlatformError):  # noqa: N818 - says what happened, as the tree of errors does
    """Storage does not accept an address (any more); a fresh one may help."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What storage sends: from which byte on, of how many; ``tag`` names the object's state.

    ``start`` is -1 where storage sends nothing, or does not say which part.
    """

    start: int
    total: int | None
    tag: str
    reply: Reply


@contextmanager
def opened(sender: Sender, url: str, start: int = 0, tag: str = "") -> Iterator[Piece]:
    """An object from a byte on; from 0 on when it is not the one that ``tag`` names.

    Raises:
        Expired: storage does not accept the address.
        Interrupted: no answer, or it broke off; also while the body is read.
        PlatformError: storage refused.

    """
    headers = {"Range": f"bytes={start}-"} if start else {}
    if start and tag:
        headers["If-Range"] = tag
    for _ in range(MOST_HOPS):
        with sender.send("GET", url, headers) as reply:
            if reply.status in _REDIRECTS and reply.header("location"):
                url = _redirected(url, reply.header("location"))
                continue
            yield _piece(reply, url)
            return
    raise PlatformError("storage redirects in a circle", where=_where(url))


def _redirected(url: str, location: str) -> str:
    target = urljoin(url, location)
    if url.startswith("https:") and not target.startswith("https:"):
        raise PlatformError("storage redirects to an address without encryption", where=_where(url))
    return target


def read(
    sender: Sender,
    url: str,
    sleep: Callable[[float], None],
    jitter: float = 0.5,
    *,
    seconds: float = LONGEST_DOCUMENT_SECONDS,
) -> bytes:
    """A whole document, within ``seconds``. Raises as :func:`opened`, after some tries."""
    repeats, ends_at = 0, time.monotonic() + seconds
    while True:
        try:
            with opened(sender, url) as piece:
                document = piece.reply.read(LARGEST_DOCUMENT_BYTES, ends_at - time.monotonic())
                if len(document) > LARGEST_DOCUMENT_BYTES:
                    raise PlatformError("a document has no end", where=host_of(url))
                return document
        except Interrupted as error:
            wait = DOCUMENT_BACKOFF.wait(repeats, retry_after=error.retry_after, jitter=jitter)
            if wait is None or time.monotonic() > ends_at:
                raise
            sleep(wait)
            repeats += 1


def _piece(reply: Reply, url: str) -> Piece:
    status, tag = reply.status, reply.header("etag")
    if status == _WHOLE:
        return Piece(0, reply.length, tag, reply)
    if status == _PARTIAL:
        start, total = _range(reply.header("content-range"))
        return Piece(start, total, tag, reply)
    # Read, so that the connection can be used again.
    reply.read(_MOST_OF_A_REFUSAL, LONGEST_DOCUMENT_SECONDS)
    if status == _NOTHING_THERE:
        return Piece(-1, None, tag, reply)
    where = _where(url)
    if status in _EXPIRED:
        raise Expired(
            f"storage did not accept an address ({status})",
            where=where,
            hint="check this machine's clock: date -u",
            status=status,
        )
    if status in _BUSY:
        raise busy(reply, where)
    if status == _PROXY_REFUSED:
        raise PlatformError(
            f"the proxy on the way to {host_of(url)} refused",
            where=where,
            hint="check HTTPS_PROXY and NO_PROXY in the environment",
            status=status,
        )
    raise PlatformError(f"storage answered {status}", where=where, status=status)


def busy(reply: Reply, where: str) -> Interrupted:
    """The error for storage that cannot answer now, with the wait that it asks for."""
    error = Interrupted(f"storage is busy ({reply.status})", where=where, status=reply.status)
    now = time.time()
    error.retry_after = read_retry_after(reply.header("retry-after") or None, now)
    return error


def _where(url: str) -> str:
    return f"GET {host_of(url)}"


def _range(header: str) -> tuple[int, int | None]:
    """Start and total of ``bytes 5-9/10``; -1 when it says neither."""
    span, _, total = header.removeprefix("bytes ").partition("/")
    start = span.partition("-")[0]
    return int(start) if start.isdecimal() else -1, int(total) if total.isdecimal() else None
