"""Runs that were before: what they delivered is not input by itself, and their names are taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING

from pennsieve_agent.domain.run_filter import RunQuery
from pennsieve_agent.domain.run_results import Delivered, own_folder, records
from pennsieve_agent.errors import NotFound, StillRunning, UsageProblem
from pennsieve_agent.services.runs import run_outputs

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile, Dataset
    from pennsieve_agent.domain.run_results import Input
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.runs.all_runs import AllRuns
    from pennsieve_agent.services.runs.run_outputs import ImportWait
    from pennsieve_agent.services.runs.run_request import RunOptions


class EarlierRuns:
    """The runs on all nodes that can be reached."""

    def __init__(self, platform: Platform, runs: AllRuns, wait: ImportWait) -> None:
        """``wait`` is how to wait for results that Pennsieve has not imported yet."""
        self._platform, self._runs, self._wait = platform, runs, wait

    def delivered(self, dataset_id: str, has: Callable[[str], bool]) -> Delivered:
        """What they wrote to a dataset; ``has`` says whether a folder is there.

        A node that cannot be reached is named; the receipts of its runs tell of most of it.
        """
        answers = self._runs.ask(lambda backend: backend.delivered(dataset_id, has))
        return reduce(Delivered.__or__, (said for _, said in answers), Delivered())

    def outputs(self, reference: str, dataset: Dataset) -> list[DataFile]:
        """The files that a run delivered, but for what says what it did, as they are on Pennsieve.

        Raises:
            UsageProblem: there is no such run, it is of another dataset, or it delivered nothing.
            NotFound: a file is not in the dataset any more, or its import failed.
            StillRunning: Pennsieve takes too long to import them.
        """
        located = self._runs.find(reference)
        run = located.run
        if run.dataset_id != dataset.id:
            raise UsageProblem(
                f"run '{run.label}' wrote its results to another dataset, not to '{dataset.name}'",
                hint="a run reads one dataset: name that of the run with --dataset",
            )
        own = records(file.path for file in located.backend.outputs(run))
        results = run_outputs.on_pennsieve(
            self._platform, located, self._wait, lambda file: file.path not in own
        )
        _check_whole(run, results)
        if not results.files:
            raise UsageProblem(
                f"run '{run.label}' has delivered no file",
                hint=f"see its state with: pennsieve run show {run.typed}",
            )
        return list(results.files)

    def refuse_taken(
        self, dataset: Dataset, input_: Input, results: str, options: RunOptions
    ) -> None:
        """Refuse a typed name that a run has; names that are made up have a number of their own.

        ``results`` is the folder of the dataset to which the run would write.

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
        if options.folder is None and input_.in_folder:
            raise UsageProblem(
                f"dataset '{dataset.name}' has a folder '{results}' with files already, "
                "perhaps of an earlier run",
                hint=hint,
            )


def _check_whole(run: Run, results: run_outputs.Results) -> None:
    """Refuse to read a part of a run's results in place of all."""
    if results.missing:
        path, why = results.missing[0]
        raise NotFound(
            f"run '{run.label}' wrote {_some(path, len(results.missing))}, but {why}",
            where=run.dataset_id,
            hint="choose the results that are there with: --files 'PATTERN'",
        )
    if results.importing:
        some = _some(results.importing[0], len(results.importing))
        raise StillRunning(
            f"Pennsieve has not imported all results of run '{run.label}' yet: {some} to come",
            where=run.dataset_id,
            hint="type the same command again later",
        )


def _some(path: str, count: int) -> str:
    return f"'{path}'" + (f" and {count - 1} more" if count > 1 else "")
