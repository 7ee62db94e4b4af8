"""The files of datasets that runs on this machine read, kept from one run to the next.

A file lies below the dataset and its package: ``<dataset>/<package>/<name>``, so that files of one
name never meet. What is there is compared before it is used, by its checksum where Pennsieve has
one, else by its size; a damaged or another file is fetched again. Files that no run has read for
:data:`UNUSED_SECONDS` are deleted by the next run.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.errors import PlatformError, UsageProblem
from pennsieve_agent.services.files.download import Download, DownloadReport

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile, Dataset

UNUSED_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class InputCache:
    """The cache in a folder; another Pennsieve has another. ``now`` is in unix seconds.

    ``note`` is told of what could not be compared.
    """

    root: Path
    now: Callable[[], float]
    note: Callable[[str], None]

    def folder(self, dataset: Dataset) -> Path:
        """The folder of a dataset."""
        return self.root / _last(dataset.id)

    def missing(self, dataset: Dataset, files: Sequence[DataFile]) -> int | None:
        """How many bytes would be fetched, by the sizes alone; None where not all are known."""
        sizes = [
            file.size for file in files if not _has_size(self.folder(dataset) / _kept(file), file)
        ]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None

    def places(self, files: Sequence[DataFile], report: DownloadReport) -> dict[str, str]:
        """Where each file lies below the dataset's folder, by its path in the dataset."""
        renamed = {path: here.as_posix() for path, here in report.renamed}
        return {file.path: renamed.get(_kept(file), _kept(file)) for file in files}

    def fetch(
        self, dataset: Dataset, files: Sequence[DataFile], download: Download
    ) -> dict[str, str]:
        """Have all files; where they lie, as by :meth:`places`.

        Raises:
            UsageProblem: another run is fetching files of the dataset, or two have one path.
            PlatformError: a file cannot be fetched; the others are kept for the next try.
            SettingsError: the disk is full.
        """
        _refuse_equal(files)
        self._forget()
        report = download.run([replace(file, path=_kept(file)) for file in files])
        if not report.complete:
            raise _incomplete(report, {_kept(file): file.path for file in files})
        if count := len(report.unchecked):
            self.note(
                f"files compared by size alone, as Pennsieve has no checksum of them: {count}; "
                f"to fetch them again, delete {self.folder(dataset)}"
            )
        places = self.places(files, report)
        for place in places.values():
            with contextlib.suppress(OSError):  # its age alone, and a run needs it now
                os.utime((self.folder(dataset) / place).parent, (self.now(), self.now()))
        return places

    def _forget(self) -> None:
        """Delete what was not read for long. What cannot be deleted stays."""
        before = self.now() - UNUSED_SECONDS
        for package in _folders(self.root):
            with contextlib.suppress(OSError):
                if package.stat().st_mtime < before:
                    shutil.rmtree(package, ignore_errors=True)


def _refuse_equal(files: Sequence[DataFile]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        if seen.setdefault(file.path, file.package_id) != file.package_id:
            raise UsageProblem(
                f"two files are called '{file.path}'", hint="rename one of them in the dataset"
            )


def _folders(root: Path) -> Iterator[Path]:
    for path in root.glob("*/*"):
        if path.is_dir() and not path.is_symlink():
            yield path


def _last(id_: str) -> str:
    """The part of an id that is its own, as the name of a folder."""
    return id_.rpartition(":")[2]


def _kept(file: DataFile) -> str:
    return f"{_last(file.package_id)}/{file.path.rpartition('/')[2]}"


def _has_size(path: Path, file: DataFile) -> bool:
    return path.is_file() and file.size in {None, path.stat().st_size}


def _incomplete(report: DownloadReport, names: dict[str, str]) -> PlatformError:
    """The error of files that could not be fetched, by their names in the dataset."""
    held = [
        (path, f"held back by Pennsieve's scanner ({status})") for path, status in report.blocked
    ]
    problems = [*held, *((path, error.message) for path, error in report.failed)]
    path, why = problems[0]
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    name = names.get(path.as_posix(), path.as_posix())
    return PlatformError(
        f"'{name}'{more} cannot be downloaded: {why}",
        hint="the other files are kept; type the same command again, or choose others with --files",
    )
