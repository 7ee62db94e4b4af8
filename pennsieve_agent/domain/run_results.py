"""Which files of a dataset are results of runs, and so no input of the next one. Pure.

A folder that a run made for itself holds nothing but its results; what a run wrote to another
folder is told by its packages. Runs that nobody remembers are told by their receipts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.globs import WILD, is_in, tidy

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Run

RECEIPT = "pennsieve-run.json"
"""The file that a run of an own node leaves beside its results."""
WORKFLOW = "pennsieve-workflow.json"
"""What lies beside it: the workflow that ran, as its RO-Crate refers to it."""
#: Where a result has that name itself, the receipt begins with the run's id; where the folder has
#: one already, Pennsieve gives it a number.
_RECEIPT = re.compile(
    r"(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-)?pennsieve-run(?: \(\d+\))?\.json"
)


_WORKFLOW = re.compile(r"pennsieve-workflow(?: \(\d+\))?\.json")
_CRATE = re.compile(r"ro-crate-metadata(?: \(\d+\))?\.json")


def is_receipt(path: str) -> bool:
    """Whether a file is the receipt of a run, and no result of its program."""
    return bool(_RECEIPT.fullmatch(path.rpartition("/")[2]))


def records(paths: Iterable[str]) -> frozenset[str]:
    """Those of a run's files that say what it did, and that its program did not write.

    An RO-Crate is one of them where the workflow lies beside it: a program may write its own.
    """
    known = list(paths)
    crates = {place for path in known if (place := _folder_of(path, _WORKFLOW)) is not None}
    return frozenset(
        path
        for path in known
        if is_receipt(path) or _is_of(path, _WORKFLOW) or (_folder_of(path, _CRATE) in crates)
    )


def _is_of(path: str, pattern: re.Pattern[str]) -> bool:
    return _folder_of(path, pattern) is not None


def _folder_of(path: str, pattern: re.Pattern[str]) -> str | None:
    """The folder of a file whose name fits; None of another."""
    folder, _, name = path.rpartition("/")
    return folder if pattern.fullmatch(name) else None


def own_folder(name: str) -> str:
    """The folder that a run of this name gets for its results where nobody chose one."""
    return f"results/{name.replace(' ', '-')}"


def target_folders(run: Run) -> frozenset[str]:
    """The folders that a run's targets write to: named, reported, or in a list made of its name."""
    named = {values.get("TARGET_FOLDER", "") for values in run.target_params.values()}
    named |= {value for name, value in run.outputs.items() if name.endswith(".folder")}
    if not named and not run.steps and run.name:
        named.add(own_folder(run.name))
    return frozenset(folder.strip("/") for folder in named if folder.strip("/"))


def path_in_folder(run: Run, path: str) -> str:
    """The path of a result below the folder that its run wrote to; as it is where it is not there.

    A run of several folders, in which two files may have one name, has no such folder.
    """
    folders = {run.details.folder} if run.details is not None else target_folders(run)
    return path.removeprefix(f"{min(folders)}/") if len(folders) == 1 else path


@dataclass(frozen=True, slots=True)
class Delivered:
    """What earlier runs wrote to a dataset: whole folders, and single packages elsewhere."""

    folders: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()

    def __or__(self, other: Self) -> Delivered:
        """Both together."""
        return Delivered(self.folders | other.folders, self.packages | other.packages)

    def results(self, files: Sequence[DataFile]) -> set[str]:
        """The paths of those files that are results of runs."""
        folders = {name for name in self.folders if name} | _with_receipt(files, self.packages)
        begins = tuple(f"{name.strip('/')}/" for name in folders)
        return {
            file.path
            for file in files
            if file.package_id in self.packages or file.path.startswith(begins)
        }


@dataclass(frozen=True, slots=True)
class Input:
    """The files that a run reads, by path, and how many results of runs were ``left_out``.

    ``in_folder`` is how many files there are already where the run would write; ``idle`` are
    patterns that should have left out files, and leave out none. ``is_whole`` says that nobody
    chose: the input is all there is but results. ``changes`` say what differs from that of the run
    that is started again.
    """

    files: tuple[DataFile, ...] = ()
    left_out: int = 0
    in_folder: int = 0
    idle: tuple[str, ...] = ()
    is_whole: bool = False
    changes: tuple[str, ...] = ()

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages that hold the files, each once."""
        return tuple(dict.fromkeys(file.package_id for file in self.files))


def without_results(
    chosen: Sequence[DataFile], known: Sequence[DataFile], patterns: Iterable[str], runs: Delivered
) -> tuple[DataFile, ...]:
    """The chosen files without results of runs, but for those that a pattern names.

    A pattern names them when its words before the first wildcard lead to results and to nothing
    else: ``results/first/**``, not ``**/*.csv``. ``known`` are all files of the dataset.
    """
    results = runs.results(known)
    paths = {file.path for file in known}
    named = [
        place
        for pattern in patterns
        if (place := _place(pattern, paths)) and _only_results(place, paths, results)
    ]
    return tuple(
        file
        for file in chosen
        if file.path not in results or any(is_in(file.path, place) for place in named)
    )


def _with_receipt(files: Sequence[DataFile], packages: frozenset[str]) -> set[str]:
    """The folders with a receipt, but for those of runs whose packages are known one by one."""
    receipts = (
        file.path for file in files if file.package_id not in packages and is_receipt(file.path)
    )
    return {folder for path in receipts if (folder := path.rpartition("/")[0])}


def _place(pattern: str, paths: set[str]) -> str:
    """The file or folder that a pattern leads to before its first wildcard; "" for anywhere."""
    whole = tidy(pattern)
    if any(is_in(path, whole) for path in paths):
        return whole
    parts = whole.split("/")
    wild = (i for i, part in enumerate(parts) if WILD & set(part))
    return "/".join(parts[: next(wild, len(parts))])


def _only_results(place: str, paths: set[str], results: set[str]) -> bool:
    below = {path for path in paths if is_in(path, place)}
    return bool(below) and below <= results
