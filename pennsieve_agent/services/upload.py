"""Uploading files to a dataset: register, store, finalize, and see that they arrived.

``contracts/core.md`` section 4. Every step is noted in a journal, so that the same command goes on
where one that was killed stopped.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.domain.transfers import (
    BATCH_FILES,
    StorageKeys,
    UploadedFile,
    UploadEntry,
    batches,
)
from pennsieve_agent.errors import AgentError, AwsError, PlatformError, SettingsError, StillRunning
from pennsieve_agent.platform.uploads import REGISTERED, is_in_dataset
from pennsieve_agent.services.download import Progress
from pennsieve_agent.services.transfer_collect import LocalFile
from pennsieve_agent.services.transfer_journal import Planned, UploadJournal
from pennsieve_agent.services.transfer_keys import RenewedKeys

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

WORKERS = 8
MOST_TRIES = 3
IMPORT_SECONDS = 600.0
RETRY_SECONDS = 2.0
_STORE_AGAIN = {"object not found", "size mismatch", "sha256 mismatch"}


class Storage(Protocol):
    """Where the bytes go; see :class:`pennsieve_agent.aws.objects.ObjectStore`."""

    def put(
        self,
        file: Path,
        upload_id: str,
        keys: Callable[[], StorageKeys],
        tags: str,
        sent: Callable[[int], None],
    ) -> tuple[int, str]:
        """Upload a file; its size and its SHA-256 as S3 computed it."""
        ...


@dataclass(frozen=True, slots=True)
class Destination:
    """Where files go. ``replace`` puts them in the place of files of the same name."""

    dataset_id: str
    workspace_id: str
    replace: bool = False


@dataclass
class UploadReport:
    """What became of the files, as paths in the dataset. ``size`` is what was sent, in bytes."""

    uploaded: list[str] = field(default_factory=list)
    failed: list[tuple[str, AgentError]] = field(default_factory=list)
    package_ids: dict[str, str] = field(default_factory=dict)
    size: int = 0


@dataclass
class Upload:
    """One upload. ``show`` is told of progress, from many threads."""

    platform: Platform
    storage: Storage
    destination: Destination
    journal: UploadJournal
    now: Callable[[], float]
    sleep: Callable[[float], None]
    show: Callable[[Progress], None]
    import_seconds: float = IMPORT_SECONDS
    workers: int = WORKERS

    def run(self, files: Sequence[LocalFile]) -> UploadReport:
        """Upload files, and wait until they are packages.

        Raises:
            Forbidden: the caller is no editor of the dataset.
            StillRunning: all is uploaded, but not all could be seen in the dataset in time.

        """
        report = UploadReport()
        planned = self.journal.plan(files)
        if not self.journal.manifest:
            self.journal.begin(self.platform.uploads.create(self.destination.dataset_id))
        to_send = self._register([each for each in planned if not each.finalized], report)
        _Sending(self, report).run(to_send)
        taken = [each for each in planned if each.finalized]
        report.uploaded += [each.file.target for each in taken]
        report.package_ids |= {each.file.target: f"N:package:{each.upload_id}" for each in taken}
        self._await_packages(taken)
        if not report.failed:
            self.journal.finish()
        return report

    def _register(self, planned: Sequence[Planned], report: UploadReport) -> list[Planned]:
        """Tell the platform of files; those that are to be sent."""
        to_send = []
        for batch in batches(planned):
            entries = [
                UploadEntry(each.upload_id, each.file.folder, each.file.name) for each in batch
            ]
            states = self.platform.uploads.sync(
                self.destination.dataset_id, self.journal.manifest, entries
            )
            for each in batch:
                state = states.get(each.upload_id)
                if state == REGISTERED:
                    to_send.append(each)
                elif state is not None and is_in_dataset(state):
                    self.journal.note_finalized([each])
                else:
                    refused = PlatformError(
                        f"Pennsieve did not take '{each.file.target}' into the upload",
                        hint="its name may be one that Pennsieve cannot keep",
                    )
                    report.failed.append((each.file.target, refused))
        return to_send

    def _await_packages(self, taken: Sequence[Planned]) -> None:
        """Wait until files are imported: "finalized" only means queued (trap 29)."""
        missing = {each.upload_id for each in taken}
        for pause in (0.0, *pauses(self.import_seconds)):
            if missing and pause:
                self.sleep(pause)
            if missing:
                missing.difference_update(self.platform.uploads.imported(self.journal.manifest))
        if missing:
            raise StillRunning(
                f"{len(missing)} of {len(taken)} files are uploaded, but not in the dataset yet",
                where=f"upload {self.journal.manifest}",
                hint="look later, or run the same command again to go on waiting",
            )


class _Sending:
    """The files in flight, and those that wait to be finalized."""

    def __init__(self, upload: Upload, report: UploadReport) -> None:
        self._upload = upload
        self._report = report
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._files = self._size = self._total_files = self._total_size = 0
        self._tries: dict[str, int] = {}
        self._again: list[Planned] = []
        destination, manifest = upload.destination, upload.journal.manifest
        self._tags = f"OrgId={destination.workspace_id}&DatasetId={destination.dataset_id}"
        self._keys = RenewedKeys(
            lambda: upload.platform.uploads.keys(destination.dataset_id, manifest), upload.now
        )

    def run(self, planned: Sequence[Planned]) -> None:
        """Store and finalize files."""
        self._total_files = len(planned)
        self._total_size = sum(each.file.size for each in planned)
        pending = list(planned)
        with ThreadPoolExecutor(self._upload.workers, thread_name_prefix="upload") as pool:
            try:
                while pending:
                    for batch in batches(self._store(pool, pending)):
                        self._finalize(batch)
                    pending, self._again = self._again, []
                    if pending:
                        self._upload.sleep(RETRY_SECONDS)
            except BaseException:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _store(self, pool: ThreadPoolExecutor, planned: Sequence[Planned]) -> list[Planned]:
        """Store what is not stored yet and finalize full batches on the way; what is left over."""
        ready = [each for each in planned if each.stored is not None]
        self._add(sum(each.file.size for each in ready) if not self._tries else 0)
        waiting = iter([each for each in planned if each.stored is None])
        flying: dict[Future[UploadedFile], Planned] = {}
        while True:
            room = 2 * self._upload.workers - len(flying)
            for each in itertools.islice(waiting, room):
                flying[pool.submit(self._put, each)] = each
            if not flying:
                return ready
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            ready += [each for future in done if self._note(each := flying.pop(future), future)]
            while len(ready) >= BATCH_FILES:
                self._finalize(ready[:BATCH_FILES])
                ready = ready[BATCH_FILES:]

    def _put(self, planned: Planned) -> UploadedFile:
        sent = 0

        def add(size: int) -> None:
            nonlocal sent
            if self._stop.is_set():
                raise AwsError("stopped")
            sent += size
            self._add(size)

        for last in (False, False, True):
            keys = self._keys.current()
            try:
                size, sha256 = self._upload.storage.put(
                    planned.file.path, planned.upload_id, self._keys.current, self._tags, add
                )
                return UploadedFile(planned.upload_id, size, sha256)
            except AwsError:
                self._add(-sent)
                sent = 0
                if last or self._stop.is_set():
                    raise
                self._keys.refused(keys)
                self._upload.sleep(RETRY_SECONDS)
        raise AssertionError("the last try answers or raises")

    def _note(self, planned: Planned, future: Future[UploadedFile]) -> bool:
        try:
            stored = future.result()
        except (AwsError, SettingsError) as error:
            self._report.failed.append((planned.file.target, error))
            return False
        self._upload.journal.note_stored(planned, stored)
        self._report.size += stored.size
        return True

    def _finalize(self, batch: Sequence[Planned]) -> None:
        """Finalize files; those that may work at another try are kept for it."""
        upload = self._upload
        results = upload.platform.uploads.finalize(
            upload.destination.dataset_id,
            upload.journal.manifest,
            [each.stored for each in batch if each.stored is not None],
            replace=upload.destination.replace,
        )
        good = [each for each in batch if not results.get(each.upload_id, "unknown")]
        upload.journal.note_finalized(good)
        self._add(0, len(good))
        for each in batch:
            if why := results.get(each.upload_id, "unknown"):
                self._try_again(each, why)

    def _try_again(self, planned: Planned, why: str) -> None:
        tries = self._tries[planned.upload_id] = self._tries.get(planned.upload_id, 0) + 1
        if tries >= MOST_TRIES:
            self._fail(planned, why)
            return
        if why in _STORE_AGAIN:
            self._add(-planned.file.size)
            planned.stored = None
        self._again.append(planned)

    def _fail(self, planned: Planned, why: str) -> None:
        error = PlatformError(
            f"Pennsieve did not take '{planned.file.target}': {why}",
            hint="run the same command again",
        )
        self._report.failed.append((planned.file.target, error))

    def _add(self, size: int, files: int = 0) -> None:
        with self._lock:
            self._size += size
            self._files += files
            self._upload.show(
                Progress(self._files, self._total_files, self._size, self._total_size)
            )
