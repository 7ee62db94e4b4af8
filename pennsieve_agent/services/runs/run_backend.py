"""Where runs are: on own nodes, or on those that Pennsieve runs. Commands ask both alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from pennsieve_agent.domain.log_filter import ALL_LINES, LogFilter

if TYPE_CHECKING:
    from pennsieve_agent.domain.metrics import Counters, Period, RunMetrics
    from pennsieve_agent.domain.receipt.context import Stated
    from pennsieve_agent.domain.run_filter import RunQuery
    from pennsieve_agent.domain.run_results import Delivered
    from pennsieve_agent.domain.runs import (
        LogMessage,
        OutputFile,
        Run,
        RunInput,
        RunState,
        StepState,
    )


class RunBackend(Protocol):
    """The runs of one own node, or those of all nodes that Pennsieve runs.

    Every method raises an :class:`~pennsieve_agent.errors.AgentError` where nobody answers, and
    ``NotFound`` for a run that is not there.
    """

    @property
    def token(self) -> str:
        """The own node's id; empty for Pennsieve."""
        ...

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        ...

    def newest(self, query: RunQuery) -> list[Run]:
        """The newest runs that fit, newest first."""
        ...

    def get(self, run_id: str) -> Run:
        """One run with all that is known of it."""
        ...

    def state(self, run_id: str) -> RunState:
        """The state of a run and its steps."""
        ...

    def new_lines(
        self, run_id: str, steps: Sequence[StepState], only: LogFilter
    ) -> Iterator[Sequence[LogMessage]]:
        """Lines of these steps that were not answered before, page by page, by time.

        There may be others than ``only`` those that are wanted: it spares reading them.
        """
        ...

    def last_lines(
        self, run_id: str, steps: Sequence[StepState], count: int, only: LogFilter = ALL_LINES
    ) -> Sequence[LogMessage]:
        """The last lines of these steps, of the time that is wanted."""
        ...

    def log_archive(self, run_id: str) -> str:
        """The address of a zip with all logs, valid for a short time."""
        ...

    def input(self, run: Run) -> RunInput:
        """The files that a run reads, with their packages."""
        ...

    def outputs(self, run: Run) -> Sequence[OutputFile]:
        """The files that a run delivered to its dataset, by path."""
        ...

    def receipt(self, run: Run, stated: Stated) -> dict[str, Any]:
        """The receipt of a run, without checksums."""
        ...

    def delivered(self, dataset_id: str, has: Callable[[str], bool]) -> Delivered:
        """What its runs wrote to a dataset; ``has`` says whether a folder is there."""
        ...

    def metrics(self, run_id: str) -> RunMetrics | None:
        """What a run took; None before it was counted."""
        ...

    def counters(self, period: Period, workflow_id: str) -> Counters:
        """Totals of all runs, or of one workflow's."""
        ...

    def cancel(self, run_id: str) -> None:
        """Ask for a run to be cancelled."""
        ...
