"""What runs took and cost, in numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Period(StrEnum):
    """The time that counters are about."""

    ALL = "allTime"
    YEAR = "lastYear"
    MONTH = "lastMonth"


@dataclass(frozen=True, slots=True)
class Counters:
    """Totals of runs (``contracts/workflows.md`` 3.9): seconds and estimated USD.

    Pennsieve's lag by about 15 minutes.
    """

    total: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    seconds: float = 0.0
    cost: float = 0.0


def total(parts: Iterable[Counters]) -> Counters:
    """The sum of counters."""
    rows = list(parts)
    return Counters(
        total=sum(row.total for row in rows),
        succeeded=sum(row.succeeded for row in rows),
        failed=sum(row.failed for row in rows),
        canceled=sum(row.canceled for row in rows),
        seconds=sum(row.seconds for row in rows),
        cost=sum(row.cost for row in rows),
    )


@dataclass(frozen=True, slots=True)
class StepMetrics:
    """What one step of a run took."""

    step_id: str
    seconds: float
    compute_type: str = ""
    most_memory_mb: float | None = None


@dataclass(frozen=True, slots=True)
class RunMetrics:
    """What a run took: seconds and estimated USD. There is none before it is finalized."""

    seconds: float
    cost: float
    packages: int = 0
    input_bytes: int = 0
    parts: tuple[tuple[str, float], ...] = ()
    """What the cost is made of, in USD, by name; what cost nothing is left out."""
    steps: tuple[StepMetrics, ...] = ()
