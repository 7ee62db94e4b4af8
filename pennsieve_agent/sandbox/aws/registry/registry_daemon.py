"""The registry of images behind the emulated ECR: Debian's docker-registry, as a child process.

It listens on a socket in a folder of its user alone, so that nobody comes to it but through
:mod:`.registry`, which asks who may. It is started when it is first needed. When the sandbox ends,
however it ends, so does it: a small process beside it waits for that. A machine without the program
has a :mod:`.plain_registry`, which no engine can use.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from pennsieve_agent.sandbox.aws.registry.plain_registry import PlainAnswer, PlainRegistry

PROGRAM = "docker-registry"
START_SECONDS = 20.0
_CALL_SECONDS = 120
_PAUSE = 0.02
_GUARD = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
sys.stdin.read()
child.kill()
child.wait()
"""


class NoRegistry(Exception):  # noqa: N818 - a state
    """No registry can be started; the text says why."""


class RegistryDaemon:
    """The registry whose images are in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._never = threading.Event()
        self._plain = PlainRegistry(folder / "plain")
        self._lock = threading.Lock()
        self._guard: subprocess.Popen[bytes] | None = None
        self._room: Path | None = None

    @property
    def is_installed(self) -> bool:
        """Whether this machine has the program."""
        return shutil.which(PROGRAM) is not None

    def check(self) -> None:
        """Check that this machine has the program.

        Raises:
            NoRegistry: it has not.

        """
        if not self.is_installed:
            raise NoRegistry(
                f"this sandbox has no registry of images: {PROGRAM} is not installed "
                "(apt-get install docker-registry)"
            )

    def stop(self) -> None:
        """End the program."""
        with self._lock:
            self._end()

    @contextlib.contextmanager
    def request(
        self, method: str, target: str, headers: Mapping[str, str], body: IO[bytes] | None = None
    ) -> Iterator[http.client.HTTPResponse | PlainAnswer]:
        """The answer to a request, while the context is open; without the program, a plain one.

        Raises:
            NoRegistry: it does not start.

        """
        if not self.is_installed:
            with self._plain.request(method, target, headers, body) as answer:
                yield answer
            return
        with contextlib.closing(_Connection(self._place(), timeout=_CALL_SECONDS)) as connection:
            connection.request(method, target, body=body, headers=dict(headers))
            yield connection.getresponse()

    def _place(self) -> Path:
        """The socket of the running registry."""
        with self._lock:
            if self._room is None or self._guard is None or self._guard.poll() is not None:
                self._end()
                self._start()
            if self._room is None:
                raise NoRegistry("the registry of images did not start")
            return self._room / "socket"

    def _start(self) -> None:
        self.check()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A socket's path may have 107 characters only, which a data folder's may exceed.
        self._room = Path(tempfile.mkdtemp(prefix="pennsieve-registry-"))
        config = self._room / "config.yml"  # JSON is YAML
        config.write_text(json.dumps(_settings(self._folder / "images", self._room / "socket")))
        with (self._folder / "log").open("ab") as log:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-c", _GUARD, PROGRAM, "serve", str(config)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self._room)},
            )
        self._await(self._room / "socket")

    def _await(self, place: Path) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
                probe.connect(str(place))
                return
            self._never.wait(_PAUSE)
        self._end()
        raise NoRegistry(f"the registry of images did not start; see {self._folder / 'log'}")

    def _end(self) -> None:
        guard, room = self._guard, self._room
        self._guard = self._room = None
        if guard is not None:
            if guard.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    guard.stdin.close()
            guard.wait()
        if room is not None:
            shutil.rmtree(room, ignore_errors=True)


class _Connection(http.client.HTTPConnection):
    """HTTP over a socket of this machine."""

    def __init__(self, place: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._place = place

    def connect(self) -> None:
        """Connect."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._place))


def _settings(images: Path, place: Path) -> Mapping[str, object]:
    return {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(images)},
            "delete": {"enabled": True},
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": {"net": "unix", "addr": str(place), "relativeurls": True},
    }
