"""What a container takes, read from the kernel while it runs: memory, processors, disks.

Files that the kernel keeps in memory because they were read or written do not count, as it gives
that memory to the program as soon as it is short: copying 10 GB needs none of it. What counts is
all memory in use but the file cache (``active_file`` and ``inactive_file``; ``/dev/shm`` is not one
there, and counts). It is read 200 times a second, and the largest reading counts. The kernel's own
peak, less the most file cache that was read, finds what came and went between two readings.

The kernel keeps the figures with the container's control group, which is gone when the container
has ended. What a program takes in its last hundredth of a second may be missed.

Where the kernel is another machine's, the engine is asked twice a second instead, and memory is
"at least" what it told.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from typing import Any, Self

from pennsieve_agent.domain.measured import AT_LEAST, NOT_MEASURED, Measured
from pennsieve_agent.engine.control_groups import (
    Gauge,
    Read,
    Reading,
    cache_of,
    groups_at,
    groups_of,
)

READ_SECONDS = 0.005
ASK_SECONDS = 0.5
"""How often the engine is asked, where the control groups are another machine's."""
_SYSTEMD = "system.slice/docker-{}.scope"
"""Where containers are with the driver ``systemd``; with ``cgroupfs`` they are in ``docker``."""
_JOIN_SECONDS = 5.0
_PATIENCE = 30
"""Looks at the usual places before the engine is asked for the container's process."""


class Peak:
    """What was taken, of all readings so far: the most memory without file cache, sums of others.

    ``by`` and ``bound`` say what tells it and how exactly; see :class:`Measured`.
    """

    def __init__(self, by: str = "cgroup", bound: str = "") -> None:
        self._largest = self._cache = 0
        self.measured = NOT_MEASURED
        self._by, self._bound = by, bound

    def add(self, one: Reading) -> None:
        """Count a reading in."""
        self._cache = max(self._cache, one.cache)
        self._largest = max(self._largest, one.used - one.cache)
        self.measured = Measured(
            # At its peak it had no more cache than the most there was.
            max(self._largest, one.most - self._cache),
            one.cpu_seconds,
            # A process that ended without anybody who waited for it is no longer counted.
            _larger(self.measured.read, one.read),
            _larger(self.measured.written, one.written),
            self._by,
            self._bound,
        )


class ContainerWatch:
    """Watches one container, between entering and leaving it."""

    def __init__(self, container: Any, client: Any, gauge: Gauge) -> None:
        """``container`` is docker-py's, and ``client`` a client of its engine."""
        self._container, self._client, self._gauge = container, client, gauge
        self._peak = Peak()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="container watch", daemon=True)

    def __enter__(self) -> Self:
        """Begin; the container is about to be started."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._ended.set()
        self._thread.join(_JOIN_SECONDS)
        self._gauge.reading = None

    @property
    def measured(self) -> Measured:
        """What was read; nothing of a container that ended before the first reading."""
        return self._peak.measured

    def _watch(self) -> None:
        read, pause = self._reader(), READ_SECONDS
        if read is None:
            read, pause = self._from_engine, ASK_SECONDS
            self._peak = Peak("engine", AT_LEAST)
        while not self._ended.is_set():
            with contextlib.suppress(Exception):  # gone, or an engine that does not tell
                self._gauge.reading = reading = read()
                self._peak.add(reading)
            self._ended.wait(pause)

    def _reader(self) -> Read | None:
        """What reads its control groups; None where they are another kernel's."""
        usual = f"docker/{self._container.id}", _SYSTEMD.format(self._container.id)
        looks = 0
        while not self._ended.is_set():
            for place in usual:
                if (read := groups_at(place, place, place)) is not None:
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
        most = int(memory.get("max_usage") or used)
        read, written = disks_of(stats.get("blkio_stats") or {})
        return Reading(used, most, cache_of(stat), cpu / 1e9, read, written)


def disks_of(stats: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Bytes from and to disks in ``blkio_stats`` (Docker Engine API, ``ContainerStats``)."""
    rows = stats.get("io_service_bytes_recursive")
    if not rows:
        return None, None
    sums = {"read": 0, "write": 0}
    for row in rows:
        if (kind := str(row.get("op")).lower()) in sums:
            sums[kind] += int(row.get("value") or 0)
    return sums["read"], sums["write"]


def _larger(one: int | None, other: int | None) -> int | None:
    return other if one is None else max(one, other or 0)
