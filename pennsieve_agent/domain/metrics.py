"""What runs took and cost, in numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pennsieve_agent.domain import figures


class Period(StrEnum):
    """The time that counters are about."""

    ALL = "allTime"
    YEAR = "lastYear"
    MONTH = "lastMonth"


@dataclass(frozen=True, slots=True)
class Counters:
    """Totals of runs (``contracts/workflows.md`` 3.9): seconds and estimated USD.

    Pennsieve's lag by about 15 minutes. None is what was not told.
    """

    total: int | None = None
    succeeded: int | None = None
    failed: int | None = None
    canceled: int | None = None
    seconds: float | None = None
    cost: float | None = None


def total(parts: Iterable[Counters]) -> Counters:
    """The sum of counters; what one of them does not tell is not told."""
    rows = list(parts)
    return Counters(
        total=figures.total(row.total for row in rows),
        succeeded=figures.total(row.succeeded for row in rows),
        failed=figures.total(row.failed for row in rows),
        canceled=figures.total(row.canceled for row in rows),
        seconds=figures.total(row.seconds for row in rows),
        cost=figures.total(row.cost for row in rows),
    )


@dataclass(frozen=True, slots=True)
class StepMetrics:
    """What one step of a run took; ``cost``, which own nodes tell, is its machines' in USD."""

    step_id: str
    seconds: float | None
    compute_type: str = ""
    most_memory_mb: float | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class RunMetrics:
    """What a run took: seconds and estimated USD. There is none before it is finalized.

    None is what was not measured.
    """

    seconds: float | None
    cost: float | None
    packages: int | None = None
    input_bytes: int | None = None
    parts: tuple[tuple[str, float], ...] = ()
    """What the cost is made of, in USD, by name; what cost nothing is left out."""
    steps: tuple[StepMetrics, ...] = ()
