"""Runs before the one that is prepared, as far as a test says there are any."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pennsieve_agent.domain.datasets import DataFile, Dataset
from pennsieve_agent.domain.run_results import Delivered


@dataclass(frozen=True)
class Earlier:
    """``by_run`` are the results of runs by name."""

    known: Delivered = field(default_factory=Delivered)
    by_run: Mapping[str, Sequence[DataFile]] = field(default_factory=dict)

    def delivered(self, _: str, has: Callable[[str], bool]) -> Delivered:
        del has
        return self.known

    def outputs(self, reference: str, _: Dataset) -> Sequence[DataFile]:
        return self.by_run[reference]
