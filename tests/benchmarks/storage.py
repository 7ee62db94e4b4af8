"""Storage that costs next to nothing, so that what is measured is who reads from it and writes.

The sandbox's own server needs 1.7 ms of a processor for each small file, five times what either
client does. This one answers ``GET`` from a folder by the system's ``sendfile``, throws away what
is ``PUT``, and knows as much of S3 as an upload in parts needs. Run as a process of its own; it
prints its address.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
from pathlib import Path

BEGUN = b"<R><UploadId>u</UploadId></R>"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_EXPECTS = re.compile(rb"(?i)\r\nexpect: *100-continue")


class Connection(threading.Thread):
    """Answers the requests of one connection."""

    def __init__(self, connection: socket.socket, folder: Path) -> None:
        super().__init__(daemon=True)
        self._socket, self._folder = connection, folder
        self._buffer = memoryview(bytearray(1 << 20))

    def run(self) -> None:
        data = b""
        with self._socket:
            while True:
                while (end := data.find(b"\r\n\r\n")) < 0:
                    more = self._socket.recv(65536)
                    if not more:
                        return
                    data += more
                head, data = data[:end], data[end + 4 :]
                data = self._answer(head, data)

    def _answer(self, head: bytes, rest: bytes) -> bytes:
        """Answer a request; what came of the next one already."""
        method, target, _ = head.split(b" ", 2)
        if b"?list-type=2" in target:  # there is nothing
            self._socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<R/>")
            return rest
        if method == b"GET":
            self._send_file(target.decode().partition("?")[0])
            return rest
        length = _LENGTH.search(head)
        left = int(length[1]) if length else 0
        if _EXPECTS.search(head):
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        used, left = rest[:left], left - len(rest[:left])
        while left > 0:
            left -= self._socket.recv_into(self._buffer[: min(left, len(self._buffer))])
        body = BEGUN if b"?uploads=" in target else b""
        words = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: %d\r\n\r\n' % len(body)
        self._socket.sendall(words + body)
        return rest[len(used) :]

    def _send_file(self, name: str) -> None:
        file = os.open(f"{self._folder}{name}", os.O_RDONLY)
        try:
            size = os.fstat(file).st_size
            words = f'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: {size}\r\n\r\n'
            self._socket.send(words.encode(), socket.MSG_MORE)
            sent = 0
            while sent < size:
                sent += os.sendfile(self._socket.fileno(), file, sent, size - sent)
        finally:
            os.close(file)


def main() -> None:
    """Serve a folder until this process is ended."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Connection(connection, Path(sys.argv[1])).start()


if __name__ == "__main__":
    main()
