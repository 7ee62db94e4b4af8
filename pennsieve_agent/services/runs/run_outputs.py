"""The files of a run's results as they are on Pennsieve, to be downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.errors import NotFound

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import OutputFile, Run
    from pennsieve_agent.platform.client import Platform


def on_pennsieve(platform: Platform, run: Run, written: Sequence[OutputFile]) -> list[DataFile]:
    """What was delivered, with the packages it became; those that nobody noted are looked up.

    Raises:
        NotFound: a file is not in the dataset: it was moved or deleted, or is not imported yet.
    """
    if all(file.package_id for file in written):
        return [DataFile(file.package_id, file.path, file.size) for file in written]
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
