"""Downloading files of a dataset: many at once, and again from where it stopped."""

from __future__ import annotations

import contextlib
import random
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.local_names import local_paths
from pennsieve_agent.domain.transfers import (
    BlockedFile,
    Checksums,
    SignedFile,
    TransferProgress,
    batches,
    checksums_of,
)
from pennsieve_agent.errors import AgentError, PlatformError, SettingsError, UsageProblem
from pennsieve_agent.platform.data.tree import safe_name
from pennsieve_agent.services.files.download_places import Folders, Target, is_there, one_download
from pennsieve_agent.services.files.file_system import file_system
from pennsieve_agent.transfer import receive
from pennsieve_agent.transfer.download import WORKERS, fetch_all
from pennsieve_agent.transfer.fetch import Fetching, Place, writing
from pennsieve_agent.transfer.progress import ProgressCounter
from pennsieve_agent.transfer.sender import Sender

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

PACKAGES_AT_ONCE = 200
"""So few, so that an address is used soon after it was signed (core.md 8, trap 22)."""

_SHOWN = 3
_Key = tuple[str, str]


@dataclass
class DownloadReport:
    """What became of the files; paths are below the target folder.

    ``unchecked`` are those of the skipped that were compared by size alone. ``renamed`` are paths
    in the dataset, and where their files are, as they could not keep them. ``importing`` are paths
    in the dataset of files that Pennsieve has not imported yet.
    """

    fetched: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    unchecked: list[Path] = field(default_factory=list)
    blocked: list[tuple[Path, str]] = field(default_factory=list)
    failed: list[tuple[Path, AgentError]] = field(default_factory=list)
    renamed: list[tuple[str, Path]] = field(default_factory=list)
    importing: list[str] = field(default_factory=list)
    size: int = 0

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is there."""
        return not self.blocked and not self.failed and not self.importing

    def sort(self) -> None:
        """By path: files arrive in another order each time, and reports are compared."""
        self.fetched.sort()
        self.blocked.sort()
        self.failed.sort(key=lambda row: row[0])


@dataclass
class Download:
    """One download. ``show`` is told of progress, from many threads.

    ``overwrite`` replaces other files; with ``trusts_size``, those of the right size stay where
    Pennsieve has no checksum that can be compared.
    """

    platform: Platform
    sender: Sender
    dataset_id: str
    target: Path
    sleep: Callable[[float], None]
    show: Callable[[TransferProgress], None]
    overwrite: bool = False
    trusts_size: bool = False
    workers: int = WORKERS

    def run(self, files: Sequence[DataFile]) -> DownloadReport:
        """Fetch files to where their paths say, below the target folder.

        A file that is there already is left alone.

        Raises:
            UsageProblem: another download into the folder is running, or another file is where one
                should go and ``overwrite`` is not set; then nothing was fetched.
            SettingsError: the disk is full or does not take a file.

        """
        with contextlib.ExitStack() as held:
            with writing(self.target):
                held.enter_context(one_download(self.target))
            return self._run(files)

    def _run(self, files: Sequence[DataFile]) -> DownloadReport:
        report = DownloadReport()
        targets = self._targets(files, self._checksums())
        report.renamed += [
            (file.path, here)
            for file, target in targets
            if (here := target.path.relative_to(self.target)).as_posix() != file.path
        ]
        missing = self._missing(targets, report)
        size = sum(file.size or 0 for file, _ in missing)  # for the space and the progress
        self._check_space(size)
        counter = ProgressCounter(len(missing), size, self.show)
        _Fetches(self, counter, report).run(missing)
        report.sort()
        return report

    def _checksums(self) -> Checksums:
        """The checksums of the dataset's files; none where Pennsieve cannot say, as they only help.

        Without our token: the document lies in storage.
        """
        try:
            url = self.platform.downloads.checksums_url(self.dataset_id)
            return checksums_of(receive.read(self.sender, url, self.sleep))
        except (PlatformError, ValueError):
            return {}

    def _targets(
        self, files: Sequence[DataFile], checksums: Checksums
    ) -> list[tuple[DataFile, Target]]:
        with writing(self.target):
            system = file_system(self.target, files)
        known = {(package, safe_name(name)): text for (package, name), text in checksums.items()}
        return [
            (file, Target(self.target / path, known.get(_key(file), "")))
            for file, path in local_paths(files, system)
        ]

    def _missing(
        self, targets: Sequence[tuple[DataFile, Target]], report: DownloadReport
    ) -> list[tuple[DataFile, Target]]:
        """What is to be fetched; what is there already is noted."""
        missing, others = [], []
        for file, target in targets:
            fits = is_there(target.path, file.size, target.checksum)
            if fits or (fits is None and (self.trusts_size or not self.overwrite)):
                report.skipped.append(self._relative(target.path))
                report.unchecked += [] if fits else [self._relative(target.path)]
                continue
            is_folder = target.path.is_dir() and not target.path.is_symlink()
            if is_folder or (not self.overwrite and _exists(target.path)):
                others.append(target.path)
            missing.append((file, target))
        if others:
            names = ", ".join(f"'{path.relative_to(self.target)}'" for path in others[:_SHOWN])
            more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
            raise UsageProblem(
                f"other files are there already: {names}{more}",
                where=str(self.target),
                hint="replace them with --overwrite, or choose another folder with --to",
            )
        return missing

    def _relative(self, path: Path) -> Path:
        return path.relative_to(self.target)

    def _check_space(self, needed: int) -> None:
        folder = self.target
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        if needed > free:
            raise SettingsError(
                f"the disk has room for {free} bytes, and {needed} are needed",
                where=str(self.target),
                hint="make room, or choose another folder with --to",
            )


class _Fetches:
    """The files in flight."""

    def __init__(
        self, download: Download, counter: ProgressCounter, report: DownloadReport
    ) -> None:
        self._download = download
        self._counter = counter
        self._report = report
        self._lock = threading.Lock()

    def run(self, missing: Sequence[tuple[DataFile, Target]]) -> None:
        download = self._download
        tools = Fetching(
            download.sender,
            self._fresh,
            download.sleep,
            self._counter.add,
            random.random,
            Folders(download.target).make,
        )
        files = (
            item for batch in batches(missing, PACKAGES_AT_ONCE) for item in self._signed(batch)
        )
        fetch_all(files, tools, self._note, download.workers)

    def _signed(
        self, batch: Sequence[tuple[DataFile, Target]]
    ) -> Iterator[tuple[SignedFile, Place]]:
        """The files of a batch with their addresses; the blocked and the missing are noted."""
        ids = list(dict.fromkeys(file.package_id for file, _ in batch))
        manifest = self._download.platform.downloads.manifest(self._download.dataset_id, ids)
        signed: dict[_Key, list[SignedFile]] = {}
        for row in manifest.files:
            signed.setdefault((row.package_id, safe_name(row.name)), []).append(row)
        blocked = {(row.package_id, safe_name(row.name)): row for row in manifest.blocked}
        for file, target in batch:
            if candidates := signed.get(_key(file)):
                address = candidates.pop(0)
                yield address, target.place(address)
            else:
                self._missing(target, blocked.get(_key(file)))

    def _missing(self, target: Target, blocked: BlockedFile | None) -> None:
        path = self._relative(target.path)
        if blocked is not None:
            self._report.blocked.append((path, blocked.scan_status))
            return
        missing = PlatformError(
            f"Pennsieve gives no address for '{path}'", hint="it may have been deleted just now"
        )
        self._report.failed.append((path, missing))

    def _note(self, signed: SignedFile, place: Place, error: PlatformError | None) -> None:
        path = self._relative(place.path)
        with self._lock:
            if error is not None:
                self._report.failed.append((path, error))
                return
            self._report.fetched.append(path)
            self._report.size += signed.size
        self._counter.add(0, 1)

    def _relative(self, path: Path) -> Path:
        return path.relative_to(self._download.target)

    def _fresh(self, old: SignedFile) -> SignedFile:
        """A new address for a file whose old one storage does not accept any more."""
        downloads = self._download.platform.downloads
        manifest = downloads.manifest(self._download.dataset_id, [old.package_id])
        for row in manifest.files:
            if (row.package_id, row.name, row.size) == (old.package_id, old.name, old.size):
                return row
        raise PlatformError(
            f"Pennsieve gives no new address for '{old.name}'",
            where=old.package_id,
            hint="it may have been changed or deleted; try again",
        )


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _key(file: DataFile) -> _Key:
    return file.package_id, file.path.rpartition("/")[2]
