"""Telling an address that a run has ended, over real connections."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pennsieve_agent.errors import AgentError, UsageProblem
from pennsieve_agent.services.runs.run_webhook import BACKOFF, check_webhook, send
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.sender import Sender

SECRET = "T0KEN"


class Receiver:
    """A server that answers with these statuses, one after the other; the last again and again."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.bodies: list[bytes] = []
        self.url = ""

    @contextmanager
    def open(self) -> Iterator[Receiver]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                status = receiver.statuses.pop(0)
                receiver.statuses = receiver.statuses or [status]
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}/hook/{SECRET}?key={SECRET}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


def tell(url: str) -> list[float]:
    """Send a document there; the pauses."""
    pauses: list[float] = []
    with Sender(network({})) as sender:
        send(
            sender,
            url,
            {"event": "run_ended"},
            sleep=pauses.append,
            jitter=lambda: 0.5,
            now=lambda: 0.0,
        )
    return pauses


def test_what_is_busy_is_told_again() -> None:
    with Receiver(503, 429, 204).open() as receiver:
        assert tell(receiver.url) == [1.0, 2.0]
    assert [json.loads(body) for body in receiver.bodies] == [{"event": "run_ended"}] * 3


@pytest.mark.parametrize(("status", "times"), [(302, 1), (404, 1), (500, 5)])
def test_what_is_refused_is_said_without_the_secret(status: int, times: int) -> None:
    with Receiver(status).open() as receiver, pytest.raises(AgentError) as refused:
        tell(receiver.url)
    assert len(receiver.bodies) == times == (1 if status < 500 else 1 + (BACKOFF.repeats or 0))
    assert f"answered with status {status}" in refused.value.message
    assert SECRET not in repr(refused.value) + str(vars(refused.value))


def test_nobody_there_is_said_without_the_secret() -> None:
    with Receiver(204).open() as receiver:
        url = receiver.url
    with pytest.raises(AgentError) as refused:
        tell(url)
    assert SECRET not in repr(refused.value) + str(vars(refused.value))


@pytest.mark.parametrize(
    "url",
    [
        f"http://example.org/{SECRET}",
        f"ftp://example.org/{SECRET}",
        f"https://user:{SECRET}@example.org/",
        f"https:///{SECRET}",
        f"file:///{SECRET}",
        f"http://localhost.example.org/{SECRET}",
        f"https://[::1/{SECRET}",
        "",
    ],
)
def test_an_address_that_nothing_is_sent_to_is_refused(url: str) -> None:
    with pytest.raises(UsageProblem) as refused:
        check_webhook(url)
    assert SECRET not in refused.value.message + (refused.value.hint or "")


def test_this_machine_and_https_are_taken() -> None:
    for url in ("https://example.org/a", "http://127.0.0.1:1/a", "http://localhost/a"):
        check_webhook(url)
