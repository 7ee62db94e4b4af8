"""The memory of a child and all that it starts, held to a limit as a container's is (Linux).

A container that takes more memory than it has is killed by the kernel. Without a container nobody
does that, so what the child takes is read five times a second, and it is killed all the same. Files
in the kernel's cache do not count, as it gives that memory back.

The most that was read is kept, too: what wait4(2) tells is that of the largest process alone.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

_READ_SECONDS = 0.2
_PROC = Path("/proc")
_RESIDENT = re.compile(rb"^(?:RssAnon|RssShmem):\s+(\d+) kB", re.MULTILINE)
_SHARED_OUT = re.compile(rb"^(?:Pss_Anon|Pss_Shmem):\s+(\d+) kB", re.MULTILINE)


class MemoryLimit:
    """The limit of one child: ``most`` bytes for it and all that it starts, 0 for none."""

    def __init__(self, pid: int, most: int) -> None:
        self._pid, self._most = pid, most
        self._next = 0.0
        self.peak = 0
        """The most bytes that all processes took together, of what was read."""

    def is_exceeded(self) -> bool:
        """Whether more is taken now; looks at most five times a second."""
        if not self._most or time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + _READ_SECONDS
        processes = list(_session(self._pid))
        taken = _sum(processes, "status", _RESIDENT)
        # That is quick, and counts what several processes share for each of them.
        if len(processes) > 1 and taken > min(self._most, self.peak):
            taken = _sum(processes, "smaps_rollup", _SHARED_OUT)
        self.peak = max(self.peak, taken)
        return taken > self._most


def _session(leader: int) -> Iterator[int]:
    """The processes of a session: a child and all that it started, but for what left it."""
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may end while it is looked at
            if os.getsid(int(folder.name)) == leader:
                yield int(folder.name)


def _sum(processes: list[int], name: str, line: re.Pattern[bytes]) -> int:
    return sum(_bytes(pid, name, line) for pid in processes)


def _bytes(pid: int, name: str, line: re.Pattern[bytes]) -> int:
    with contextlib.suppress(OSError):
        return 1024 * sum(map(int, line.findall((_PROC / str(pid) / name).read_bytes())))
    return 0
