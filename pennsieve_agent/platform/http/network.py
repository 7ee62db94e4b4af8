"""Requests over connections that stay open: the standard library's HTTP, without retries.

``http.client`` is loaded in a third of the time that a larger client takes, which every command
would pay. Proxies and certificates are those of the environment (:mod:`.network_settings`).
"""

from __future__ import annotations

import http.client
import zlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Protocol
from urllib.parse import SplitResult, urlsplit

from pennsieve_agent.platform.http.network_settings import NetworkSettings
from pennsieve_agent.platform.http.timed_reading import OverdueError, timed_response
from pennsieve_agent.transfer.kept_connections import is_closed

if TYPE_CHECKING:
    from pennsieve_agent.transfer.network import Proxy

CHUNK_BYTES = 64 * 1024
LONGEST_ANSWER_SECONDS = 180.0
LARGEST_ANSWER_BYTES = 128 * 1024 * 1024
"""Unpacked. An answer is in memory, and twice while its pieces are put together."""
_PACKED = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""``zlib``'s window bits of each coding (Python, "zlib.decompressobj")."""


class ConnectFailedError(OSError):
    """Nobody listens, or not in time; its cause is what the system said."""


class ProxyRefusedError(OSError):
    """The proxy does not let us through."""


class PackingError(Exception):
    """The body is not what its ``Content-Encoding`` says."""


class AddressError(ValueError):
    """No request can go to such an address, or with such headers."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: headers by name in small letters, and the unpacked body, read once."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    chunks: Iterator[bytes] = field(repr=False)


class Network(Protocol):
    """Sends single requests."""

    def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> AbstractContextManager[Reply]:
        """Send a request, once; redirects are answers.

        Raises:
            AddressError: it cannot be sent at all.
            ConnectFailedError, ProxyRefusedError: it was not sent.
            TimeoutError: it was sent, and the answer takes too long.
            OSError, HTTPException: the answer was broken off.
            PackingError: the answer cannot be unpacked.
            OverdueError: the answer has no end.

        """
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class HttpNetwork:
    """Connections by host, each used by one thread at a time. Times are in seconds."""

    def __init__(self, settings: NetworkSettings, connect: float, read: float) -> None:
        self._settings = settings
        self._connect_seconds, self._read_seconds = connect, read
        self._lock = Lock()
        self._idle: dict[tuple[str, str], list[http.client.HTTPConnection]] = {}

    @contextmanager
    def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> Iterator[Reply]:
        """See :meth:`Network.send`."""
        parts = _split(url)
        place = (parts.scheme, parts.netloc)
        connection = self._taken(place) or self._opened(parts)
        try:
            target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
            if (proxy := self._proxy(parts)) and parts.scheme == "http":
                target, headers = f"http://{_host(parts)}{target}", {**proxy.headers, **headers}
            try:
                connection.request(method, target, content, {"Host": _host(parts), **headers})
            except (ValueError, http.client.InvalidURL, UnicodeError) as error:
                raise AddressError(str(error)) from None
            answer = connection.getresponse()
            if answer.fp is not None:  # else there is no body
                answer.fp.raw.allow(LONGEST_ANSWER_SECONDS)  # type: ignore[attr-defined]
            named = {name.lower(): value for name, value in answer.headers.items()}
            yield Reply(answer.status, named, _chunks(answer))
            if answer.isclosed() and not answer.will_close:
                self._put_back(place, connection)
                return
        except BaseException:
            connection.close()
            raise
        connection.close()

    def close(self) -> None:
        """Close all connections that are not in use."""
        with self._lock:
            for connections in self._idle.values():
                for connection in connections:
                    connection.close()
            self._idle.clear()

    def _taken(self, place: tuple[str, str]) -> http.client.HTTPConnection | None:
        """A connection that is open on both sides, if there is one."""
        while True:
            with self._lock:
                connections = self._idle.get(place)
                connection = connections.pop() if connections else None
            if connection is None:
                return None
            if connection.sock is not None and not is_closed(connection.sock):
                return connection
            connection.close()

    def _put_back(self, place: tuple[str, str], connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._idle.setdefault(place, []).append(connection)

    def _opened(self, parts: SplitResult) -> http.client.HTTPConnection:
        connection = self._unopened(parts)
        connection.response_class = timed_response(self._read_seconds)  # type: ignore[assignment]
        try:
            connection.connect()
        except UnicodeError as error:
            raise AddressError(str(error)) from None
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if "Tunnel connection failed" in str(error):  # http.client has no class for it
                raise ProxyRefusedError from error
            raise ConnectFailedError from error
        connection.sock.settimeout(self._read_seconds)
        return connection

    def _unopened(self, parts: SplitResult) -> http.client.HTTPConnection:
        """A connection that is not open yet."""
        proxy = self._proxy(parts)
        host, port = (proxy.host, proxy.port) if proxy else (parts.hostname or "", parts.port)
        seconds = self._connect_seconds
        try:
            if parts.scheme == "http":
                return http.client.HTTPConnection(host, port or 80, timeout=seconds)
            trusted = self._settings.certificates()
            secure = http.client.HTTPSConnection(
                host, port or 443, timeout=seconds, context=trusted
            )
        except http.client.InvalidURL as error:
            raise AddressError(str(error)) from None
        if proxy:
            secure.set_tunnel(parts.hostname or "", parts.port, dict(proxy.headers))
        return secure

    def _proxy(self, parts: SplitResult) -> Proxy | None:
        return self._settings.proxy(parts.scheme, parts.hostname or "")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port  # raises ValueError where it is not one
    except ValueError as error:
        raise AddressError(str(error)) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise AddressError(url)
    return parts


def _host(parts: SplitResult) -> str:
    """The host and port for the ``Host`` header, in letters that HTTP knows."""
    host = parts.netloc.rpartition("@")[2]
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError as error:
        raise AddressError(str(error)) from None


def _chunks(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body, unpacked; no more of it than an answer of Pennsieve may have."""
    size = 0
    for chunk in _unpacked(answer):
        size += len(chunk)
        if size > LARGEST_ANSWER_BYTES:
            raise OverdueError("the answer is too large")
        yield chunk


def _unpacked(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    coding = (answer.headers.get("Content-Encoding") or "identity").strip().lower()
    if coding == "identity":
        yield from _raw_chunks(answer)
        return
    if coding not in _PACKED:
        raise PackingError(coding)
    unpacker = zlib.decompressobj(_PACKED[coding])
    try:
        for packed in _raw_chunks(answer):
            rest = packed
            while rest:
                yield unpacker.decompress(rest, CHUNK_BYTES)
                rest = unpacker.unconsumed_tail
        yield unpacker.flush()
    except zlib.error as error:
        raise PackingError(str(error)) from None
    if not unpacker.eof:
        raise PackingError(coding)


def _raw_chunks(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    promised, count = answer.length, 0
    while chunk := answer.read(CHUNK_BYTES):
        count += len(chunk)
        yield chunk
    if promised is not None and count < promised:  # read() says so only without a size
        raise http.client.IncompleteRead(b"", promised - count)
