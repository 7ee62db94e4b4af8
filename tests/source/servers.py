"""Servers of git repositories on this machine."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves what lies in a folder."""

    def log_message(self, *_: object) -> None:
        pass


class Refusing(Files):
    """Answers every request with the status that its path begins with, such as ``/401/x.git``."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.split("/")[1]))
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextlib.contextmanager
def served(handler: type[Files], folder: Path) -> Iterator[str]:
    """The address of a server, which stops at the end."""
    make = functools.partial(handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), make) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
