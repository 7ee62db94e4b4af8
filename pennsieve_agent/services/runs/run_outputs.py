"""The files of a run's results as they are on Pennsieve, to be downloaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.run_results import own_folder
from pennsieve_agent.errors import NotFound

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import OutputFile, Run
    from pennsieve_agent.platform.client import Platform


def in_dataset(platform: Platform, run: Run, written: Sequence[OutputFile]) -> list[OutputFile]:
    """What was delivered, under the paths that it has in the dataset now.

    Where a name was taken, Pennsieve gave the file another one (``contracts/core.md`` 4.5), so the
    path that the run wrote may be that of somebody else's file. A file that is not there, or not
    yet, keeps its path.
    """
    held = platform.datasets.files_of(run.dataset_id, {file.package_id for file in written})
    packages = Counter(file.package_id for file in held.files)
    paths = {f.package_id: f.path for f in held.files if packages[f.package_id] == 1}
    return [replace(file, path=paths.get(file.package_id, file.path)) for file in written]


def may_be_renamed(run: Run) -> bool:
    """Whether a run wrote to a folder that others may have written to: one that was chosen."""
    return run.details is not None and run.details.folder != own_folder(run.name)


def on_pennsieve(platform: Platform, run: Run, written: Sequence[OutputFile]) -> list[DataFile]:
    """What was delivered, with the packages it became; those that nobody noted are looked up.

    Raises:
        NotFound: a file is not in the dataset: it was moved or deleted, or is not imported yet.
    """
    if not written:
        return []
    if all(file.package_id for file in written):
        here = in_dataset(platform, run, written)
        return [DataFile(file.package_id, file.path, file.size) for file in here]
    there = {file.path: file for file in platform.datasets.files(run.dataset_id)}
    missing = [file.path for file in written if file.path not in there]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise NotFound(
            f"'{missing[0]}'{more} is not in the dataset (any more)",
            where=run.dataset_id,
            hint="results appear some seconds after a run has ended; else they were moved or "
            "deleted",
        )
    return [there[file.path] for file in written]
