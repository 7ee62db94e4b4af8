"""AWS Lambda's way to call a function, over HTTP, with a node of protocol 1 behind it."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes.run_node import FakeNode

TICKET = "the-ticket"


@dataclass
class EmulatedLambda:
    """What stands between a caller and the node. ``answer`` replaces the node's own answer.

    ``refusal`` is an error of AWS itself: its HTTP status and code. ``lose`` drops the connection
    after the node has started a run.
    """

    node: FakeNode = field(default_factory=FakeNode)
    answer: dict[str, Any] | None = None
    refusal: tuple[int, str] | None = None
    lose: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)

    def call(self, event: dict[str, Any]) -> dict[str, Any]:
        """What the function answers to an event."""
        self.events.append(event)
        if self.answer is not None:
            return {"protocol": 1, "version": "0.1.0", **self.answer}
        if event.get("ticket") != TICKET and "proof" not in event:
            return {"protocol": 1, "status": 401, "body": {"code": "proof", "message": "who?"}}
        body = event.get("body") or {}
        if packed := event.get("packed"):
            body = json.loads(gzip.decompress(base64.b64decode(packed)))
        status, document = self.node.answer(event["method"], event["path"], event["query"], body)
        said = {"protocol": 1, "version": "0.1.0", "status": status, "body": document}
        ticket = {"value": TICKET, "until": 4_000_000_000}
        return said | ({"ticket": ticket} if "proof" in event else {})


class _Handler(BaseHTTPRequestHandler):
    emulated: EmulatedLambda

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert "/functions/" in self.path
        if self.emulated.refusal:
            status, code = self.emulated.refusal
            self._send(status, {"Message": "AWS refuses"}, **{"x-amzn-ErrorType": code})
            return
        answer = self.emulated.call(event)
        if self.emulated.lose and (event["method"], event["path"]) == ("POST", "/runs"):
            self.close_connection = True
            return
        self._send(200, answer)

    def _send(self, status: int, document: dict[str, Any], **headers: str) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def emulated_lambda() -> Iterator[tuple[EmulatedLambda, str]]:
    """Lambda on a port of this machine, and its address."""
    emulated = EmulatedLambda()
    handler = type("Handler", (_Handler,), {"emulated": emulated})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield emulated, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
