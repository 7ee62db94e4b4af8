"""Connections of the standard library's HTTP, against real sockets."""

from __future__ import annotations

import base64
import gzip
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pennsieve_agent.platform.http.network import (
    AddressError,
    ConnectFailedError,
    HttpNetwork,
    PackingError,
    ProxyRefusedError,
)
from pennsieve_agent.platform.http.network_settings import NetworkSettings
from tests.platform.loopback import Loopback, http, unused_url


def network(*, loopback: bool = True) -> HttpNetwork:
    return HttpNetwork(NetworkSettings(loopback=loopback, trusting=False), 5.0, 5.0)


def fetched(net: HttpNetwork, url: str, content: bytes | None = None) -> bytes:
    with net.send("GET" if content is None else "PUT", url, {}, content) as reply:
        return b"".join(reply.chunks)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    peers: set[object]

    def do_GET(self) -> None:
        self.peers.add(self.client_address)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def server() -> Iterator[tuple[str, set[object]]]:
    peers: set[object] = set()
    made = ThreadingHTTPServer(("127.0.0.1", 0), type("H", (_Handler,), {"peers": peers}))
    made.daemon_threads = True
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}/x", peers
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def test_one_thread_uses_one_connection_and_many_share_none() -> None:
    net = network()
    with server() as (url, peers), closing(net):
        assert [fetched(net, url) for _ in range(5)] == [b"ok"] * 5
        assert len(peers) == 1
        barrier = threading.Barrier(4)

        def ask() -> None:
            with net.send("GET", url, {}, None) as reply:
                barrier.wait(timeout=30)
                assert b"".join(reply.chunks) == b"ok"

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(peers) == 4


def test_a_connection_that_the_other_side_has_closed_is_not_used_again() -> None:
    """A server hangs up after a while; what may not be sent twice must not fail for that."""
    closed = threading.Event()

    def once(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        closed.set()

    net = network()
    with Loopback(once, http("200 OK", b"ok")) as other, closing(net):
        assert fetched(net, other.url) == b"ok"
        assert closed.wait(30)
        assert fetched(net, other.url, b"body") == b"ok"
    assert other.requests[1].startswith(b"PUT / HTTP/1.1")


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(b"text" * 100_000, mtime=0), "gzip"),
        (gzip.compress(b"text" * 100_000, mtime=0), "x-gzip"),
        (zlib.compress(b"text" * 100_000), "deflate"),
        (b"text" * 100_000, "identity"),
    ],
)
def test_bodies_are_unpacked_piece_by_piece(body: bytes, coding: str) -> None:
    net = network()
    answer = http("200 OK", body, f"Content-Encoding: {coding}")
    with Loopback(answer) as other, closing(net), net.send("GET", other.url, {}, None) as reply:
        chunks = list(reply.chunks)
    assert b"".join(chunks) == b"text" * 100_000
    assert max(map(len, chunks)) <= 64 * 1024


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(b"text", mtime=0)[:-9], "gzip"),
        (b"x", "br"),
        (b"text", "gzip"),
        (b"", "gzip"),
    ],
)
def test_bodies_that_cannot_be_unpacked(body: bytes, coding: str) -> None:
    net = network()
    answer = http("200 OK", body, f"Content-Encoding: {coding}")
    with Loopback(answer) as other, closing(net), pytest.raises(PackingError):
        fetched(net, other.url)


def test_http_goes_to_the_proxy_with_its_whole_address_and_who_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = network(loopback=False)
    with Loopback(http("200 OK", b"ok")) as proxy, closing(net):
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("//", "//ada:s%20t@"))
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert fetched(net, "http://elsewhere.invalid/a?b=c") == b"ok"
    head = proxy.requests[0]
    assert head.startswith(b"GET http://elsewhere.invalid/a?b=c HTTP/1.1\r\n")
    assert b"Host: elsewhere.invalid\r\n" in head
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"ada:s t") in head


def test_https_goes_through_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(loopback=False)
    with Loopback(http("407 Who?")) as proxy, closing(net):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//ada:s@"))
        with pytest.raises(ProxyRefusedError):
            fetched(net, "https://elsewhere.invalid/a")
    assert proxy.requests[0].startswith(b"CONNECT elsewhere.invalid:443 HTTP/1.")
    assert b"Proxy-Authorization: Basic " in proxy.requests[0]


def test_no_proxy_is_asked_for_hosts_that_are_excepted(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(loopback=False)
    monkeypatch.setenv("HTTP_PROXY", unused_url())
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with server() as (url, _), closing(net):
        assert fetched(net, url) == b"ok"


def test_nobody_listens() -> None:
    net = network()
    with closing(net), pytest.raises(ConnectFailedError):
        fetched(net, unused_url())


@pytest.mark.parametrize("url", ["", "x", "ftp://x", "http://", "http://a b", "http://x:0"])
def test_an_address_that_is_none(url: str) -> None:
    net = network()
    with closing(net), pytest.raises(AddressError):
        fetched(net, url)


def test_a_header_that_is_none() -> None:
    net = network()
    with server() as (url, _), closing(net), pytest.raises(AddressError):
        net.send("GET", url, {"X": "a\r\nb"}, None).__enter__()
