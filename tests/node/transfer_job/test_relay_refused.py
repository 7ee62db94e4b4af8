"""A transfer that AWS does not let call the relay, as after an update during its run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pennsieve_agent.node.transfer_job.relay import BACKOFF, REFUSED_SECONDS, Relay
from pennsieve_agent.node.transfer_job.transfer_error import TransferError

KEYS = {"key": "AKIAEXAMPLE", "secret": "hidden-word", "token": ""}


@contextmanager
def answering(codes: Iterator[int]) -> Iterator[str]:
    """A place that answers with these codes in turn."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            code = next(codes)
            self.send_response(code)
            self.end_headers()
            self.wfile.write(b'{"status": 200, "body": {"a": 1}}' if code == 200 else b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked(address: str, waits: list[float]) -> dict[str, object]:
    relay = Relay("run", "relay", "us-east-1", waits.append, address, lambda: KEYS)
    return relay.ask("GET", "/x", {})


@pytest.mark.parametrize("code", [403, 404])
def test_a_refusal_is_told_after_ten_minutes(code: int) -> None:
    waits: list[float] = []
    with answering(iter([code] * 1000)) as address, pytest.raises(TransferError) as told:
        asked(address, waits)
    assert f"does not let this transfer call the node's relay ({code} " in str(told.value)
    assert "start the run again" in str(told.value)
    longest = BACKOFF.longest * 1.25  # a quarter longer at most, by its jitter
    assert REFUSED_SECONDS <= sum(waits) <= REFUSED_SECONDS + longest


def test_rights_that_come_to_count_are_waited_for() -> None:
    waits: list[float] = []
    with answering(iter([403, 403, 503, 200])) as address:
        assert asked(address, waits) == {"a": 1}
    assert len(waits) == 3
