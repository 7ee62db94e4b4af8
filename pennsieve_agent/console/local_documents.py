"""The document of a run on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class StepFigures:
    """What a step did and took, and the sizes to declare; see the document ``local_step``."""

    name: str
    status: str
    reason: str
    exit_code: int | None
    seconds: float
    cpu: int
    memory: int
    peak_memory: int | None
    is_at_most: bool
    cpu_seconds: float | None
    files: int
    size: int
    suggested: tuple[int, int] | None
    problems: Sequence[str]


def local_step(step: StepFigures) -> dict[str, Any]:
    """A step."""
    return {
        "name": step.name,
        "status": step.status,
        "reason": step.reason or None,
        "exit_code": step.exit_code,
        "seconds": round(step.seconds, 3),
        "cpu": step.cpu,
        "memory": step.memory,
        "peak_memory_bytes": step.peak_memory,
        "peak_memory_is_at_most": step.is_at_most,
        "cpu_seconds": None if step.cpu_seconds is None else round(step.cpu_seconds, 3),
        "files": step.files,
        "bytes": step.size,
        "declare": None
        if step.suggested is None
        else {"cpu": step.suggested[0], "memory": step.suggested[1]},
        "problems": list(step.problems),
    }


def local_file(path: str, size: int) -> dict[str, Any]:
    """A result."""
    return {"path": path, "bytes": size}
