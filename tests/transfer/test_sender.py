"""Connections: kept, replaced, proxied, refused; and who is trusted at the other end."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from pennsieve_agent.domain.transfers import Part
from pennsieve_agent.errors import AgentError, PlatformError, Unreachable
from pennsieve_agent.transfer.bodies import Body, FilePart, Text
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.receive import opened
from pennsieve_agent.transfer.sender import Address, Interrupted, Sender, Stopped
from tests.platform.loopback import Loopback, http, unused_url

LIMIT_SECONDS = 5.0


CLOSED = b""
"""Among the answers of a server: it closes the connection, before anything is asked."""


class Server:
    """Keeps connections: answers each request with the next text; None closes without a word."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.requests: list[bytes] = []
        self.closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(LIMIT_SECONDS)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._thread.join(LIMIT_SECONDS)

    def _serve(self) -> None:
        while self.answers:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.settimeout(LIMIT_SECONDS)
                self._talk(connection)
            self.closed.set()

    def _talk(self, connection: socket.socket) -> None:
        while self.answers:
            head = b""
            while b"\r\n\r\n" not in head:
                try:
                    more = connection.recv(65536)
                except OSError:
                    return
                if not more:
                    return
                head += more
            self.requests.append(head)
            answer = self.answers.pop(0)
            if answer is None:
                return
            connection.sendall(answer)
            if self.answers[:1] == [CLOSED]:
                self.answers.pop(0)
                return


def get(sender: Sender, url: str, body: Body | None = None) -> tuple[int, bytes]:
    with sender.send("PUT" if body else "GET", url, {}, body) as reply:
        return reply.status, reply.read(10**9)


@pytest.fixture
def sender() -> Iterator[Sender]:
    with Sender(network({})) as made:
        yield made


CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4\r\nab\r\n\r\n3;x=y\r\ncde\r\n0\r\nTrailer: 1\r\n\r\n"
)


def test_one_connection_for_many_requests(sender: Sender) -> None:
    answers = [http("200 OK", b"a"), CHUNKED, http("404 Not Found", b"no"), http("200 OK", b"b")]
    with Server(*answers) as server:
        found = [get(sender, f"{server.url}/{n}?x=%20") for n in range(4)]
    assert found == [(200, b"a"), (200, b"ab\r\ncde"), (404, b"no"), (200, b"b")]
    assert server.connections == 1
    assert server.requests[1].startswith(b"GET /1?x=%20 HTTP/1.1\r\nHost: 127.0.0.1:")


def test_a_kept_connection_that_the_server_closed_is_replaced(sender: Sender) -> None:
    with Server(http("200 OK", b"a"), CLOSED, http("200 OK", b"b")) as server:
        assert get(sender, server.url) == (200, b"a")
        assert server.closed.wait(LIMIT_SECONDS)
        assert get(sender, server.url, Text(b"body")) == (200, b"b")
    assert server.connections == 2
    assert len(server.requests) == 2


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_what_a_server_took_without_an_answer_is_not_sent_twice(
    sender: Sender, method: str
) -> None:
    with Server(http("200 OK", b"a"), None, http("200 OK", b"b")) as server:
        assert get(sender, server.url) == (200, b"a")
        with (
            pytest.raises(Interrupted),
            sender.send(method, server.url, {}, Text(b"body")) as reply,
        ):
            reply.read(1)
        assert len(server.requests) == 2


def test_a_new_connection_without_an_answer_is_not_asked_twice(sender: Sender) -> None:
    with Server(None, http("200 OK")) as server, pytest.raises(Interrupted):
        get(sender, server.url)
    assert len(server.requests) == 1


def test_an_answer_that_is_not_read_to_its_end_spoils_the_connection(sender: Sender) -> None:
    with Server(http("200 OK", b"x" * 100), http("200 OK", b"b")) as server:
        with sender.send("GET", server.url, {}) as reply:
            assert reply.status == 200
        assert get(sender, server.url) == (200, b"b")
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nETag: "a"\nX-Added: b\r\nContent-Length: 0\r\n\r\n',
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000,
    ],
)
def test_what_is_no_answer(sender: Sender, answer: bytes) -> None:
    with Loopback(lambda c: c.sendall(answer)) as server, pytest.raises(Interrupted):
        get(sender, server.url)


def test_no_length_means_up_to_the_end(sender: Sender) -> None:
    with Loopback(lambda c: c.sendall(b"HTTP/1.0 200 OK\r\n\r\nabc")) as server:
        assert get(sender, server.url) == (200, b"abc")


def test_a_go_ahead_comes_before_the_answer(sender: Sender) -> None:
    with Server(b"HTTP/1.1 100 Continue\r\n\r\n" + http("200 OK", b"a")) as server:
        assert get(sender, server.url, Text(b"x")) == (200, b"a")


def test_a_refusal_before_the_body_was_sent_is_read(sender: Sender, tmp_path: Path) -> None:
    """Who refuses a large body says so and closes; the words are not lost."""
    file = tmp_path / "big"
    with file.open("wb") as made:
        made.truncate(64 * 2**20)

    def refuse(connection: socket.socket) -> None:
        connection.sendall(http("403 Forbidden", b"<Error><Code>ExpiredToken</Code></Error>"))
        connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while connection.recv(2**20):  # as a server's system does for a while
                pass

    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(LIMIT_SECONDS)
            connection.recv(65536)
            refuse(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    status, body = get(sender, url, FilePart(file, Part(1, 0, 64 * 2**20)))
    assert (status, b"ExpiredToken" in body) == (403, True)
    thread.join(LIMIT_SECONDS)
    listener.close()


def test_nobody_listens(sender: Sender) -> None:
    with pytest.raises(Interrupted):
        get(sender, unused_url())


@pytest.mark.parametrize(
    "url",
    ["ftp://x/y", "http://", "http://h/a b", "http://h/\r\nX: y", "http://h/é", "x", "http://h:x/"],
)
def test_addresses_that_cannot_be_used(sender: Sender, url: str) -> None:
    with pytest.raises(PlatformError, match="cannot be used"):
        get(sender, url)


def test_the_password_in_an_address_stays_here(sender: Sender) -> None:
    with Server(http("200 OK")) as server:
        get(sender, server.url.replace("://", "://me:secret@"))
    assert b"secret" not in server.requests[0]
    assert b"authorization" not in server.requests[0].lower()


def test_the_signature_of_an_address_is_not_shown() -> None:
    assert "secret" not in repr(Address.of("https://storage.test/x?X-Amz-Signature=secret"))


def test_stopping_ends_what_waits(sender: Sender) -> None:
    asked = threading.Event()

    def say_nothing(connection: socket.socket) -> None:
        asked.set()
        while connection.recv(65536):
            pass

    found: list[AgentError] = []

    def wait(url: str) -> None:
        try:
            get(sender, url)
        except AgentError as error:
            found.append(error)

    with Loopback(say_nothing) as server:
        thread = threading.Thread(target=wait, args=(server.url,))
        thread.start()
        assert asked.wait(LIMIT_SECONDS)
        sender.stop()
        thread.join(LIMIT_SECONDS)
        assert not thread.is_alive()
    assert isinstance(found[0], Stopped)
    with pytest.raises(Stopped):
        get(sender, server.url)


def wait_for_the_other_side(connection: socket.socket) -> None:
    connection.recv(1)


def test_a_server_that_says_nothing_is_given_up() -> None:
    with (
        Loopback(wait_for_the_other_side) as server,
        Sender(network({}), idle_seconds=0.2) as sender,
        pytest.raises(Interrupted),
    ):
        get(sender, server.url)


def byte_by_byte(connection: socket.socket) -> None:
    try:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500:
            connection.sendall(bytes([byte]))
            threading.Event().wait(0.02)
    except OSError:
        pass


def test_a_server_whose_head_comes_byte_by_byte_is_given_up() -> None:
    began = time.monotonic()
    with (
        Loopback(byte_by_byte) as server,
        Sender(network({}), idle_seconds=0.3) as sender,
        pytest.raises(Interrupted),
    ):
        get(sender, server.url)
    assert time.monotonic() - began < 4


def test_a_part_of_a_file(sender: Sender, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    body = FilePart(tmp_path / "a", Part(2, 3, 4))
    assert body.digest() == (hashlib.sha256(b"3456").digest(), True)
    with Server(http("200 OK")) as server:
        get(sender, server.url, body)
    assert server.requests[0].endswith(b"Content-Length: 4\r\n\r\n3456")


@pytest.mark.parametrize("size", [10, 200_000])
def test_a_file_that_became_shorter_keeps_nobody_waiting(
    sender: Sender, tmp_path: Path, size: int
) -> None:
    (tmp_path / "a").write_bytes(b"abcd")
    body = FilePart(tmp_path / "a", Part(1, 0, size))
    assert body.digest()[1] is False
    with Loopback(http("400 Bad Request")) as server:
        assert get(sender, server.url, body)[0] == 400
    assert server.requests[0].endswith(b"\r\n\r\nabcd" + bytes(size - 4))


def proxy(url: str, **more: str) -> Sender:
    return Sender(network({"HTTP_PROXY": url, "HTTPS_PROXY": url, **more}))


def test_a_proxy_is_asked_for_the_whole_address() -> None:
    with Server(http("200 OK", b"by proxy")) as server:
        address = server.url.replace("://", "://me:pass%20word@")
        with proxy(address) as sender:
            assert get(sender, "http://storage.test/x?y=1") == (200, b"by proxy")
    head = server.requests[0]
    assert head.startswith(b"GET http://storage.test/x?y=1 HTTP/1.1\r\nHost: storage.test\r\n")
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"me:pass word") in head


def test_no_proxy_for_this_machine_nor_for_those_that_are_named() -> None:
    with Server(http("200 OK", b"a")) as server, proxy(unused_url()) as sender:
        assert get(sender, server.url) == (200, b"a")
    way = network({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "amazonaws.com"})
    assert way.proxy("https", "s3.us-east-1.amazonaws.com") is None
    assert way.proxy("https", "elsewhere.org") is not None
    assert network({"ALL_PROXY": "p:3128"}).proxy("http", "x.org") is not None


def test_a_proxy_that_refuses() -> None:
    with (
        Loopback(http("407 Proxy Authentication Required")) as server,
        proxy(server.url) as sender,
        pytest.raises(Unreachable, match=r"the proxy on the way to .* refused"),
    ):
        get(sender, "https://storage.test/x")
    assert server.requests[0].startswith(b"CONNECT storage.test:443 HTTP/1.")


@pytest.mark.parametrize("address", ["socks5://u:secret@p:1", "http://", "http://h:port"])
def test_a_proxy_that_cannot_be_used(address: str) -> None:
    with proxy(address) as sender, pytest.raises(PlatformError, match="proxy") as caught:
        get(sender, "https://storage.test/x")
    assert "secret" not in str(caught.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 by nobody, with its key."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key = path.with_name("key.pem")
    subprocess.run(
        (
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(path)),
        ),
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + key.read_text())
    return path


def secure(certificate: Path, answer: bytes, received: list[bytes]) -> tuple[str, threading.Thread]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        listener.close()
        connection.settimeout(LIMIT_SECONDS)
        try:
            with context.wrap_socket(connection, server_side=True) as tls:
                data = b""
                while b"\r\n\r\n" not in data or not data.endswith(b"END"):
                    more = tls.recv(65536)
                    if not more:
                        break
                    data += more
                    if b"Content-Length" not in data and b"\r\n\r\n" in data:
                        break
                received.append(data)
                tls.sendall(answer)
        except OSError:
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return f"https://127.0.0.1:{listener.getsockname()[1]}/x", thread


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_certificates_that_the_environment_names_are_trusted(
    certificate: Path, name: str, tmp_path: Path
) -> None:
    received: list[bytes] = []
    content = b"x" * 600_000 + b"END"
    (tmp_path / "file").write_bytes(content)
    url, thread = secure(certificate, http("200 OK", b"safe"), received)
    with Sender(network({name: str(certificate)})) as sender:
        body = FilePart(tmp_path / "file", Part(1, 0, len(content)))
        assert get(sender, url, body) == (200, b"safe")
    thread.join(LIMIT_SECONDS)
    assert received[0].endswith(content)


def test_a_certificate_that_nobody_trusts(certificate: Path) -> None:
    url, thread = secure(certificate, http("200 OK"), [])
    with (
        Sender(network({})) as sender,
        pytest.raises(Unreachable, match="its certificate is not trusted"),
    ):
        get(sender, url)
    thread.join(LIMIT_SECONDS)


def test_storage_cannot_send_its_caller_away_from_encryption(certificate: Path) -> None:
    elsewhere = http("302 Found", b"", "Location: http://127.0.0.1:9/x")
    url, thread = secure(certificate, elsewhere, [])
    with (
        Sender(network({"SSL_CERT_FILE": str(certificate)})) as sender,
        pytest.raises(PlatformError, match="without encryption"),
        opened(sender, url),
    ):
        pass
    thread.join(LIMIT_SECONDS)


def test_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    way = network({"SSL_CERT_FILE": str(tmp_path / "none.pem")})
    with (
        Sender(way) as sender,
        pytest.raises(PlatformError, match=r"SSL_CERT_FILE .* cannot be read as certificates"),
    ):
        get(sender, "https://127.0.0.1:1/x")
