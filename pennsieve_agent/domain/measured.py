"""What an attempt of a step used, as it was measured where it ran. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self

AT_MOST, AT_LEAST = "at_most", "at_least"
"""What a figure for memory is where nobody could tell it exactly."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Peak memory in bytes, CPU time in seconds, bytes read and written; None is not measured.

    Memory is without files that the kernel keeps because they were read. Bytes are those that come
    from a disk or go to one, as the kernel counts them: a file that it still had was not read, and
    what goes over a network, such as to a network file system, is neither.

    ``by`` says what measured it: ``cgroup`` (Docker), ``engine`` (what a Docker engine on another
    machine tells), ``process`` (the operating system's account of a process) or ``task`` (the task
    metadata endpoint of Amazon ECS). ``bound`` is :data:`AT_MOST` where less memory may have been
    taken, :data:`AT_LEAST` where more, and empty where it was measured.
    """

    peak_memory: int | None = None
    cpu_seconds: float | None = None
    read: int | None = None
    written: int | None = None
    by: str = ""
    bound: str = ""

    @property
    def is_known(self) -> bool:
        """Whether anything was measured."""
        return any(value is not None for value in self.values())

    def document(self) -> dict[str, Any]:
        """As it stands in a node's documents."""
        return {
            "peakMemoryBytes": self.peak_memory,
            "cpuSeconds": self.cpu_seconds,
            "readBytes": self.read,
            "writtenBytes": self.written,
            "by": self.by,
            "peakMemoryBound": self.bound or None,
        }

    @classmethod
    def of(cls, document: object) -> Self | None:
        """What a node's document says; None where nothing was measured or it is something else."""
        if not isinstance(document, Mapping):
            return None
        row = cls(
            peak_memory=_whole(document.get("peakMemoryBytes")),
            cpu_seconds=_amount(document.get("cpuSeconds")),
            read=_whole(document.get("readBytes")),
            written=_whole(document.get("writtenBytes")),
            by=str(document.get("by") or ""),
            bound=str(document.get("peakMemoryBound") or ""),
        )
        return row if row.is_known else None

    def values(self) -> tuple[int | float | None, ...]:
        """The four figures."""
        return self.peak_memory, self.cpu_seconds, self.read, self.written


NOT_MEASURED = Measured()


def _whole(value: object) -> int | None:
    amount = _amount(value)
    return None if amount is None else int(amount)


def _amount(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) and value >= 0 else None
