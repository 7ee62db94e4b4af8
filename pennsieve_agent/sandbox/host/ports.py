"""Ports on loopback, served with keep-alive, for requests from this machine only."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import logging
import os
import socket
import tempfile
import threading
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from pennsieve_agent import __version__
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.sandbox.host.request_head import QuickHead
from pennsieve_agent.sandbox.host.state import HEALTH_PATH, HOST

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

MOST_TRIED = 50
"""How often to look for the next ports: there are seldom more sandboxes on a machine."""
MAX_REQUEST_BYTES = 500_000_000
MAX_LAYER_BYTES = 52_000_000_000
"""The largest layer that ECR takes (Amazon ECR, "Service quotas"), and a little."""
REGISTRY = "/v2/"
MOST_IN_MEMORY = 8_000_000
_PIECE = 1 << 20
LAST_PORT = 65_535
_LOOPBACK_NAMES = frozenset({HOST, "localhost", "::1"})


class PortInUse(UsageProblem):
    """Another program has the port."""


def bind(ports: Sequence[int]) -> list[socket.socket]:
    """Take ports on loopback; 0 is any free one.

    Raises:
        PortInUse: one is taken.
        UsageProblem: one is not a port.

    """
    with contextlib.ExitStack() as taken:
        sockets = [taken.enter_context(_bind_one(port)) for port in ports]
        taken.pop_all()
    return sockets


def bind_next(ports: Sequence[int]) -> list[socket.socket]:
    """Take these ports; where another program has one, as many in a row above them.

    Raises:
        UsageProblem: none of the next ones is free.

    """
    starts = range(ports[0], ports[0] + MOST_TRIED * len(ports), len(ports))
    choices = [ports, *([first + step for step in range(len(ports))] for first in starts[1:])]
    for choice in choices[:-1]:
        with contextlib.suppress(PortInUse):
            return bind(choice)
    return bind(choices[-1])


def _bind_one(port: int) -> socket.socket:
    hint = "choose another one with --port"
    if not 0 <= port <= LAST_PORT:
        raise UsageProblem(f"there is no port {port}", hint=hint)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(f"port {port} is in use", hint=hint) from error
        raise UsageProblem(f"port {port} cannot be used: {error.strerror}", hint=hint) from error
    return listening


class Listener:
    """One port, served by threads until it is closed."""

    def __init__(self, taken: socket.socket, app: WSGIApplication) -> None:
        self.port: int = taken.getsockname()[1]
        self._server: BaseWSGIServer = make_server(
            HOST,
            self.port,
            local_only(app),
            threaded=True,
            request_handler=_Handler,
            fd=taken.fileno(),
        )
        taken.close()
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name=f"port {self.port}", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._thread.join()


def local_only(app: WSGIApplication) -> WSGIApplication:
    """Refuse what a web page could send to this machine; answer the health path.

    A page can name this machine by a host name of its own, or post a form to it. Programs send
    neither a foreign host name nor an origin.
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN", "")
        if not _is_loopback(f"//{environ.get('HTTP_HOST', '')}") or (
            origin and not _is_loopback(origin)
        ):
            return _answer(start_response, "403 Forbidden", {"message": "Forbidden"})
        if environ.get("PATH_INFO") == HEALTH_PATH:
            content = {"pid": os.getpid(), "version": __version__}
            return _answer(start_response, "200 OK", content)
        return app(environ, start_response)

    return application


def _is_loopback(url: str) -> bool:
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return name in _LOOPBACK_NAMES or name.endswith(".localhost")


def _answer(start_response: StartResponse, status: str, body: dict[str, Any]) -> list[bytes]:
    content = json.dumps(body).encode()
    length = str(len(content))
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", length)])
    return [content]


class _Handler(QuickHead, WSGIRequestHandler):
    """Serves requests of a connection one after another.

    werkzeug's own way ends every connection after one request and then waits for what may still
    come; here the body is read before the application is called, so nothing can come.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Serve one request."""
        body = self._body()
        if body is None:
            return
        environ = self.make_environ()
        environ["wsgi.input"] = body
        environ["wsgi.input_terminated"] = True
        environ["CONTENT_LENGTH"] = str(_size(body))
        try:
            with body:
                self._respond(environ)
        except OSError:  # the client went away
            self.close_connection = True
        except Exception:
            log.exception("%s failed", self.command)
            self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log a request without its query, which may hold a token."""
        del size
        # What is not HTTP, such as the beginning of TLS, has no path.
        path = str(vars(self).get("path", "")).partition("?")[0]
        log.debug("%s %s %s", self.command, path, code)

    def _body(self) -> IO[bytes] | None:
        """The request's body, a large one on disk; None when the request was refused for it."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return _kept(self.make_environ()["wsgi.input"], None)
        length, *more = self.headers.get_all("Content-Length", ["0"])
        if more or not (length.isascii() and length.isdigit()):
            self.close_connection = True
            self.send_error(HTTPStatus.BAD_REQUEST)
            return None
        most = MAX_LAYER_BYTES if self.path.startswith(REGISTRY) else MAX_REQUEST_BYTES
        if int(length) > most:
            self.close_connection = True
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        body = _kept(self.rfile, int(length))
        if _size(body) < int(length):  # the client went away: what came is no request
            body.close()
            self.close_connection = True
            return None
        return body

    def _respond(self, environ: WSGIEnvironment) -> None:
        responses: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Any:
            del exc_info
            responses.append((status, headers))

        chunks = self.server.app(environ, start_response)
        try:
            self._write(chunks, *responses[-1])
        finally:
            if (close := getattr(chunks, "close", None)) is not None:
                close()

    def _write(self, chunks: Iterable[bytes], status: str, headers: list[tuple[str, str]]) -> None:
        if not any(name.lower() == "content-length" for name, _ in headers):
            chunks = [b"".join(chunks)]
            headers = [*headers, ("Content-Length", str(len(chunks[0])))]
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            for chunk in chunks:
                self.wfile.write(chunk)


def _kept(stream: IO[bytes] | io.BufferedIOBase, length: int | None) -> IO[bytes]:
    """All of a stream, or ``length`` bytes of it, to be read from its beginning."""
    if length is not None and length <= MOST_IN_MEMORY:
        return io.BytesIO(stream.read(length))
    # Closed by whoever gets it.
    file = tempfile.SpooledTemporaryFile(MOST_IN_MEMORY)  # noqa: SIM115
    left = length
    while left is None or left:
        piece = stream.read(_PIECE if left is None else min(_PIECE, left))
        if not piece:
            break
        file.write(piece)
        left = None if left is None else left - len(piece)
    file.seek(0)
    return cast("IO[bytes]", file)


def _size(body: IO[bytes]) -> int:
    size = body.seek(0, os.SEEK_END)
    body.seek(0)
    return size
