"""The memory of a child and all that it starts, held to a limit as a container's is (Linux).

A container that takes more memory than it has is killed by the kernel. Without a container nobody
does that, so what the child takes is read five times a second, and it is killed all the same. Files
in the kernel's cache do not count, as it gives that memory back.
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

    def is_exceeded(self) -> bool:
        """Whether more is taken now; looks at most five times a second."""
        if not self._most or time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + _READ_SECONDS
        processes = list(_session(self._pid))
        # The first is quick, and counts what several processes share for each of them.
        return self._takes(processes, "status", _RESIDENT) and self._takes(
            processes, "smaps_rollup", _SHARED_OUT
        )

    def _takes(self, processes: list[int], name: str, line: re.Pattern[bytes]) -> bool:
        return sum(_bytes(pid, name, line) for pid in processes) > self._most


def _session(leader: int) -> Iterator[int]:
    """The processes of a session: a child and all that it started, but for what left it."""
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may end while it is looked at
            if os.getsid(int(folder.name)) == leader:
                yield int(folder.name)


def _bytes(pid: int, name: str, line: re.Pattern[bytes]) -> int:
    with contextlib.suppress(OSError):
        return 1024 * sum(map(int, line.findall((_PROC / str(pid) / name).read_bytes())))
    return 0
