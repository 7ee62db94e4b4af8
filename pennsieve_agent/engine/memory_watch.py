"""The most memory that a container takes, read from the kernel while it runs.

Files that the kernel keeps in memory because they were read or written do not count, as it gives
that memory to the program as soon as it is short: copying 10 GB needs none of it. What counts is
all memory in use but the file cache (``active_file`` and ``inactive_file``; ``/dev/shm`` is not one
there, and counts). It is read 200 times a second, and the largest reading counts. The kernel's own
peak, less the most file cache that was read, finds what came and went between two readings.

The kernel keeps the figures with the container's control group, which is gone when the container
has ended. What a program takes in its last hundredth of a second may be missed.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pennsieve_agent.engine.backend import Usage

READ_SECONDS = 0.005
ASK_SECONDS = 0.5
"""How often the engine is asked, where the control groups are another machine's."""
_GROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")
_SYSTEMD = "system.slice/docker-{}.scope"
"""Where containers are with the driver ``systemd``; with ``cgroupfs`` they are in ``docker``."""
_JOIN_SECONDS = 5.0
_PATIENCE = 30
"""Looks at the usual places before the engine is asked for the container's process."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read at once: bytes in use, the most there were, file cache, CPU seconds."""

    used: int
    most: int
    cache: int
    cpu_seconds: float


class Peak:
    """The most memory without file cache, of all readings so far."""

    def __init__(self) -> None:
        self._largest = self._cache = 0
        self.usage = Usage()

    def add(self, one: Reading) -> None:
        """Count a reading in."""
        self._cache = max(self._cache, one.cache)
        self._largest = max(self._largest, one.used - one.cache)
        # At its peak it had no more cache than the most there was.
        self.usage = Usage(max(self._largest, one.most - self._cache), one.cpu_seconds)


class MemoryWatch:
    """Watches one container, between entering and leaving it."""

    def __init__(self, container: Any, client: Any) -> None:
        """``container`` is docker-py's, and ``client`` a client of its engine."""
        self._container, self._client = container, client
        self._peak = Peak()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> Self:
        """Begin; the container is about to be started."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._ended.set()
        self._thread.join(_JOIN_SECONDS)

    @property
    def usage(self) -> Usage:
        """What was read; nothing of a container that ended before the first reading."""
        return self._peak.usage

    def _watch(self) -> None:
        read, pause = self._reader(), READ_SECONDS
        if read is None:
            read, pause = self._from_engine, ASK_SECONDS
        while not self._ended.is_set():
            with contextlib.suppress(Exception):  # gone, or an engine that does not tell
                self._peak.add(read())
            self._ended.wait(pause)

    def _reader(self) -> Callable[[], Reading] | None:
        """What reads its control groups; None where they are another kernel's."""
        usual = f"docker/{self._container.id}", _SYSTEMD.format(self._container.id)
        looks = 0
        while not self._ended.is_set():
            for place in usual:
                if (read := groups_at(place, place)) is not None:
                    return read
            looks += 1
            # The engine answers no question about a container while it starts it.
            if looks >= _PATIENCE and (process := int(self._state().get("Pid") or 0)):
                return groups_of(process)
            self._ended.wait(READ_SECONDS)
        return None

    def _state(self) -> dict[str, Any]:
        with contextlib.suppress(Exception):  # it may have ended
            return dict(self._client.api.inspect_container(self._container.id)["State"])
        return {}

    def _from_engine(self) -> Reading:
        """What the engine tells of a container that runs on another kernel than this process."""
        stats = self._client.api.stats(self._container.id, stream=False, one_shot=True)
        memory, cpu = stats["memory_stats"], stats["cpu_stats"]["cpu_usage"]["total_usage"]
        used, stat = int(memory["usage"]), memory.get("stat") or {}
        return Reading(used, int(memory.get("max_usage") or used), cache_of(stat), cpu / 1e9)


def groups_of(
    process: int, proc: Path = _PROC, top: Path = _GROUPS
) -> Callable[[], Reading] | None:
    """What reads the control groups of a process; None where they cannot be read here."""
    try:
        rows = (proc / str(process) / "cgroup").read_text().splitlines()
    except OSError:
        return None
    places = {name: row.split(":", 2)[2] for row in rows for name in row.split(":")[1].split(",")}
    memory = places.get("memory") or places.get("", "")
    if not memory.strip("/"):  # all of the machine: the process has ended
        return None
    return groups_at(memory, places.get("cpuacct", ""), top)


def groups_at(memory: str, cpu: str, top: Path = _GROUPS) -> Callable[[], Reading] | None:
    """What reads the control groups at places of their hierarchies; None where there are none.

    Both versions are read: in the second one hierarchy has all figures ("Control Group v2"), in the
    first each controller has its own ("Memory Resource Controller"). ``memory.peak`` is there since
    Linux 5.19.
    """
    first = _below(top / "memory", memory)
    if (first / "memory.usage_in_bytes").is_file():
        spent = _below(top / "cpuacct", cpu) / "cpuacct.usage"
        return lambda: Reading(
            _number(first / "memory.usage_in_bytes"),
            _number(first / "memory.max_usage_in_bytes"),
            cache_of(_rows(first / "memory.stat")),
            _number(spent) / 1e9,
        )
    group = _below(top, memory)
    if (group / "memory.current").is_file():
        peak = group / "memory.peak"
        return lambda: Reading(
            used := _number(group / "memory.current"),
            _number(peak) if peak.exists() else used,
            cache_of(_rows(group / "memory.stat")),
            _rows(group / "cpu.stat")["usage_usec"] / 1e6,
        )
    return None


def cache_of(stat: Mapping[str, Any]) -> int:
    """The bytes of file cache in ``memory.stat``, whose first version has all below as totals."""
    first = "total_" if "total_active_file" in stat else ""
    return sum(int(stat.get(f"{first}{kind}_file") or 0) for kind in ("active", "inactive"))


def _below(top: Path, place: str) -> Path:
    return top / place.strip("/")


def _number(path: Path) -> int:
    return int(path.read_text())


def _rows(path: Path) -> dict[str, int]:
    pairs = (row.split() for row in path.read_text().splitlines())
    return {name: int(value) for name, value in pairs}
