"""What the attempts of a run's steps used and waited for, as people read it."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from pennsieve_agent.console.shown import Part, Table
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.console.words import peak_words, size, span

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Attempt, RunState

_COLUMNS: tuple[str | Column, ...] = (
    Column("STEP", Cut.MIDDLE),
    "ATTEMPT",
    "QUEUED",
    "START-UP",
    "RAN",
    "MEMORY",
    "CPU TIME",
    "READ",
    "WRITTEN",
)
_MB = 1024 * 1024
_KEPT = 1
"""The first columns are there, whatever is in them."""


def measured_table(state: RunState, programs: Container[str]) -> list[Part]:
    """Each attempt with what it used; nothing where no node has told any of it.

    ``programs`` are the ids of steps that run code, which are said not to be measured. Columns that
    would be empty are left out.
    """
    attempts = [one for step in state.steps for one in step.attempts]
    if not any(one.measured or one.queued is not None for one in attempts):
        return []
    rows = [row for step in state.steps for row in _rows(step.id, step.attempts, programs)]
    kept = [i for i in range(len(_COLUMNS)) if i < _KEPT or any(row[i] for row in rows)]
    columns = [_COLUMNS[i] for i in kept]
    return ["", Table(columns, [[row[i] for i in kept] for row in rows])]


def _rows(
    step: str, attempts: tuple[Attempt, ...], programs: Container[str]
) -> Iterator[list[str]]:
    for number, one in enumerate(attempts, 1):
        used = one.measured
        is_known = used is not None and used.peak_memory is not None
        had = f" of {size(one.memory * _MB)}" if one.memory and is_known else ""
        is_over = step in programs and bool(one.completed_at)
        yield [
            step,
            str(number) if len(attempts) > 1 else "",
            _seconds(one.queued),
            _seconds(one.startup),
            _seconds(one.running),
            f"{peak_words(used)}{had}" if is_known or is_over else "",
            "" if used is None else _seconds(used.cpu_seconds),
            "" if used is None or used.read is None else size(used.read),
            "" if used is None or used.written is None else size(used.written),
        ]


def _seconds(amount: float | None) -> str:
    return "" if amount is None else span(amount)
