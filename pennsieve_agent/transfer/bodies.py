"""What is sent along with a request: some bytes, or a part of a file that is never in memory."""

from __future__ import annotations

import hashlib
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from pennsieve_agent.domain.transfers import Part

BLOCK_BYTES = 256 * 1024
_WITH_HEAD = 64 * 1024
"""A body no longer than this goes in one piece with the head."""


class Body(Protocol):
    """Something of a known size that can be sent, and sent again."""

    @property
    def size(self) -> int:
        """In bytes."""
        ...

    def send(self, connection: socket.socket, head: bytes) -> None:
        """Send a request's head, and this."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """Bytes in memory."""

    content: bytes = b""

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.content)

    def send(self, connection: socket.socket, head: bytes) -> None:
        """Send both."""
        connection.sendall(head + self.content)


@dataclass(frozen=True, slots=True)
class FilePart:
    """A part of a file.

    A file that became shorter goes on with zeros: a body that ends too early would leave storage
    waiting for the rest, while one of the right length is refused at once for its checksum.
    """

    path: Path
    part: Part

    @property
    def size(self) -> int:
        """In bytes."""
        return self.part.size

    def send(self, connection: socket.socket, head: bytes) -> None:
        """Send both; without TLS, the system does it, and this program sees none of the bytes."""
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.part.offset)
            if self.part.size <= _WITH_HEAD:
                content = file.read(self.part.size)
                connection.sendall(head + content + bytes(self.part.size - len(content)))
                return
            connection.sendall(head)
            if isinstance(connection, ssl.SSLSocket):
                sent = _send_blocks(file, connection, self.part.size)
            else:
                sent = connection.sendfile(file, self.part.offset, self.part.size)
        while sent < self.part.size:
            sent += connection.send(bytes(min(BLOCK_BYTES, self.part.size - sent)))

    def digest(self) -> tuple[bytes, bool]:
        """Its SHA-256, and whether the file is long enough to have this part."""
        digest, left = hashlib.sha256(), self.part.size
        buffer = memoryview(bytearray(min(BLOCK_BYTES, left)))
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.part.offset)
            while left and (count := file.readinto(buffer[: min(len(buffer), left)])):
                digest.update(buffer[:count])
                left -= count
        return digest.digest(), not left


def _send_blocks(file: BinaryIO, connection: socket.socket, size: int) -> int:
    sent, buffer = 0, memoryview(bytearray(BLOCK_BYTES))
    while sent < size and (count := file.readinto(buffer[: size - sent])):  # type: ignore[attr-defined]
        connection.sendall(buffer[:count])
        sent += count
    return sent
