"""What an upload has done, on disk, so that one that was killed goes on without doubles.

The upload ids are chosen and written down before anything is sent; with the same id, the platform
takes a repeated step as the same file (``contracts/core.md`` 4.1). One JSON object a line is
appended; half a last line, of a process that was killed, counts as nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pennsieve_agent.domain.transfers import LocalFile, UploadedFile
from pennsieve_agent.errors import SettingsError, UsageProblem


def journal_path(folder: Path, *words: str) -> Path:
    """Where the journal of an upload lies that these words describe: from where, to where, how."""
    mark = hashlib.sha256("\0".join(words).encode("utf-8", "replace")).hexdigest()[:20]
    return folder / f"{mark}.jsonl"


@dataclass
class Planned:
    """A local file with its upload id, and how far it is."""

    file: LocalFile
    upload_id: str
    stored: UploadedFile | None = None
    finalized: bool = False


class UploadJournal:
    """The journal of one upload; held by one process at a time."""

    def __init__(
        self, path: Path, *, shared: bool = False, wrote: Callable[[Path], None] = lambda _: None
    ) -> None:
        """Open the journal at a path; a new one if there is none.

        ``shared`` asks for no lock, where something else sees to it that one process is at it.
        ``wrote`` is told when something was written without which a repetition would make doubles.

        Raises:
            UsageProblem: another process is at this upload.
            SettingsError: the file cannot be used.

        """
        self._path, self._wrote = path, wrote
        self.manifest = ""
        self._known: dict[str, Planned] = {}
        self._by_id: dict[str, Planned] = {}
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            self._file = os.fdopen(descriptor, "a+", encoding="utf-8")
        except OSError as error:
            raise self._unusable(error) from error
        if not shared:
            self._lock()
        self._load()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file, which stays."""
        self._file.close()

    @property
    def goes_on(self) -> bool:
        """Whether an earlier process began this upload."""
        return bool(self.manifest)

    def plan(self, files: Sequence[LocalFile]) -> list[Planned]:
        """The files with their upload ids, which are on disk when this returns.

        A file that changed since it was stored is stored again; one that changed since it was
        finalized is a new file.
        """
        planned = [self._planned(file) for file in files]
        self._write(
            *(
                {
                    "file": item.file.target,
                    "id": item.upload_id,
                    "size": item.file.size,
                    "mtime_ns": item.file.mtime_ns,
                }
                for item in planned
                if self._by_id.get(item.upload_id) is not item
            )
        )
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._unusable(error) from error
        self._by_id = {item.upload_id: item for item in planned}
        # Planned once more, a file is the one that it was.
        self._known |= {item.file.target: item for item in planned}
        return planned

    def begin(self, manifest: str) -> None:
        """Note the manifest."""
        self.manifest = manifest
        self._write({"manifest": manifest})

    def note_stored(self, planned: Planned, stored: UploadedFile) -> None:
        """Note that a file lies in storage."""
        planned.stored = stored
        self._write({"stored": stored.upload_id, "size": stored.size, "sha256": stored.sha256})

    def note_finalized(self, planned: Iterable[Planned]) -> None:
        """Note that files were taken for import."""
        finalized = list(planned)
        for item in finalized:
            item.finalized = True
        self._write(*({"finalized": item.upload_id} for item in finalized))

    def finish(self) -> None:
        """Forget the upload: it is done."""
        self._path.unlink(missing_ok=True)

    def _planned(self, file: LocalFile) -> Planned:
        known = self._known.get(file.target)
        if known is None:
            return Planned(file, str(uuid.uuid4()))
        if (known.file.size, known.file.mtime_ns) == (file.size, file.mtime_ns):
            known.file = file
            return known
        return Planned(file, str(uuid.uuid4()) if known.finalized else known.upload_id)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise UsageProblem(
                "another process is doing this upload already",
                where=str(self._path),
                hint="wait until it has ended",
            ) from None

    def _load(self) -> None:
        self._file.seek(0)
        for line in self._file:
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError):
                continue
        self._file.write("\n")  # ends half a line, if there is one

    def _take(self, entry: dict[str, Any]) -> None:
        if "manifest" in entry:
            self.manifest = str(entry["manifest"])
        elif "file" in entry:
            folder, _, name = str(entry["file"]).rpartition("/")
            file = LocalFile(Path(), folder, name, int(entry["size"]), int(entry["mtime_ns"]))
            planned = Planned(file, str(entry["id"]))
            self._known[str(entry["file"])] = self._by_id[planned.upload_id] = planned
        elif "stored" in entry:
            item = self._by_id[entry["stored"]]
            item.stored = UploadedFile(item.upload_id, int(entry["size"]), str(entry["sha256"]))
        elif "finalized" in entry:
            self._by_id[entry["finalized"]].finalized = True

    def _write(self, *entries: dict[str, Any]) -> None:
        try:
            for entry in entries:
                self._file.write(f"{json.dumps(entry)}\n")
            self._file.flush()
        except OSError as error:
            raise self._unusable(error) from error
        if any("stored" not in entry for entry in entries):  # what is stored twice is one file
            self._wrote(self._path)

    def _unusable(self, error: OSError) -> SettingsError:
        return SettingsError(
            f"the journal of the upload cannot be written: {error.strerror or error}",
            where=str(self._path),
            hint="make room; nothing is uploaded without it",
        )
