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

from pennsieve_agent.engine.control_groups import Gauge, Reading

_READ_SECONDS = 0.2
_PROC = Path("/proc")
_TIMES = slice(11, 15)
"""utime, stime, cutime and cstime, counted after the name of the program."""
_RESIDENT = re.compile(rb"^(?:RssAnon|RssShmem):\s+(\d+) kB", re.MULTILINE)
_SHARED_OUT = re.compile(rb"^(?:Pss_Anon|Pss_Shmem):\s+(\d+) kB", re.MULTILINE)


class MemoryLimit:
    """The limit of one child: ``most`` bytes for it and all that it starts, 0 for none."""

    def __init__(self, pid: int, most: int, gauge: Gauge | None = None) -> None:
        self._pid, self._most, self._gauge = pid, most, gauge
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
        if self._gauge is not None:
            self._gauge.reading = reading_of(processes, taken, self.peak)
        return taken > self._most


def _session(leader: int) -> Iterator[int]:
    """The processes of a session: a child and all that it started, but for what left it."""
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may end while it is looked at
            if os.getsid(int(folder.name)) == leader:
                yield int(folder.name)


def reading_of(processes: list[int], used: int, most: int) -> Reading:
    """What processes used, with all that they waited for (proc(5), ``stat`` and ``io``)."""
    ticks, moved = 0, [0, 0]
    for pid in processes:
        with contextlib.suppress(OSError, ValueError):  # it may have ended
            # The name of the program, which may have blanks, stands in the last brackets.
            words = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, words[_TIMES]))
            rows = dict(
                line.split(": ") for line in (_PROC / str(pid) / "io").read_text().splitlines()
            )
            moved[0] += int(rows["read_bytes"])
            moved[1] += int(rows["write_bytes"])
    return Reading(used, most, 0, ticks / os.sysconf("SC_CLK_TCK"), *moved)


def _sum(processes: list[int], name: str, line: re.Pattern[bytes]) -> int:
    return sum(_bytes(pid, name, line) for pid in processes)


def _bytes(pid: int, name: str, line: re.Pattern[bytes]) -> int:
    with contextlib.suppress(OSError):
        return 1024 * sum(map(int, line.findall((_PROC / str(pid) / name).read_bytes())))
    return 0
