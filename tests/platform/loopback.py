"""A server on a real socket that answers with exactly the bytes it was given."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

LIMIT_SECONDS = 5.0
_TLS = b"\x16"
Answer = bytes | Callable[[socket.socket], None]


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def reset(connection: socket.socket) -> None:
    """Close so that the other side sees "connection reset"."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Loopback:
    """Answers the n-th request with the n-th answer; each on a connection of its own."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._listener.settimeout(LIMIT_SECONDS)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind is None:
            self._thread.join(LIMIT_SECONDS)
            assert not self.answers, f"{len(self.answers)} answers were never asked for"
        self._listener.close()

    def leave(self) -> None:
        """Listen no more, as a server that is stopped does."""
        self._listener.close()

    def _serve(self) -> None:
        while self.answers:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(LIMIT_SECONDS)
                request = _read(connection)
                if not request:
                    continue
                self.requests.append(request)
                answer = self.answers.pop(0)
                if isinstance(answer, bytes):
                    connection.sendall(answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                else:
                    answer(connection)


def _read(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        data += chunk
        if not chunk or data.startswith(_TLS):
            return data
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def unused_url() -> str:
    """An address of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
