"""Both sides of a transfer job: storage with faults, and a platform that answers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pennsieve_agent.node.transfer_job.relay import Relay

RUN = "11111111-2222-4333-8444-555555555555"
DATASET = "N:dataset:d"
BLOCK = bytes(1 << 20)


@dataclass(slots=True)
class Shelf:
    """Files by name; an ``int`` is that many zeros. Faults are counted down as they happen."""

    files: dict[str, bytes | int] = field(default_factory=dict)
    cuts: Counter[str] = field(default_factory=Counter)
    """How often a file's connection still breaks half-way."""
    statuses: dict[str, list[int]] = field(default_factory=dict)
    """Statuses that are answered first."""
    ranges: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Paths with the range that was asked for."""
    base: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, name: str, word: str = "") -> str:
        return f"{self.base}/{quote(name)}?{word}"

    def size(self, name: str) -> int:
        found = self.files[name]
        return found if isinstance(found, int) else len(found)


@contextmanager
def shelf() -> Iterator[Shelf]:
    """Storage on loopback."""
    found = Shelf()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            name = unquote(urlsplit(self.path).path)[1:]
            wanted = self.headers.get("Range", "") if found.ranges else ""
            with found.lock:
                found.asked.append((name, self.headers.get("Range", "")))
                refusal = (found.statuses.get(name) or [0]).pop(0)
                cut = found.cuts[name] > 0
                found.cuts[name] -= cut
            if refusal:
                self.send_error(refusal)
                return
            start = int(wanted[6:-1]) if wanted else 0
            end = found.size(name)
            self.send_response(206 if wanted else 200)
            if wanted:
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
            self.send_header("Content-Length", str(end - start))
            self.end_headers()
            self._send(name, start, start + (end - start) // 2 if cut else end)

        def _send(self, name: str, start: int, end: int) -> None:
            body = found.files[name]
            if isinstance(body, bytes):
                self.wfile.write(body[start:end])
                return
            while start < end:
                count = min(len(BLOCK), end - start)
                self.wfile.write(BLOCK[:count])
                start += count

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


Answer = Callable[[Mapping[str, str], Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Answers(Relay):
    """A relay whose other end is this table of routes. Never waits, and keeps what it was asked."""

    routes: dict[tuple[str, str], Answer] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    def ask(
        self, method: str, path: str, query: Mapping[str, str], body: Any = None
    ) -> dict[str, Any]:
        self.asked.append((method, path, body))
        return self.routes[method, path](query, body)


def answers(routes: dict[tuple[str, str], Answer], endpoint: str = "") -> Answers:
    """A platform that answers these routes."""
    return Answers(RUN, "f", "us-east-1", lambda _: None, endpoint, routes=routes)
