"""The results of a run as they appear in the dataset, and a folder for each of several runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.platform.data.tree import safe_name

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile
    from pennsieve_agent.domain.runs import Run

LOOK_SECONDS = 15.0
"""Between two looks; an own node delivers when a target of the run has all its files, and Pennsieve
imports them seconds to minutes later (``contracts/core.md`` 4.5)."""


def as_they_come(
    look: Callable[[], Sequence[DataFile]],
    is_over: Callable[[], bool],
    sleep: Callable[[float], None],
) -> Iterator[Sequence[DataFile]]:
    """The files that are new in the dataset at each look, until the run is over.

    What comes at the very end is not among them: whoever waits for imports fetches it.
    """
    known: set[str] = set()
    while not is_over():
        new = [file for file in look() if file.path not in known]
        known |= {file.path for file in new}
        if new:
            yield new
        else:
            sleep(LOOK_SECONDS)


def folders_of(runs: Sequence[Run], to: Path) -> list[Path]:
    """A folder for the results of each run: by its name, with its id where two have one name."""
    names = [safe_name(run.name or run.uuid) for run in runs]
    count = Counter(name.casefold() for name in names)
    return [
        to / (name if count[name.casefold()] == 1 else f"{name}-{run.uuid[:8]}")
        for run, name in zip(runs, names, strict=True)
    ]
