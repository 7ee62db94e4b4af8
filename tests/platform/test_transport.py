"""The HTTP client against real sockets."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable

import httpx
import pytest

from pennsieve_agent import __version__
from pennsieve_agent.domain.profile import Hosts
from pennsieve_agent.errors import (
    AgentError,
    Invalid,
    NotFound,
    PlatformError,
    RateLimited,
    Unreachable,
)
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.platform.http import network
from pennsieve_agent.platform.http.exchange import Request, host_of
from pennsieve_agent.platform.http.transport import Transport, pause, settings_of
from pennsieve_agent.transfer.network import BUNDLES, FOLDER
from tests.fakes.clock import Clock
from tests.fakes.scripted_platform import COGNITO_CONFIG, KEY, scripted, signed_in
from tests.platform.loopback import Answer, Loopback, http, reset, unused_url

SIGN_IN: tuple[Answer, ...] = (
    http("200 OK", json.dumps(COGNITO_CONFIG).encode()),
    http("200 OK", json.dumps(signed_in(1)).encode(), "Content-Type: application/x-amz-json-1.1"),
)
HALF = b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{"uuid":'


class Client:
    """A platform at one loopback server, with time that passes only in sleep."""

    def __init__(self, url: str) -> None:
        self.clock, self.notes = Clock(), list[str]()
        self.platform = Platform(
            Hosts(url, url, url),
            KEY,
            now=self.clock.now,
            sleep=self.clock.sleep,
            note=self.notes.append,
        )

    def accounts(self) -> int:
        with self.platform:
            return len(self.platform.compute.accounts())

    def cancel(self) -> None:
        with self.platform:
            self.platform.runs.cancel("r")


def test_a_journey_over_real_sockets() -> None:
    with Loopback(*SIGN_IN, http("200 OK", b"[]")) as server:
        assert Client(server.url).accounts() == 0
    config, sign_in, accounts = server.requests
    assert config.startswith(b"GET /authentication/cognito-config HTTP/1.1")
    assert b"authorization" not in (config + sign_in).lower()
    assert accounts.startswith(b"GET /compute/resources/accounts HTTP/1.1")
    assert b"Authorization: Bearer access-1" in accounts
    assert f"User-Agent: pennsieve-agent/{__version__}".encode() in accounts


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (http("200 OK", b"<html>Welcome</html>"), PlatformError, "not JSON"),
        (http("200 OK", b'[{"uuid":"'), PlatformError, "not JSON"),
        (http("200 OK", b""), PlatformError, "not JSON"),
        (http("200 OK", b"\xff"), PlatformError, "not JSON"),
        (http("200 OK", b"[NaN]"), PlatformError, "not JSON"),
        (http("200 OK", b"[" * 100_000), PlatformError, "not JSON"),
        (
            http("200 OK", b"not packed", "Content-Encoding: gzip"),
            PlatformError,
            "cannot be unpacked",
        ),
        (http("404 Not Found", b"<html>", "Content-Type: text/html"), NotFound, "does not know"),
        (http("500 Oops", b"Internal Server Error"), PlatformError, "failed .500.: Internal"),
        (http("302 Found", b"", "Location: http://127.0.0.1:1/"), PlatformError, "another address"),
        (http("200 OK", b"{}"), PlatformError, "unexpected answer"),
    ],
)
def test_answers_that_are_not_what_was_asked_for(
    answer: bytes, error: type[AgentError], words: str
) -> None:
    tries = 3 if b" 500 " in answer else 1
    with (
        Loopback(*SIGN_IN, *[answer] * tries) as server,
        pytest.raises(error, match=words) as caught,
    ):
        Client(server.url).accounts()
    assert caught.value.hint


def test_a_packed_answer_is_unpacked() -> None:
    packed = http("200 OK", gzip.compress(b"[]"), "Content-Encoding: gzip")
    with Loopback(*SIGN_IN, packed) as server:
        assert Client(server.url).accounts() == 0


@pytest.mark.parametrize("broken", [HALF, reset, b"not HTTP at all\r\n\r\n"])
def test_a_broken_off_answer_is_asked_for_again(broken: Answer) -> None:
    with Loopback(*SIGN_IN, broken, http("200 OK", b"[]")) as server:
        client = Client(server.url)
        assert client.accounts() == 0
    assert "broke off its answer; trying again in" in client.notes[0]


def test_a_server_that_always_breaks_off_is_given_up_within_five_seconds() -> None:
    with Loopback(*SIGN_IN, *[HALF] * 5) as server:
        client = Client(server.url)
        with pytest.raises(Unreachable, match="broke off in the middle") as caught:
            client.accounts()
    assert sum(client.clock.slept) <= 5
    assert caught.value.where == f"GET {server.url}/compute/resources/accounts"


@pytest.mark.parametrize("broken", [HALF, reset, http("503 Busy"), http("429 Slow down")])
def test_what_may_not_happen_twice_is_sent_once(broken: Answer) -> None:
    with Loopback(*SIGN_IN, broken) as server, pytest.raises(PlatformError):
        Client(server.url).cancel()
    assert len(server.requests) == 3


def test_a_429_is_obeyed_and_told() -> None:
    slow_down = http("429 Too Many Requests", b"", "Retry-After: 2")
    with Loopback(*SIGN_IN, slow_down, http("200 OK", b"[]")) as server:
        client = Client(server.url)
        assert client.accounts() == 0
    assert client.clock.slept == [2.0]
    assert client.notes == [f"{host_of(server.url)} asked to slow down; trying again in 2 s"]


def test_a_429_without_end() -> None:
    slow_down = http("429 Too Many Requests", b"", "Retry-After: 3600")
    with Loopback(*SIGN_IN, *[slow_down] * 5) as server:
        client = Client(server.url)
        with pytest.raises(RateLimited, match="slow down"):
            client.accounts()
    assert client.clock.slept == [30.0] * 4


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Busy", "504 Timeout"])
def test_a_busy_server_is_asked_again(status: str) -> None:
    with Loopback(*SIGN_IN, http(status, b"<html>"), http("200 OK", b"[]")) as server:
        client = Client(server.url)
        assert client.accounts() == 0
    assert "is busy" in client.notes[0]


def test_a_500_is_asked_again_where_that_does_no_harm() -> None:
    oops = http("500 Oops", b"")
    with Loopback(*SIGN_IN, oops, oops, http("200 OK", b"[]")) as server:
        client = Client(server.url)
        assert client.accounts() == 0
    assert "failed; trying again in" in client.notes[0]
    with Loopback(*SIGN_IN, *[oops] * 3) as server, pytest.raises(PlatformError) as caught:
        Client(server.url).accounts()
    assert caught.value.status == 500
    with Loopback(oops) as server:
        transport = Transport(
            Hosts(server.url, server.url, server.url), now=time.time, sleep=lambda _: None
        )
        assert transport.send(Request("POST", server.url)).status == 500
        transport.close()
    assert len(server.requests) == 1


def byte_by_byte(connection: socket.socket) -> None:
    try:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500:
            connection.sendall(bytes([byte]))
            pause(0.02)
    except OSError:
        pass


def test_a_head_that_comes_byte_by_byte_ends_in_time() -> None:
    with Loopback(byte_by_byte, byte_by_byte) as server:
        transport = Transport(
            Hosts(server.url, server.url, server.url),
            now=time.time,
            sleep=lambda _: None,
            read_seconds=0.3,
        )
        began = time.monotonic()
        with pytest.raises(Unreachable, match="did not answer in time"):
            transport.send(Request("GET", server.url, repeatable=True))
        assert time.monotonic() - began < 4
        transport.close()


_BOMB = """
import socket, sys, threading, time, tracemalloc, zlib
from pennsieve_agent.domain.profile import Hosts
from pennsieve_agent.errors import PlatformError
from pennsieve_agent.platform.http import network
from pennsieve_agent.platform.http.exchange import Request
from pennsieve_agent.platform.http.transport import Transport
packer = zlib.compressobj(1, wbits=31)
block = bytes(2**24)
bomb = b"".join(packer.compress(block) for _ in range(20)) + packer.flush()
tracemalloc.start()  # the system's count of a child's memory may begin with its parent's
listener = socket.create_server(("127.0.0.1", 0))
url = f"http://127.0.0.1:{listener.getsockname()[1]}"
def serve():
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        head = f"HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\nContent-Length: {len(bomb)}"
        connection.sendall(head.encode() + b"\\r\\n\\r\\n" + bomb)
threading.Thread(target=serve, daemon=True).start()
try:
    Transport(Hosts(url, url, url), now=time.time, sleep=time.sleep).send(Request("GET", url))
except PlatformError as error:
    print(error.message)
print(tracemalloc.get_traced_memory()[1])
"""


def test_an_answer_that_unpacks_to_very_much_is_refused_in_little_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _BOMB], capture_output=True, text=True, check=True, timeout=60
    )
    message, peak = done.stdout.splitlines()
    assert "has no end" in message
    assert 2**20 < int(peak) < 300 * 2**20


def test_nobody_listens() -> None:
    url = unused_url()
    client = Client(url)
    with pytest.raises(Unreachable, match=f"cannot reach {host_of(url)}") as caught:
        client.accounts()
    assert "sandbox" in (caught.value.hint or "")
    assert 0 < sum(client.clock.slept) <= 1.5
    assert len(client.notes) == len(client.clock.slept)


def test_a_server_that_answered_before_gets_more_time_to_come_back() -> None:
    with Loopback(*SIGN_IN, http("200 OK", b"[]")) as server:
        client = Client(server.url)
        client.platform.compute.accounts()
    with client.platform, pytest.raises(Unreachable):
        client.platform.compute.accounts()
    assert 2 < sum(client.clock.slept) <= 5


def test_a_server_that_broke_off_gets_more_time_to_come_back() -> None:
    def stop(connection: socket.socket) -> None:
        server.leave()
        reset(connection)

    with Loopback(stop) as server:
        client = Client(server.url)
        with client.platform, pytest.raises(Unreachable):
            client.platform.compute.accounts()
    assert 2 < sum(client.clock.slept) <= 5


def test_a_slow_server_is_asked_twice() -> None:
    def say_nothing(connection: socket.socket) -> None:
        connection.recv(1)  # until the client hangs up

    clock = Clock()
    with Loopback(say_nothing, say_nothing) as server:
        transport = Transport(
            Hosts(server.url, server.url, server.url),
            now=clock.now,
            sleep=clock.sleep,
            read_seconds=0.2,
        )
        with pytest.raises(Unreachable, match="did not answer in time"):
            transport.send(Request("GET", server.url, repeatable=True))
        transport.close()
    assert len(server.requests) == 2


def dripping(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    try:
        while True:
            connection.sendall(b"x")
            pause(0.01)
    except OSError:
        pass


def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "LONGEST_ANSWER_SECONDS", 0.3)
    with Loopback(dripping) as server:
        transport = Transport(
            Hosts(server.url, server.url, server.url), now=time.time, sleep=lambda _: None
        )
        with pytest.raises(PlatformError, match="has no end"):
            transport.send(Request("GET", server.url, repeatable=True))
        transport.close()


def test_connections_stay_open_between_calls() -> None:
    seen: list[bytes] = []

    def stay(connection: socket.socket) -> None:
        connection.sendall(http("200 OK", b"[]"))
        seen.append(connection.recv(65536))
        connection.sendall(http("200 OK", b"[]"))

    with Loopback(*SIGN_IN, stay) as server:
        client = Client(server.url)
        client.platform.compute.accounts()
        client.accounts()
    assert seen[0].startswith(b"GET /compute/resources/accounts")


def test_https_without_known_certificates_fails_closed() -> None:
    """A profile of plain http hosts loads no certificates, and so trusts no https server."""
    local = "http://127.0.0.1"
    context = settings_of(Hosts(local, local, local)).certificates()
    assert context.get_ca_certs() == []
    assert context.check_hostname


def test_https_hosts_load_certificates() -> None:
    assert settings_of(Hosts()).certificates().get_ca_certs()


def test_a_server_without_encryption_behind_https_is_unreachable() -> None:
    plain = http("400 Bad Request", b"plain HTTP")
    with Loopback(plain, plain, plain) as server:
        client = Client(server.url.replace("http://", "https://"))
        with pytest.raises(Unreachable, match="cannot reach"):
            client.accounts()


def test_a_certificate_nobody_vouches_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for other in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):  # they count first
        monkeypatch.delenv(other, raising=False)
    refused = httpx.ConnectError("TLS")
    refused.__cause__ = ssl.SSLCertVerificationError("self-signed certificate")
    with scripted() as (script, platform):
        script.on("GET v2/compute/resources/accounts", refused)
        with pytest.raises(Unreachable, match="certificate is not trusted") as caught:
            platform.compute.accounts()
    assert "SSL_CERT_FILE" in (caught.value.hint or "")
    assert script.clock.slept == []


def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback(http("403 Blocked")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(Unreachable, match=r"proxy on the way to api\.invalid") as caught:
            Client("https://api.invalid").accounts()
    assert "HTTPS_PROXY" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "api.test",
        "ftp://x",
        "http://",
        "http://[::",
        "http://a b",
        "http://x:99999",
        "http://é.",
    ],
)
def test_a_host_that_is_no_address(host: str) -> None:
    client = Client(host)
    with pytest.raises(Unreachable) as caught:
        client.accounts()
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "nonsense://x"),
        ("https_proxy", "socks5://127.0.0.1:1"),
        ("ALL_PROXY", "http://x:port"),
        *((name, "/no/file") for name in (*BUNDLES, FOLDER)),
        (FOLDER, "/"),  # a folder, and no certificates in it
    ],
)
def test_network_settings_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for other in (*BUNDLES, FOLDER):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    client = Client("https://api.invalid")
    with pytest.raises(Unreachable, match=f"{name} '{value}'") as caught:
        client.accounts()
    assert caught.value.where == name
    assert caught.value.hint


def test_a_proxy_of_the_environment_is_not_asked_for_this_machines_ports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", unused_url())
    monkeypatch.delenv("NO_PROXY", raising=False)
    with Loopback(*SIGN_IN, http("200 OK", b"[]")) as server:
        assert Client(server.url).accounts() == 0


def test_a_password_in_an_address_is_not_shown() -> None:
    url = unused_url().replace("http://", "http://ada:hunter2@")
    client = Client(url)
    with pytest.raises(Unreachable) as caught:
        client.accounts()
    shown = f"{caught.value} {caught.value.where} {caught.value.hint} {client.notes}"
    assert "hunter2" not in shown


def test_the_token_stays_off_other_hosts() -> None:
    """Neither sign-in, at its own host, nor the target of a redirect gets it."""
    redirect = http("307 Elsewhere", b"", "Location: {}")
    with Loopback() as other, Loopback(*SIGN_IN) as server:
        server.answers.append(redirect.replace(b"{}", other.url.encode()))
        with pytest.raises(PlatformError, match="another address"):
            Client(server.url).accounts()
    assert other.requests == []


def test_the_client_loads_no_more_than_it_needs() -> None:
    code = (
        "import sys, pennsieve_agent.platform.client\n"
        "heavy = ('httpx', 'urllib3', 'certifi', 'urllib.request', 'rich', 'click')\n"
        "print([m for m in heavy if m in sys.modules])\n"
        "runs = 'pennsieve_agent.platform.workflows.runs'\n"
        "print([m for m in sys.modules if m.startswith(runs)])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda p: p.datasets.get(""), Invalid),
        (lambda p: p.compute.node(""), Invalid),
    ],
)
def test_an_empty_id_is_not_sent(
    act: Callable[[Platform], object], error: type[AgentError]
) -> None:
    client = Client(unused_url())
    with client.platform, pytest.raises(error):
        act(client.platform)
    assert client.notes == []
