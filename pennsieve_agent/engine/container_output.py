"""A running container's output, line by line, and its end."""

from __future__ import annotations

import contextlib
import os
import selectors
import struct
import time
from threading import Event
from typing import Any

from pennsieve_agent.engine.backend import Log
from pennsieve_agent.engine.docker_daemon import engine_errors
from pennsieve_agent.engine.output_lines import LineSplitter

_POLL_SECONDS = 0.1
_CHUNK_BYTES = 64 * 1024
#: Stream number, three empty bytes, length (the engine's API, "Attach to a container").
_HEADER = struct.Struct(">BxxxI")
_STDOUT, _STDERR = 1, 2


class Attached:
    """The output of a container that was not started yet; to be closed.

    Attaching comes before starting, so that no line is missed and none need be stored.
    """

    def __init__(self, client: Any, container: Any, log: Log) -> None:
        self._container = container
        self._buffer = b""
        self._left, self._stream = 0, _STDOUT
        self._lines = {_STDOUT: LineSplitter(log), _STDERR: LineSplitter(log)}
        with engine_errors("the container's output cannot be read"):
            self._socket = client.api.attach_socket(
                container.id, params={"stdout": 1, "stderr": 1, "stream": 1}
            )
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)

    def follow(self, stop: Event, grace: float) -> bool:
        """Hand on lines until the container ends; whether it had to be stopped."""
        give_up: float | None = None
        is_open = True
        while is_open or self._runs():
            if stop.is_set() and give_up is None:
                give_up = time.monotonic() + grace
                self._signal("SIGTERM")
            if give_up is not None and time.monotonic() >= give_up:
                self._signal("SIGKILL")
            if is_open:
                is_open = self._read()
            else:
                # A program may close its output long before it ends.
                stop.wait(_POLL_SECONDS)
        for lines in self._lines.values():
            lines.close()
        return give_up is not None

    def close(self) -> None:
        """Let go of the connection."""
        self._selector.close()
        # docker-py keeps the response on the socket; closing it closes both.
        self._socket._response.close()  # noqa: SLF001 - there is no other way to it

    def _read(self) -> bool:
        """Take what is there, waiting a moment for it; whether there can be more."""
        with engine_errors("the container's output broke off"):
            if not self._selector.select(_POLL_SECONDS):
                for lines in self._lines.values():
                    lines.idle()
                return True
            data = os.read(self._socket.fileno(), _CHUNK_BYTES)
        if not data:
            return False
        self._take(data)
        return True

    def _take(self, data: bytes) -> None:
        """Sort the engine's frames into the two streams."""
        self._buffer += data
        while self._buffer:
            if self._left == 0:
                if len(self._buffer) < _HEADER.size:
                    return
                self._stream, self._left = _HEADER.unpack_from(self._buffer)
                self._buffer = self._buffer[_HEADER.size :]
            piece = self._buffer[: self._left]
            self._buffer = self._buffer[self._left :]
            self._left -= len(piece)
            self._lines[_STDERR if self._stream == _STDERR else _STDOUT].feed(piece)

    def _runs(self) -> bool:
        with engine_errors("the container engine does not answer"):
            self._container.reload()
        return bool(self._container.attrs["State"]["Running"])

    def _signal(self, name: str) -> None:
        import docker.errors  # noqa: PLC0415 - see daemon.connect

        # It may have ended in this very moment.
        with contextlib.suppress(docker.errors.APIError):
            self._container.kill(name)
