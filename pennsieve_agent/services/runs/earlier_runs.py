"""Runs that were before: what they delivered is not input by itself, and their names are taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING

from pennsieve_agent.domain.run_filter import RunQuery
from pennsieve_agent.domain.run_results import Delivered, is_receipt, own_folder
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.runs import run_outputs

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile, Dataset
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.runs.all_runs import AllRuns
    from pennsieve_agent.services.runs.run_request import Prepared, RunOptions


class EarlierRuns:
    """The runs on all nodes that can be reached."""

    def __init__(self, platform: Platform, runs: AllRuns) -> None:
        self._platform, self._runs = platform, runs

    def delivered(self, dataset_id: str, has: Callable[[str], bool]) -> Delivered:
        """What they wrote to a dataset; ``has`` says whether a folder is there.

        A node that cannot be reached is named; the receipts of its runs tell of most of it.
        """
        answers = self._runs.ask(lambda backend: backend.delivered(dataset_id, has))
        return reduce(Delivered.__or__, (said for _, said in answers), Delivered())

    def outputs(self, reference: str, dataset: Dataset) -> list[DataFile]:
        """The files that a run delivered, but for its receipt, as they are on Pennsieve.

        Raises:
            UsageProblem: there is no such run, it is of another dataset, or it delivered nothing.
            NotFound: a file is not in the dataset any more.
        """
        located = self._runs.find(reference)
        run = located.run
        if run.dataset_id != dataset.id:
            raise UsageProblem(
                f"run '{run.label}' delivered to another dataset, not to '{dataset.name}'",
                hint="a run reads one dataset: take the run's own with --dataset",
            )
        written = [file for file in located.backend.outputs(run) if not is_receipt(file.path)]
        if not written:
            raise UsageProblem(
                f"run '{run.label}' has delivered no file",
                hint=f"see its state with: pennsieve run show {run.typed}",
            )
        return run_outputs.on_pennsieve(self._platform, run, written)

    def refuse_taken(self, ready: Prepared, options: RunOptions) -> None:
        """Refuse a typed name that a run has; names that are made up have a number of their own.

        Raises:
            UsageProblem: it is taken.
        """
        if options.name is None:
            return
        folder = own_folder(options.name).casefold()
        hint = "choose another with --name, or leave it out"
        runs: Sequence[str] = [
            run.label
            for run in self._runs.newest(RunQuery())
            if own_folder(run.name).casefold() == folder
        ]
        if runs:
            raise UsageProblem(f"there is a run called '{runs[0]}' already", hint=hint)
        if options.folder is None and ready.input.in_folder:
            raise UsageProblem(
                f"dataset '{ready.dataset.name}' has a folder '{ready.folder}' with files already, "
                "perhaps of an earlier run",
                hint=hint,
            )
