"""Ports on loopback: kept connections, and requests that only a web page would send."""

from __future__ import annotations

import http.client
import io
import json
import os
import socket
import string
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.sandbox.host.ports import Listener, bind, bind_next
from pennsieve_agent.sandbox.host.request_head import read_headers
from pennsieve_agent.sandbox.host.state import HEALTH_PATH

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    if environ["PATH_INFO"] == "/fail":
        raise ZeroDivisionError
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["REQUEST_METHOD"].encode(), b":", environ["wsgi.input"].read()]


@pytest.fixture
def port() -> Iterator[int]:
    (taken,) = bind([0])
    listener = Listener(taken, echo)
    listener.start()
    yield listener.port
    listener.close()


@pytest.fixture
def connection(port: int) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    yield made
    made.close()


def send(
    connection: http.client.HTTPConnection, method: str, path: str = "/", **given: object
) -> tuple[int, bytes]:
    connection.request(method, path, **given)  # type: ignore[arg-type]
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_a_connection_is_kept(connection: http.client.HTTPConnection) -> None:
    assert send(connection, "GET") == (200, b"GET:")
    first = connection.sock
    assert send(connection, "POST", body=b"x" * 100_000) == (200, b"POST:" + b"x" * 100_000)
    assert send(connection, "HEAD") == (200, b"")
    chunks = iter([b"one", b"two"])
    assert send(connection, "PUT", body=chunks, encode_chunked=True) == (200, b"PUT:onetwo")
    assert connection.sock is first
    assert first.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) in (0, 1)


def test_an_upload_may_ask_first(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        head = b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
        client.sendall(head + b"\r\n")
        with client.makefile("rb") as answer:
            assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
            assert answer.readline() == b"\r\n"
            client.sendall(b"abc")
            assert answer.readline() == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize("length", [b"x", b"-1", b"999999999999"])
def test_a_length_that_cannot_be(port: int, length: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length)
        client.sendall(b"\r\n\r\n")
        with client.makefile("rb") as answer:
            assert answer.readline().split()[1] in (b"400", b"413")


def test_a_failing_application_ends_its_connection_only(
    connection: http.client.HTTPConnection,
) -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        send(connection, "GET", "/fail")
    assert send(connection, "GET") == (200, b"GET:")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": ""},
        {"Host": "[broken"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_web_page_is_refused(
    connection: http.client.HTTPConnection, headers: dict[str, str]
) -> None:
    assert send(connection, "GET", headers=headers)[0] == 403
    assert send(connection, "GET", HEALTH_PATH, headers=headers)[0] == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9440", "bucket.localhost:1", "[::1]:9"])
def test_this_machine_is_let_in(connection: http.client.HTTPConnection, host: str) -> None:
    assert send(connection, "GET", headers={"Host": host})[0] == 200


def test_health_names_the_process(connection: http.client.HTTPConnection) -> None:
    status, body = send(connection, "GET", HEALTH_PATH)
    assert (status, json.loads(body)["pid"]) == (200, os.getpid())


def test_a_taken_port_is_named_and_the_others_are_given_back() -> None:
    (taken,) = bind([0])
    number = taken.getsockname()[1]
    with pytest.raises(UsageProblem, match=f"port {number} is in use") as caught:
        bind([0, number])
    assert "--port" in str(caught.value.hint)
    taken.close()
    for each in bind([number]):
        each.close()


def test_a_taken_port_is_passed_over_where_none_was_asked_for() -> None:
    sockets = bind([0])
    number = sockets[0].getsockname()[1]
    if number > 60_000:
        number = 60_000
        sockets += bind([number])
    chosen = bind_next([number - 1, number, number + 1])
    ports = [one.getsockname()[1] for one in chosen]
    assert ports[0] >= number + 2
    assert ports == [ports[0], ports[0] + 1, ports[0] + 2]
    for one in [*sockets, *chosen]:
        one.close()


@pytest.mark.parametrize("number", [-1, 65_536])
def test_there_is_no_such_port(number: int) -> None:
    with pytest.raises(UsageProblem, match="no port"):
        bind([number])


def test_a_body_that_ends_too_early_is_no_request() -> None:
    bodies: list[bytes] = []

    def keep(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        bodies.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return []

    (taken,) = bind([0])
    listener = Listener(taken, keep)
    listener.start()
    try:
        for body in (b"abc", b"abcd"):
            request = b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n" + body
            with socket.create_connection(("127.0.0.1", listener.port), timeout=10) as client:
                client.sendall(request)
                client.shutdown(socket.SHUT_WR)
                with client.makefile("rb") as answer:
                    assert answer.read().startswith(b"HTTP/1.1 200 OK") is (body == b"abcd")
    finally:
        listener.close()
    assert bodies == [b"abcd"]


def first_line(port: int, request: bytes) -> bytes:
    """The first line of what is answered to raw bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(request)
        with client.makefile("rb") as answer:
            return answer.readline()


HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"X: 1\r\n", b"200"),
        (b"x:1\nY:\t 2 \r\nEmpty:\r\n", b"200"),
        (b"no header\r\n", b"400"),
        (b"X: 1\r\n second line\r\n", b"400"),
        (b"Content-Length : 3\r\n", b"400"),
        (b": nameless\r\n", b"400"),
        (b"X(1): 1\r\n", b"400"),
        (b"X: 1\r2\r\n", b"400"),
        (b"X: 1\0\r\n", b"400"),
        (b"Content-Length: 0\r\nContent-Length: 0\r\n", b"400"),
        (b"X: " + b"x" * 65_536 + b"\r\n", b"431"),
        (b"".join(b"X%d: 1\r\n" % number for number in range(100)), b"431"),
    ],
)
def test_headers_of_every_form(port: int, headers: bytes, status: bytes) -> None:
    assert first_line(port, HEAD + headers + b"\r\n").split()[1] == status


@pytest.mark.parametrize(("headers", "answers"), [(b"", 2), (b"Connection: Close\r\n", 1)])
def test_the_client_says_whether_its_connection_is_kept(
    port: int, headers: bytes, answers: int
) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(HEAD + headers + b"\r\n" + HEAD + b"Connection: close\r\n\r\n")
        with client.makefile("rb") as answer:
            assert answer.read().count(b"HTTP/1.1 200 OK") == answers


words = st.text("!#$%&'*+-.^_`|~0123456789" + string.ascii_letters, min_size=1)
values = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f\x85"))


@given(st.lists(st.tuples(words, values), max_size=20))
def test_headers_mean_what_they_meant(headers: list[tuple[str, str]]) -> None:
    """As Python's own parser reads them."""
    text = "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    expected = http.client.parse_headers(io.BytesIO(text.encode("iso-8859-1")))
    found = read_headers(io.BytesIO(text.encode("iso-8859-1")))
    assert found.items() == [(name, value.rstrip(" \t")) for name, value in expected.items()]
