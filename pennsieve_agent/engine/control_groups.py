"""What the kernel counts of a container in its control groups, and of its processes.

Both versions are read: in the second one hierarchy has all figures ("Control Group v2"), in the
first each controller has its own ("Memory Resource Controller", "Block IO Controller").
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

GROUPS = Path("/sys/fs/cgroup")
PROC = Path("/proc")
_FIRST, _SECOND = "blkio.throttle.io_service_bytes_recursive", "io.stat"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read at once: bytes in use, the most there were, file cache, CPU seconds.

    ``read`` and ``written`` are bytes from and to disks so far; None where nobody tells.
    """

    used: int
    most: int
    cache: int
    cpu_seconds: float
    read: int | None = None
    written: int | None = None


@dataclass(slots=True)
class Gauge:
    """The last reading of something that runs; None before the first, and when it has ended."""

    reading: Reading | None = None


Read = Callable[[], Reading]


def groups_of(process: int, proc: Path = PROC, top: Path = GROUPS) -> Read | None:
    """What reads the control groups of a process; None where they cannot be read here."""
    try:
        rows = (proc / str(process) / "cgroup").read_text().splitlines()
    except OSError:
        return None
    places = {name: row.split(":", 2)[2] for row in rows for name in row.split(":")[1].split(",")}
    memory = places.get("memory") or places.get("", "")
    if not memory.strip("/"):  # all of the machine: the process has ended
        return None
    return groups_at(memory, places.get("cpuacct", ""), places.get("blkio", ""), proc, top)


def groups_at(
    memory: str, cpu: str, disk: str, proc: Path = PROC, top: Path = GROUPS
) -> Read | None:
    """What reads the control groups at places of their hierarchies; None where there are none.

    ``memory.peak`` is there since Linux 5.19.
    """
    first = _below(top / "memory", memory)
    if (first / "memory.usage_in_bytes").is_file():
        spent = _below(top / "cpuacct", cpu) / "cpuacct.usage"
        moved = _below(top / "blkio", disk) / _FIRST
        return lambda: Reading(
            _number(first / "memory.usage_in_bytes"),
            _number(first / "memory.max_usage_in_bytes"),
            cache_of(_rows(first / "memory.stat")),
            _number(spent) / 1e9,
            *_moved(moved, first, proc),
        )
    group = _below(top, memory)
    if (group / "memory.current").is_file():
        peak = group / "memory.peak"
        return lambda: Reading(
            used := _number(group / "memory.current"),
            _number(peak) if peak.exists() else used,
            cache_of(_rows(group / "memory.stat")),
            _rows(group / "cpu.stat")["usage_usec"] / 1e6,
            *_moved(group / _SECOND, group, proc),
        )
    return None


def cache_of(stat: Mapping[str, Any]) -> int:
    """The bytes of file cache in ``memory.stat``, whose first version has all below as totals."""
    first = "total_" if "total_active_file" in stat else ""
    return sum(int(stat.get(f"{first}{kind}_file") or 0) for kind in ("active", "inactive"))


def _moved(disk: Path, group: Path, proc: Path) -> tuple[int | None, int | None]:
    """Bytes from and to disks: the larger of what the control group and its processes tell.

    The group counts what the kernel has written so far, the first version not even that if another
    process wrote it. A process (proc(5), ``/proc/pid/io``) counts what will be written, with
    all that it waited for; only root, or who started it, may look.
    """
    sources = [*_of_group(disk), *_of_processes(group, proc)]
    if not sources:
        return None, None
    return max(read for read, _ in sources), max(written for _, written in sources)


def _of_group(disk: Path) -> Iterator[tuple[int, int]]:
    with contextlib.suppress(OSError):
        words = disk.read_text().lower().replace("=", " ").split()
        pairs = list(pairwise(words))
        yield _of({"read", "rbytes"}, pairs), _of({"write", "wbytes"}, pairs)


def _of_processes(group: Path, proc: Path) -> Iterator[tuple[int, int]]:
    rows = []
    with contextlib.suppress(OSError):
        for process in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):  # it may end, or not be ours
                pairs = _rows(proc / process / "io", ":")
                rows.append((pairs["read_bytes"], pairs["write_bytes"]))
    if rows:
        yield sum(read for read, _ in rows), sum(written for _, written in rows)


def _of(names: set[str], pairs: Iterable[tuple[str, str]]) -> int:
    return sum(int(value) for name, value in pairs if name in names and value.isdigit())


def _below(top: Path, place: str) -> Path:
    return top / place.strip("/")


def _number(path: Path) -> int:
    return int(path.read_text())


def _rows(path: Path, sign: str = " ") -> dict[str, int]:
    pairs = (row.split(sign) for row in path.read_text().splitlines())
    return {name: int(value) for name, value in pairs}
