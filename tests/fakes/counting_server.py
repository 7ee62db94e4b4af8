"""A server between a command and a sandbox that notes what it is asked."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target: str
    asked: list[str]

    def _forward(self) -> None:
        self.asked.append(f"{self.command} {urlsplit(self.path).path}")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name != "Host"}
        with closing(http.client.HTTPConnection(urlsplit(self.target).netloc)) as connection:
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            data = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type") or "")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = _forward  # noqa: N815 - the base class's names

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def counting(target: str, asked: list[str]) -> Iterator[str]:
    """The address of a server that passes everything on to ``target``, and notes it."""
    handler = type("Handler", (_Handler,), {"target": target, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
