"""What a running sandbox leaves in its data folder for others to find."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pennsieve_agent.errors import UsageProblem

HOST = "127.0.0.1"
HEALTH_PATH = "/_sandbox/health"
DEFAULT_PORT = 9440
LOCK_FILE = "lock"
STATE_FILE = "state.json"
LOCK_TRIES = 20
LOCK_WAIT_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class SandboxState:
    """A running sandbox: its process, its three addresses, its folder and its engine.

    ``engine_place`` says which engine it is, or why there is none; empty where it was chosen.
    """

    pid: int
    api: str
    api2: str
    aws: str
    data: Path
    engine: str
    version: str
    engine_place: str = ""

    @property
    def urls(self) -> tuple[str, str, str]:
        """The three addresses: v1, v2, and AWS with sign-in."""
        return self.api, self.api2, self.aws

    def dump(self) -> str:
        """As JSON."""
        return json.dumps({**asdict(self), "data": str(self.data)})

    @classmethod
    def load(cls, text: str) -> Self:
        """From JSON. Raises ValueError when it is something else."""
        try:
            fields = dict(json.loads(text))
            return cls(**{**fields, "data": Path(fields["data"])})
        except (TypeError, KeyError) as error:
            raise ValueError("not the state of a sandbox") from error


class Lock:
    """Held by the one process that may use a data folder; the system frees it when that ends."""

    def __init__(self, data: Path) -> None:
        """Take the lock.

        Raises:
            UsageProblem: another process holds it.

        """
        self._descriptor = os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        for _ in range(LOCK_TRIES):  # someone may only be asking whether it is held
            if _try(self._descriptor):
                break
            threading.Event().wait(LOCK_WAIT_SECONDS)
        else:
            os.close(self._descriptor)
            raise UsageProblem(
                "a sandbox is already running on this folder",
                where=str(data),
                hint="see it with: pennsieve sandbox status",
            )
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def __enter__(self) -> Self:
        """Hold the lock."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Free the lock."""
        os.close(self._descriptor)


def lock_holder(data: Path) -> int | None:
    """The process that holds a folder's lock, if any does."""
    try:
        descriptor = os.open(data / LOCK_FILE, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        if _try(descriptor):
            return None
        text = os.pread(descriptor, 32, 0).decode(errors="replace")
        return int(text) if text.isdigit() else None
    finally:
        os.close(descriptor)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
