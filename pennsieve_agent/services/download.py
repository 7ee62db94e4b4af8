"""Downloading files of a dataset: many at once, and again from where it stopped."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.transfers import (
    BlockedFile,
    Checksums,
    SignedFile,
    batches,
    local_paths,
)
from pennsieve_agent.errors import AgentError, PlatformError, SettingsError, UsageProblem
from pennsieve_agent.platform.tree import safe_name
from pennsieve_agent.services.transfer_file import Fetching, Place, fetch, same

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

WORKERS = 8
PACKAGES_AT_ONCE = 200
"""So few, so that an address is used soon after it was signed (core.md 8, trap 22)."""

_SHOWN = 3
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a transfer is; sizes are bytes."""

    files: int
    total_files: int
    size: int
    total_size: int


@dataclass
class DownloadReport:
    """What became of the files; paths are below the target folder."""

    fetched: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    blocked: list[tuple[Path, str]] = field(default_factory=list)
    failed: list[tuple[Path, AgentError]] = field(default_factory=list)
    size: int = 0

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is there."""
        return not self.blocked and not self.failed


@dataclass
class Download:
    """One download. ``show`` is told of progress, from many threads."""

    platform: Platform
    dataset_id: str
    target: Path
    sleep: Callable[[float], None]
    show: Callable[[Progress], None]
    overwrite: bool = False
    workers: int = WORKERS

    def run(self, files: Sequence[DataFile]) -> DownloadReport:
        """Fetch files to where their paths say, below the target folder.

        A file that is there already is left alone.

        Raises:
            UsageProblem: another file is where one should go, and ``overwrite`` is not set; then
                nothing was fetched.
            SettingsError: the disk is full or does not take a file.

        """
        report = DownloadReport()
        checksums = self.platform.downloads.checksums(self.dataset_id)
        wanted = self._wanted(self._places(files, checksums), report)
        self._check_space(sum(file.size for file, _ in wanted))
        counter = _Counter(len(wanted), sum(file.size for file, _ in wanted), self.show)
        _Fetches(self, counter, report).run(wanted)
        return report

    def _places(
        self, files: Sequence[DataFile], checksums: Checksums
    ) -> list[tuple[DataFile, Place]]:
        known = {(package, safe_name(name)): text for (package, name), text in checksums.items()}
        return [
            (file, Place(self.target, self.target / path, known.get(_key(file), "")))
            for file, path in local_paths(files)
        ]

    def _wanted(
        self, placed: Sequence[tuple[DataFile, Place]], report: DownloadReport
    ) -> list[tuple[DataFile, Place]]:
        """What is to be fetched; what is there already is noted."""
        wanted, others = [], []
        for file, place in placed:
            if same(place.path, file.size, place.checksum):
                report.skipped.append(place.path.relative_to(self.target))
                continue
            is_folder = place.path.is_dir() and not place.path.is_symlink()
            if is_folder or (not self.overwrite and _exists(place.path)):
                others.append(place.path)
            wanted.append((file, place))
        if others:
            names = ", ".join(f"'{path.relative_to(self.target)}'" for path in others[:_SHOWN])
            more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
            raise UsageProblem(
                f"other files are there already: {names}{more}",
                where=str(self.target),
                hint="replace them with --overwrite, or choose another folder with --to",
            )
        return wanted

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


class _Counter:
    """Adds up what many threads report."""

    def __init__(self, files: int, size: int, show: Callable[[Progress], None]) -> None:
        self._total_files, self._total_size, self._show = files, size, show
        self._files, self._size = 0, 0
        self._lock = threading.Lock()

    def add(self, size: int, files: int = 0) -> None:
        """So many more bytes, or fewer when a file begins anew."""
        with self._lock:
            self._size += size
            self._files += files
            self._show(Progress(self._files, self._total_files, self._size, self._total_size))


class _Fetches:
    """The files in flight."""

    def __init__(self, download: Download, counter: _Counter, report: DownloadReport) -> None:
        self._download = download
        self._counter = counter
        self._report = report
        self._stop = threading.Event()
        self._places: dict[Future[None], tuple[DataFile, Place]] = {}

    def run(self, wanted: Sequence[tuple[DataFile, Place]]) -> None:
        downloads = self._download.platform.downloads
        tools = self._download
        with (
            downloads.fetcher() as fetcher,
            ThreadPoolExecutor(tools.workers, thread_name_prefix="download") as pool,
        ):
            fetching = Fetching(fetcher, self._fresh, tools.sleep, self._counter.add, self._stop)
            try:
                for batch in batches(wanted, PACKAGES_AT_ONCE):
                    for signed, file, place in self._signed(batch):
                        self._places[pool.submit(fetch, signed, place, fetching)] = (file, place)
                    self._collect(tools.workers)
                self._collect(0)
            except BaseException:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _signed(
        self, batch: Sequence[tuple[DataFile, Place]]
    ) -> list[tuple[SignedFile, DataFile, Place]]:
        """The files of a batch with their addresses; the blocked and the missing are noted."""
        ids = list(dict.fromkeys(file.package_id for file, _ in batch))
        manifest = self._download.platform.downloads.manifest(self._download.dataset_id, ids)
        signed: dict[_Key, list[SignedFile]] = {}
        for each in manifest.files:
            signed.setdefault((each.package_id, safe_name(each.name)), []).append(each)
        blocked = {(each.package_id, safe_name(each.name)): each for each in manifest.blocked}
        found = []
        for file, place in batch:
            if candidates := signed.get(_key(file)):
                found.append((candidates.pop(0), file, place))
            else:
                self._missing(place, blocked.get(_key(file)))
        return found

    def _missing(self, place: Place, blocked: BlockedFile | None) -> None:
        path = place.path.relative_to(self._download.target)
        if blocked is not None:
            self._report.blocked.append((path, blocked.scan_status))
            return
        gone = PlatformError(
            f"Pennsieve gives no address for '{path}'", hint="it may have been deleted just now"
        )
        self._report.failed.append((path, gone))

    def _collect(self, most: int) -> None:
        """Wait until at most so many are in flight."""
        while len(self._places) > most:
            done, _ = wait(self._places, return_when=FIRST_COMPLETED)
            for future in done:
                file, place = self._places.pop(future)
                path = place.path.relative_to(self._download.target)
                try:
                    future.result()
                except PlatformError as error:
                    self._report.failed.append((path, error))
                else:
                    self._report.fetched.append(path)
                    self._report.size += file.size
                    self._counter.add(0, 1)

    def _fresh(self, old: SignedFile) -> SignedFile:
        """A new address for a file whose old one storage does not accept any more."""
        downloads = self._download.platform.downloads
        manifest = downloads.manifest(self._download.dataset_id, [old.package_id])
        for each in manifest.files:
            if (each.package_id, each.name, each.size) == (old.package_id, old.name, old.size):
                return each
        raise PlatformError(
            f"Pennsieve gives no new address for '{old.name}'",
            where=old.package_id,
            hint="it may have been changed or deleted; try again",
        )


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _key(file: DataFile) -> _Key:
    return file.package_id, file.path.rpartition("/")[2]
