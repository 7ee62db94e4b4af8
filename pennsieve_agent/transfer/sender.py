"""Requests to storage, on connections that are kept.

Nobody's token goes along: a signed address is refused when an Authorization header comes with it,
and the header would be a gift to a stranger (``contracts/core.md`` section 8, trap 23). Headers
are those that the caller names, and no others. What an answer's status means is the caller's.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from pennsieve_agent import __version__
from pennsieve_agent.errors import AgentError, PlatformError, Unreachable
from pennsieve_agent.transfer.bodies import Body
from pennsieve_agent.transfer.kept_connections import is_closed
from pennsieve_agent.transfer.network import Network, Proxy, untrusted
from pennsieve_agent.transfer.reply import Broken, Reply

CONNECT_SECONDS = 10.0
IDLE_SECONDS = 60.0
"""How long nothing may come, or be taken, before a connection counts as broken."""
TIDY_SECONDS = 5.0
_UNFIT = re.compile(r"[\x00-\x20\x7f]")
_PORTS = {"http": 80, "https": 443}
_REFUSAL = 400


class Interrupted(PlatformError):  # noqa: N818 - says what happened, as the tree of errors does
    """No answer, a connection that broke off, or storage was busy; trying again may help.

    ``retry_after`` is for how many seconds the server asks to wait; None where it does not say.
    """

    retry_after: float | None = None


class Stopped(AgentError):  # noqa: N818 - the same
    """Another file's failure, or Ctrl+C, ended all."""


@dataclass(frozen=True, slots=True)
class Address:
    """A URL in the parts that a request needs. ``target`` may hold a signature."""

    scheme: str
    host: str
    port: int
    authority: str
    target: str = field(repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """The parts of a URL; user name, password and fragment are dropped.

        Raises:
            PlatformError: it cannot be used.

        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise _unfit(url) from None
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        authority = parts.netloc.rpartition("@")[2]
        text = target + authority
        if parts.scheme not in _PORTS or not host or not text.isascii() or _UNFIT.search(text):
            raise _unfit(url)
        return cls(parts.scheme, host, port or _PORTS[parts.scheme], authority, target)


def _unfit(url: str) -> PlatformError:
    return PlatformError("an address of storage cannot be used", where=host_of(url))


def host_of(url: str) -> str:
    """The host and port of an address, which can be shown; of one that is none, nothing."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


class Sender:
    """One for all hosts of storage. Safe to share between threads."""

    def __init__(self, network: Network, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._network = network
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], list[socket.socket]] = defaultdict(list)
        self._used: set[socket.socket] = set()
        self._trusted: ssl.SSLContext | None = None
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        """Answer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        with self._lock:
            kept = [one for connections in self._kept.values() for one in connections]
            self._kept.clear()
        for connection in kept:
            connection.close()

    def successor(self) -> Sender:
        """One on the same way that was not stopped, for what is to be tidied up quickly."""
        return Sender(self._network, idle_seconds=TIDY_SECONDS)

    def stop(self) -> None:
        """End what other threads send and read, now: they raise :class:`Stopped`."""
        with self._lock:
            self._stopped.set()
            used = list(self._used)
        for connection in used:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: Body | None = None
    ) -> Iterator[Reply]:
        """Send a request; the answer's body is to be read inside the ``with``.

        A connection that was kept and that the server has closed meanwhile is replaced. Nothing
        is sent twice: the server may have done what it did not answer, so trying again is for the
        caller to decide.

        Raises:
            Interrupted: no answer, or it broke off; also while the body is read.
            Stopped: :meth:`stop` was called.
            PlatformError: the address cannot be used, or who answers there is not trusted.

        """
        address = Address.of(url)
        try:
            connection, reply = self._exchange(method, address, headers, body)
        except (OSError, Broken) as error:
            raise self._trouble(error, method, address) from error
        try:
            yield reply
        except Broken as error:
            self._drop(connection)
            raise self._trouble(error, method, address) from error
        except BaseException:
            self._drop(connection)
            raise
        self._give_back(connection, address, reply)

    def _exchange(
        self, method: str, address: Address, headers: Mapping[str, str], body: Body | None
    ) -> tuple[socket.socket, Reply]:
        proxy = self._network.proxy(address.scheme, address.host)
        head = _head(method, address, headers, body, proxy)
        connection = self._take(address, proxy)
        reply = Reply(connection)
        try:
            _ask(connection, reply, method, head, body)
        except BaseException:
            self._drop(connection)
            raise
        return connection, reply

    def _take(self, address: Address, proxy: Proxy | None) -> socket.socket:
        """A connection that was kept and is still open, else a new one."""
        while True:
            with self._lock:
                if self._stopped.is_set():
                    raise Stopped("stopped")
                kept = self._kept[address.scheme, address.authority]
                connection = kept.pop() if kept else None
                if connection is not None:
                    self._used.add(connection)
            if connection is None:
                break
            if not is_closed(connection):
                return connection
            self._drop(connection)
        connection = self._connect(address, proxy)
        with self._lock:
            self._used.add(connection)
            if not self._stopped.is_set():
                return connection
        self._drop(connection)
        raise Stopped("stopped")

    def _connect(self, address: Address, proxy: Proxy | None) -> socket.socket:
        host, port = (proxy.host, proxy.port) if proxy else (address.host, address.port)
        client: http.client.HTTPConnection
        if address.scheme == "https":
            client = http.client.HTTPSConnection(
                host, port, timeout=CONNECT_SECONDS, context=self._context()
            )
            if proxy:
                client.set_tunnel(address.host, address.port, dict(proxy.headers))
        else:
            client = http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
        try:
            client.connect()
        except BaseException:
            client.close()
            raise
        connection: socket.socket = client.sock
        connection.settimeout(self._idle_seconds)
        return connection

    def _context(self) -> ssl.SSLContext:
        with self._lock:
            if self._trusted is None:
                self._trusted = self._network.trust()
            return self._trusted

    def _give_back(self, connection: socket.socket, address: Address, reply: Reply) -> None:
        if not reply.is_reusable:
            self._drop(connection)
            return
        with self._lock:
            self._used.discard(connection)
            self._kept[address.scheme, address.authority].append(connection)

    def _drop(self, connection: socket.socket) -> None:
        with self._lock:
            self._used.discard(connection)
        connection.close()

    def _trouble(self, error: Exception, method: str, address: Address) -> AgentError:
        if self._stopped.is_set():
            return Stopped("stopped")
        host, where = address.authority, f"{method} {address.authority}"
        if isinstance(error, ssl.SSLCertVerificationError):
            return Unreachable(
                f"no secure connection to {host}: its certificate is not trusted",
                where=where,
                hint=untrusted(),
            )
        if str(error).startswith("Tunnel connection failed"):  # http.client has no class for it
            return Unreachable(
                f"the proxy on the way to {host} refused",
                where=where,
                hint="check HTTPS_PROXY and NO_PROXY in the environment",
            )
        return Interrupted(
            f"{host} broke off the transfer",
            where=where,
            hint="check the network; the same command goes on where this one stopped",
        )


def _head(
    method: str,
    address: Address,
    headers: Mapping[str, str],
    body: Body | None,
    proxy: Proxy | None,
) -> bytes:
    target = address.target
    lines = {
        "Host": address.authority,
        "User-Agent": f"pennsieve-agent/{__version__}",
        # What comes must be the bytes that are stored, to count and resume them.
        "Accept-Encoding": "identity",
        **headers,
    }
    if body is not None:
        lines["Content-Length"] = str(body.size)
    if proxy and address.scheme == "http":
        target = f"http://{address.authority}{target}"
        lines |= proxy.headers
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/1.1\r\n{text}\r\n".encode("latin-1")


def _ask(
    connection: socket.socket, reply: Reply, method: str, head: bytes, body: Body | None
) -> None:
    try:
        body.send(connection, head) if body else connection.sendall(head)
    except (BrokenPipeError, ConnectionResetError):
        # Who refuses a request may answer and close before all of it was sent.
        with suppress(OSError, Broken):
            reply.begin(method)
        if reply.status < _REFUSAL:
            raise
        return
    reply.begin(method)
