"""The document of a run on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.domain.measured import AT_MOST, Measured


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
    measured: Measured
    files: int
    size: int
    suggested: tuple[int, int] | None
    problems: Sequence[str]


def local_step(step: StepFigures) -> dict[str, Any]:
    """A step."""
    used = step.measured
    return {
        "name": step.name,
        "status": step.status,
        "reason": step.reason or None,
        "exit_code": step.exit_code,
        "seconds": round(step.seconds, 3),
        "cpu": step.cpu,
        "memory": step.memory,
        "peak_memory_bytes": used.peak_memory,
        "peak_memory_is_at_most": used.bound == AT_MOST,
        "cpu_seconds": None if used.cpu_seconds is None else round(used.cpu_seconds, 3),
        "read_bytes": used.read,
        "written_bytes": used.written,
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
