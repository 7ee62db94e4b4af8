"""What commands of this machine prepare to run code, images and copies, is used by one or several.

Each holds a shared lock while it runs (flock(2): the lock goes with the process, also of one that
was killed). What is not needed any more is removed by a command that finds itself alone.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_LOCK = "in-use.lock"


@dataclass(frozen=True, slots=True)
class InUse:
    """One command's use of it."""

    descriptor: int

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Keep other commands out meanwhile; whether no other was there, else nothing is kept."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        except BlockingIOError:
            free = False
        try:
            yield free
        finally:
            fcntl.flock(self.descriptor, fcntl.LOCK_SH)


@contextmanager
def using(folder: Path) -> Iterator[InUse]:
    """Use what is prepared below a folder, as others may at the same time.

    Raises:
        OSError: the folder cannot be made.

    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield InUse(descriptor)
    finally:
        os.close(descriptor)
