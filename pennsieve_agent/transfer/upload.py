"""The steps of an upload: register, store, finalize (``contracts/core.md`` section 4).

Every step is noted in a journal, so that a repeated upload goes on where one that was killed
stopped, and makes nothing twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pennsieve_agent.domain.transfers import (
    BATCH_FILES,
    REGISTERED,
    LocalFile,
    StorageKeys,
    TransferProgress,
    UploadedFile,
    UploadEntry,
    batches,
    is_in_dataset,
)
from pennsieve_agent.errors import AgentError, AwsError, PlatformError, SettingsError
from pennsieve_agent.transfer.journal import Planned, UploadJournal
from pennsieve_agent.transfer.keys import RenewedKeys
from pennsieve_agent.transfer.object_store import FileChanged
from pennsieve_agent.transfer.progress import ProgressCounter
from pennsieve_agent.transfer.sender import Stopped
from pennsieve_agent.transfer.workers import Workers

WORKERS = 8
MOST_TRIES = 3
RETRY_SECONDS = 2.0
_STORE_AGAIN = {"object not found", "size mismatch", "sha256 mismatch"}


class Manifests(Protocol):
    """The platform's upload manifests (:mod:`pennsieve_agent.platform.data.uploads`)."""

    def create(self, dataset_id: str) -> str:
        """Make an empty manifest; its id."""
        ...

    def sync(
        self, dataset_id: str, manifest_id: str, files: Sequence[UploadEntry]
    ) -> Mapping[str, int]:
        """Register files; the state of each by upload id."""
        ...

    def keys(self, dataset_id: str, manifest_id: str) -> StorageKeys:
        """Keys to storage."""
        ...

    def finalize(
        self, dataset_id: str, manifest_id: str, files: Sequence[UploadedFile], *, replace: bool
    ) -> Mapping[str, str]:
        """Say that files lie in storage; why each failed by upload id, "" if not."""
        ...


class Storage(Protocol):
    """Where the bytes go; see :class:`pennsieve_agent.transfer.object_store.ObjectStore`."""

    def put(
        self, file: Path, name: str, keys: RenewedKeys, tags: str, sent: Callable[[int], None]
    ) -> tuple[int, str]:
        """Upload a file; its size and its SHA-256 as S3 computed it."""
        ...

    def stop(self) -> None:
        """End what is in flight."""
        ...


@dataclass(frozen=True, slots=True)
class Destination:
    """Where files go. ``replace`` puts them in the place of files of the same name."""

    dataset_id: str
    workspace_id: str
    replace: bool = False

    @property
    def tags(self) -> str:
        """What each object is tagged with (4.3)."""
        return f"OrgId={self.workspace_id}&DatasetId={self.dataset_id}"


@dataclass
class UploadReport:
    """What became of the files, as paths in the dataset. ``size`` is what was sent, in bytes."""

    uploaded: list[str] = field(default_factory=list)
    failed: list[tuple[str, AgentError]] = field(default_factory=list)
    package_ids: dict[str, str] = field(default_factory=dict)
    size: int = 0


def _nobody(_: Sequence[Planned]) -> None:
    """Tell nobody."""


@dataclass
class Upload:
    """One upload. ``show`` is told of progress, from many threads.

    ``finalized`` is told of files that Pennsieve took, before that is written down: what it does
    happens at least once for each file, also when the process is killed.
    """

    manifests: Manifests
    storage: Storage
    destination: Destination
    journal: UploadJournal
    now: Callable[[], float]
    sleep: Callable[[float], None]
    show: Callable[[TransferProgress], None]
    finalized: Callable[[Sequence[Planned]], None] = _nobody
    workers: int = WORKERS

    def run(self, files: Sequence[LocalFile]) -> UploadReport:
        """Upload files. When it returns, Pennsieve has them, and may still be importing them.

        Raises:
            Forbidden: the caller may not edit the dataset.

        """
        report = UploadReport()
        planned = self.journal.plan(files)
        if not self.journal.manifest:
            self.journal.begin(self.manifests.create(self.destination.dataset_id))
        waiting = self._register([item for item in planned if not item.finalized], report)
        _Sending(self, report, waiting).run()
        taken = [item for item in planned if item.finalized]
        report.uploaded += [item.file.target for item in taken]
        report.package_ids |= {item.file.target: f"N:package:{item.upload_id}" for item in taken}
        report.failed.sort(key=lambda row: row[0])  # threads note them as they happen
        return report

    def note_finalized(self, planned: Sequence[Planned]) -> None:
        """Note that Pennsieve took files."""
        if planned:
            self.finalized(planned)
            self.journal.note_finalized(planned)

    def _register(self, planned: Sequence[Planned], report: UploadReport) -> list[Planned]:
        """Tell the platform of files; those that are to be sent."""
        to_send = []
        for batch in batches(planned):
            entries = [
                UploadEntry(item.upload_id, item.file.folder, item.file.name) for item in batch
            ]
            states = self.manifests.sync(
                self.destination.dataset_id, self.journal.manifest, entries
            )
            for item in batch:
                state = states.get(item.upload_id)
                if state == REGISTERED:
                    to_send.append(item)
                elif state is not None and is_in_dataset(state):
                    self.note_finalized([item])
                else:
                    refused = PlatformError(
                        f"Pennsieve did not accept '{item.file.target}' into the upload",
                        hint="Pennsieve may not allow its name",
                    )
                    report.failed.append((item.file.target, refused))
        return to_send


class _Sending:
    """The files in flight, and those that wait to be finalized."""

    def __init__(self, upload: Upload, report: UploadReport, planned: Sequence[Planned]) -> None:
        self._upload = upload
        self._report = report
        self._planned = planned
        self._stop = threading.Event()
        self._lock = threading.Lock()
        size = sum(item.file.size for item in planned)
        self._counter = ProgressCounter(len(planned), size, upload.show)
        self._tries: dict[str, int] = {}
        self._again: list[Planned] = []
        self._ready: list[Planned] = []
        destination, manifest = upload.destination, upload.journal.manifest
        self._keys = RenewedKeys(
            lambda: upload.manifests.keys(destination.dataset_id, manifest), upload.now
        )

    def run(self) -> None:
        """Store and finalize files."""
        pending = list(self._planned)
        self._ready = [item for item in pending if item.stored is not None]
        self._counter.add(sum(item.file.size for item in self._ready))
        while pending:
            missing = [item for item in pending if item.stored is None]
            self._store(missing)
            for batch in self._full_batches(1):
                self._finalize(batch)
            pending, self._again = self._again, []
            self._ready = [item for item in pending if item.stored is not None]
            if pending:
                self._upload.sleep(RETRY_SECONDS)

    def _store(self, missing: Sequence[Planned]) -> None:
        """Store files, and finalize full batches on the way."""

        def feed() -> Iterator[Planned]:
            for item in missing:
                for batch in self._full_batches(BATCH_FILES):
                    self._finalize(batch)
                yield item

        workers = min(self._upload.workers, len(missing))
        Workers(workers, self._put, self._end, name="upload").run(feed())

    def _end(self) -> None:
        self._stop.set()
        self._upload.storage.stop()

    def _full_batches(self, least: int) -> Iterable[list[Planned]]:
        """Batches of what waits to be finalized, of so many files at least."""
        while True:
            with self._lock:
                if len(self._ready) < least:
                    return
                batch, self._ready = self._ready[:BATCH_FILES], self._ready[BATCH_FILES:]
            yield batch

    def _put(self, planned: Planned) -> None:
        try:
            stored = self._stored(planned)
        except (AwsError, SettingsError) as error:
            with self._lock:
                self._report.failed.append((planned.file.target, error))
            return
        with self._lock:
            self._upload.journal.note_stored(planned, stored)
            self._report.size += stored.size
            self._ready.append(planned)

    def _stored(self, planned: Planned) -> UploadedFile:
        """A file in storage; one that changes while it is sent is sent again."""
        sent = 0

        def add(size: int) -> None:
            nonlocal sent
            if self._stop.is_set():
                raise Stopped("stopped")
            with self._lock:
                sent += size
            self._counter.add(size)

        tries = 0
        while True:
            tries += 1
            try:
                size, sha256 = self._upload.storage.put(
                    planned.file.path,
                    planned.upload_id,
                    self._keys,
                    self._upload.destination.tags,
                    add,
                )
                if not size:  # empty files were left out, as Pennsieve takes none
                    raise FileChanged(str(planned.file.path))
                return UploadedFile(planned.upload_id, size, sha256)
            except (AwsError, SettingsError) as error:
                self._counter.add(-sent)
                sent = 0
                if not isinstance(error, FileChanged) or tries >= MOST_TRIES:
                    raise
            self._upload.sleep(RETRY_SECONDS)

    def _finalize(self, batch: Sequence[Planned]) -> None:
        """Finalize files; those that may work at another try are kept for it."""
        upload = self._upload
        results = upload.manifests.finalize(
            upload.destination.dataset_id,
            upload.journal.manifest,
            [item.stored for item in batch if item.stored is not None],
            replace=upload.destination.replace,
        )
        good = [item for item in batch if not results.get(item.upload_id, "unknown")]
        with self._lock:  # one line of the journal at a time
            upload.note_finalized(good)
        self._counter.add(0, len(good))
        for item in batch:
            if why := results.get(item.upload_id, "unknown"):
                self._try_again(item, why)

    def _try_again(self, planned: Planned, why: str) -> None:
        tries = self._tries[planned.upload_id] = self._tries.get(planned.upload_id, 0) + 1
        if tries >= MOST_TRIES:
            error = PlatformError(
                f"Pennsieve did not accept '{planned.file.target}': {why}",
                hint="run the same command again",
            )
            self._report.failed.append((planned.file.target, error))
            return
        if why in _STORE_AGAIN:
            self._counter.add(-planned.file.size)
            planned.stored = None
        self._again.append(planned)
