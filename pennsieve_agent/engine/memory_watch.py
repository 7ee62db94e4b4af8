"""The most memory that a container takes, read from the kernel while it runs.

The kernel keeps the figure with the container's control group, which is gone when the container
has ended; so it is read many times, and the last reading counts. What a program takes in its last
hundredth of a second may be missed.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
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


class MemoryWatch:
    """Watches one container, between entering and leaving it."""

    def __init__(self, container: Any, client: Any) -> None:
        """``container`` is docker-py's, and ``client`` a client of its engine."""
        self._container, self._client = container, client
        self._usage = Usage()
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
        """What was read last; nothing of a container that ended before the first reading."""
        return self._usage

    def _watch(self) -> None:
        read, pause = self._reader(), READ_SECONDS
        if read is None:
            read, pause = self._from_engine, ASK_SECONDS
        while not self._ended.is_set():
            with contextlib.suppress(Exception):  # gone, or an engine that does not tell
                self._usage = read()
            self._ended.wait(pause)

    def _reader(self) -> Callable[[], Usage] | None:
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

    def _from_engine(self) -> Usage:
        """What the engine tells of a container that runs on another kernel than this process."""
        stats = self._client.api.stats(self._container.id, stream=False, one_shot=True)
        memory, cpu = stats["memory_stats"], stats["cpu_stats"]["cpu_usage"]["total_usage"]
        most = int(memory.get("max_usage") or memory["usage"])
        return Usage(max(most, self._usage.memory), cpu / 1e9)


def groups_of(process: int, proc: Path = _PROC, top: Path = _GROUPS) -> Callable[[], Usage] | None:
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


def groups_at(memory: str, cpu: str, top: Path = _GROUPS) -> Callable[[], Usage] | None:
    """What reads the control groups at places of their hierarchies; None where there are none.

    Both versions are read: in the second one hierarchy has all figures ("Control Group v2",
    ``memory.peak`` and ``cpu.stat``), in the first each controller has its own (``max_usage``).
    """
    first = _below(top / "memory", memory) / "memory.max_usage_in_bytes"
    if first.is_file():
        spent = _below(top / "cpuacct", cpu) / "cpuacct.usage"
        return lambda: Usage(int(first.read_text()), _nanoseconds(spent))
    group = _below(top, memory)
    most, stat = group / "memory.peak", group / "cpu.stat"
    if most.is_file():
        return lambda: Usage(int(most.read_text()), _of_stat(stat))
    return None


def _below(top: Path, place: str) -> Path:
    return top / place.strip("/")


def _nanoseconds(path: Path) -> float:
    return int(path.read_text()) / 1e9


def _of_stat(path: Path) -> float:
    rows = dict(row.split(" ", 1) for row in path.read_text().splitlines())
    return int(rows["usage_usec"]) / 1e6
