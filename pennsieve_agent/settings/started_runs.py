"""Runs that this machine asked own nodes to start, so that none is started twice.

A run's id is chosen here and is on disk before anything is sent; a node takes the same id twice as
one run. There is a file for each start, in a folder beside the settings, readable by its owner
alone. The process that starts a run holds a lock on its file until the node has answered: a file
without an answer that nobody holds belongs to a process that was killed, or whose answer was lost,
and the same command goes on with its id.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.journal_lines import append_entry, entries_of
from pennsieve_agent.settings.private_file import sync_folder

FOLDER = "run-starts"
FINISHED_WITHIN = 24 * 3600
"""For how many seconds the same command goes on with a start that got no answer."""
KEPT_SECONDS = 90 * 24 * 3600
"""How long a start is remembered: as long as nodes remember what was started."""
_DIGEST = 20
_ID = re.compile(r"[0-9a-f-]{36}")


@dataclass
class Start:
    """One start of a run, held by this process. ``kept`` is what was chosen for it, such as a name.

    ``begun_at`` is in unix seconds; ``goes_on`` says that an earlier process began it.
    """

    run_id: str
    begun_at: float
    kept: Mapping[str, str]
    goes_on: bool
    path: Path
    _descriptor: int

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release it; without an answer, the next one like it goes on."""
        os.close(self._descriptor)

    def answered(self, how: str) -> None:
        """Note that the node has said yes or no, so that the same command is a new run.

        Raises:
            SettingsError: it cannot be written.
        """
        try:
            append_entry(self._descriptor, {"answer": how})
        except OSError as error:
            raise _unusable(self.path, error) from error


class RunJournal:
    """The starts of this machine. ``now`` is in unix seconds."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder, self._now = folder, now

    def begin(self, typed: Mapping[str, Any], node: str, kept: Mapping[str, str]) -> Start:
        """Begin a start, or go on with one that got no answer; it is on disk when this returns.

        ``typed`` is what makes two commands the same one, ``node`` the token of the node. ``kept``
        is written down with a new start and comes back, as it was, with one that goes on.

        Raises:
            SettingsError: the folder cannot be used; nothing may be started then.
        """
        text = json.dumps([node, typed], sort_keys=True, ensure_ascii=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._unanswered(digest) or self._new(digest, node, kept)
        except OSError as error:
            raise _unusable(self._folder, error) from error

    def node_of(self, run_id: str) -> str:
        """The node on which this machine started a run; empty when it is not known."""
        if not _ID.fullmatch(run_id):
            return ""
        for path in self._folder.glob(f"*_{run_id}.json"):
            return str((entries_of(path) or [{}])[0].get("node", ""))
        return ""

    def _unanswered(self, digest: str) -> Start | None:
        """The latest start like this that got no answer and that no living process holds."""
        starts = [start for path in self._files(digest) if (start := self._taken(path))]
        starts.sort(key=lambda start: start.begun_at)
        for other in starts[:-1]:
            os.close(other._descriptor)  # noqa: SLF001 - the class is this module's
        return starts[-1] if starts else None

    def _taken(self, path: Path) -> Start | None:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            entries = entries_of(path)
        except OSError:  # another process is at it
            os.close(descriptor)
            return None
        open_ = len(entries) == 1 and self._now() - entries[0].get("at", 0) < FINISHED_WITHIN
        if not open_:
            os.close(descriptor)
            return None
        entry = entries[0]
        return Start(entry["id"], entry["at"], entry["kept"], True, path, descriptor)  # noqa: FBT003

    def _new(self, digest: str, node: str, kept: Mapping[str, str]) -> Start:
        """A new file, complete from the moment at which it has its name."""
        self._prune()
        run_id, at = str(uuid.uuid4()), self._now()
        descriptor, name = tempfile.mkstemp(prefix=".new-", dir=self._folder)  # mode 0600
        path = self._folder / f"{digest}_{run_id}.json"
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            append_entry(descriptor, {"id": run_id, "at": at, "node": node, "kept": dict(kept)})
            Path(name).replace(path)
            sync_folder(self._folder)
        except BaseException:
            os.close(descriptor)
            Path(name).unlink(missing_ok=True)
            raise
        return Start(run_id, at, dict(kept), False, path, descriptor)  # noqa: FBT003

    def _files(self, digest: str) -> Iterator[Path]:
        yield from self._folder.glob(f"{digest}_*.json")

    def _prune(self) -> None:
        for path in self._folder.iterdir():
            with contextlib.suppress(OSError):
                if self._now() - path.stat().st_mtime > KEPT_SECONDS:
                    path.unlink()


def _unusable(where: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"the journal of runs cannot be written: {error.strerror or 'the system refused'}",
        where=str(where),
        hint="make room, or make the folder writable; nothing is started without it",
    )
