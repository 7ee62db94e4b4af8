"""The files that a run reads: those that were chosen, without results of earlier runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from pennsieve_agent.domain.repeats import same_files
from pennsieve_agent.domain.run_results import Delivered, Input, without_results
from pennsieve_agent.domain.workflows import StepKind
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.files.choose_files import choose

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile, Dataset
    from pennsieve_agent.domain.repeats import Again
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.runs.run_request import RunOptions


class Earlier(Protocol):
    """What is known of the runs before this one."""

    def delivered(self, dataset_id: str, has: Callable[[str], bool]) -> Delivered:
        """What they wrote to a dataset; ``has`` says whether a folder is there."""
        ...

    def outputs(self, reference: str, dataset: Dataset) -> Sequence[DataFile]:
        """The files that one of them delivered to the dataset."""
        ...


def input_of(
    platform: Platform,
    workflow: Workflow,
    dataset: Dataset,
    options: RunOptions,
    folder: str,
    earlier: Earlier,
) -> Input:
    """The input of a run that writes to ``folder``.

    Its packages are those of the files, each by itself: what comes to a folder later is not input.

    Raises:
        UsageProblem: there is no file, a pattern fits none, or all that fit are results of runs.
    """
    if not workflow.of_kind(StepKind.SOURCE):
        return Input()
    if options.again and not (options.files or options.input_runs):
        return _as_before(platform, dataset, options.again, folder)
    results = [file for run in options.input_runs for file in earlier.outputs(run, dataset)]
    patterns = options.files
    selection = choose(platform, dataset, patterns)
    chosen = selection.files if patterns or not options.input_runs else ()
    kept = chosen
    if chosen and not options.include_results:
        runs = earlier.delivered(dataset.id, _has(selection.all))
        kept = without_results(chosen, selection.all, patterns, runs)
    files = {(file.package_id, file.path): file for file in (*kept, *results)}
    if not files:
        raise _no_input(dataset, len(chosen))
    return Input(
        tuple(sorted(files.values(), key=lambda file: file.path)),
        left_out=len({file.path for file in chosen} - {file.path for file in files.values()}),
        in_folder=sum(file.path.startswith(f"{folder}/") for file in selection.all),
        idle=selection.idle,
        is_whole=selection.is_whole and not options.input_runs,
    )


def _as_before(platform: Platform, dataset: Dataset, again: Again, folder: str) -> Input:
    """The files that an earlier run read, whatever wrote them."""
    present = list(platform.datasets.files(dataset.id))
    files, changes = same_files(again.files, present)
    if again.files and not files:
        raise UsageProblem(
            f"none of the files that run '{again.label}' read is in dataset '{dataset.name}' "
            "any more",
            hint="choose files with: --files 'PATTERN'",
        )
    return Input(
        tuple(sorted(files, key=lambda file: file.path)),
        in_folder=sum(file.path.startswith(f"{folder}/") for file in present),
        changes=changes,
    )


def _has(files: Sequence[DataFile]) -> Callable[[str], bool]:
    folders = {str(parent) for file in files for parent in PurePosixPath(file.path).parents}
    return lambda folder: folder.strip("/") in folders


def _no_input(dataset: Dataset, results: int) -> UsageProblem:
    if not results:
        return UsageProblem(
            f"dataset '{dataset.name}' is empty", hint="upload files to it, then start again"
        )
    what = f"all {results} files that fit are" if results > 1 else "the only file that fits is"
    return UsageProblem(
        f"{what} from earlier runs, which are left out unless you ask for them",
        hint="take those of a run with: --input-run RUN; or all with: --include-results",
    )
