"""What is in the way of a run or a batch that is prepared, looked at just before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from pennsieve_agent.services.runs.start_problems import Problems

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.run_results import Input
    from pennsieve_agent.services.runs.run_request import Prepared, RunOptions


class TakenNames(Protocol):
    """What is known of the runs before this one."""

    def refuse_taken(
        self, dataset: Dataset, input_: Input, folder: str, options: RunOptions
    ) -> None:
        """Refuse a name that another run has."""
        ...


def refuse_hindered(
    earlier: TakenNames,
    ready: Prepared,
    options: RunOptions,
    what: str = "run",
    over: Callable[[], None] = lambda: None,
) -> None:
    """Refuse a run or a batch whose typed name is taken, or that the node cannot run now.

    ``over`` refuses what its limits would end. A start that goes on is not refused so: its own run
    may be what is in the way.

    Raises:
        AgentError: there is something; SeveralProblems where there is more than one.
    """
    problems = Problems()
    problems.of(lambda: earlier.refuse_taken(ready.dataset, ready.input, ready.folder, options))
    problems.take((None, ready.hindrance))
    problems.of(over)
    if problems:
        raise problems.all(what)
