"""Batches that this machine started, so that none of their runs is started twice.

There is a file for each batch, beside the settings, readable by its owner alone: what the batch is,
then a line for each thing that happened to it. The process that sends a batch holds a lock on its
file. A batch whose answer was lost, or whose terminal was closed, is gone on with by the same
command, or by its name.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Self

from pennsieve_agent.errors import Conflict, SettingsError
from pennsieve_agent.settings.journal_lines import append_entry, entries_of
from pennsieve_agent.settings.private_file import sync_folder
from pennsieve_agent.settings.started_runs import FINISHED_WITHIN, KEPT_SECONDS

FOLDER = "batch-starts"
_DIGEST = 20
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeptBatch:
    """What the first line of a file says. ``node`` is an own node's token, or Pennsieve's id.

    ``own`` says which; ``at`` is in unix seconds.
    """

    id: str
    name: str
    node: str
    own: bool
    at: float
    path: Path

    def document(self) -> dict[str, Any]:
        """What is sent: the start document of an own node, or all runs of Pennsieve's."""
        entries = entries_of(self.path)
        return dict(entries[1].get("document", {})) if len(entries) > 1 else {}

    def events(self) -> list[dict[str, Any]]:
        """What happened since, in order."""
        return entries_of(self.path)[2:]

    def cancel(self) -> None:
        """Note that nothing more is to be sent, for whichever process sends it.

        Raises:
            SettingsError: it cannot be written.
        """
        try:
            self._mark.touch(mode=0o600)
        except OSError as error:
            raise _unusable(self.path, error) from error

    def is_cancelled(self) -> bool:
        """Whether that was noted."""
        return self._mark.exists()

    def uncancel(self) -> None:
        """Take that back.

        Raises:
            SettingsError: it cannot be written.
        """
        try:
            self._mark.unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(self.path, error) from error

    @property
    def _mark(self) -> Path:
        return self.path.with_suffix(".cancel")


@dataclass
class OpenBatch:
    """A batch that this process sends. ``goes_on``: an earlier process began it."""

    kept: KeptBatch
    goes_on: bool
    _descriptor: int = field(repr=False)

    def note(self, event: Json) -> None:
        """Write down what happened; it is on the disk when this returns.

        Raises:
            SettingsError: it cannot be written.
        """
        try:
            append_entry(self._descriptor, event)
        except OSError as error:
            raise _unusable(self.kept.path, error) from error

    def answered(self, how: str) -> None:
        """Note that all was sent or refused, so that the same command is a new batch."""
        self.note({"answer": how})

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release it; without an answer, the next one like it goes on."""
        os.close(self._descriptor)


class BatchJournal:
    """The batches of this machine. ``now`` is in unix seconds."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder, self._now = folder, now

    def unanswered(self, typed: Json, node: str) -> OpenBatch | None:
        """The latest batch of the same command that got no answer and that nobody sends now.

        Raises:
            SettingsError: the folder cannot be used.
        """
        try:
            paths = self._folder.glob(f"{_digest_of(typed, node)}_*.json")
            known = sorted((kept for path in paths if (kept := _kept(path))), key=lambda k: -k.at)
            for kept in known:
                if self._now() - kept.at >= FINISHED_WITHIN:
                    break
                if batch := _taken(kept):
                    if not any("answer" in event for event in kept.events()):
                        return batch
                    batch.__exit__()
        except OSError as error:
            raise _unusable(self._folder, error) from error
        return None

    def begin(
        self, typed: Json, node: str, name: str, *, own: bool, make: Callable[[str], Json]
    ) -> OpenBatch:
        """A new batch; ``make`` gives what is sent for its id. It is on disk when this returns.

        Raises:
            SettingsError: the folder cannot be used; nothing may be sent then.
        """
        batch_id, at = str(uuid.uuid4()), self._now()
        path = self._folder / f"{_digest_of(typed, node)}_{batch_id}.json"
        head = {"id": batch_id, "name": name, "node": node, "own": own, "at": at}
        document = make(batch_id)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._prune()
            descriptor, new = tempfile.mkstemp(prefix=".new-", dir=self._folder)  # mode 0600
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                append_entry(descriptor, head)
                append_entry(descriptor, {"document": document})
                Path(new).replace(path)
                sync_folder(self._folder)
            except BaseException:
                os.close(descriptor)
                Path(new).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _unusable(self._folder, error) from error

        return OpenBatch(KeptBatch(batch_id, name, node, own, at, path), False, descriptor)  # noqa: FBT003

    def all(self) -> list[KeptBatch]:
        """Every batch that is remembered, newest first."""
        known = [kept for path in self._folder.glob("*_*.json") if (kept := _kept(path))]
        return sorted(known, key=lambda kept: -kept.at)

    def resume(self, kept: KeptBatch) -> OpenBatch:
        """Go on with a batch.

        Raises:
            Conflict: another process sends it.
            SettingsError: its file cannot be used.
        """
        try:
            batch = _taken(kept)
        except OSError as error:
            raise _unusable(kept.path, error) from error
        if batch is None:
            raise Conflict(
                f"batch '{kept.name}' is being sent by another command on this machine",
                where=kept.id,
                hint=f"see its progress: pennsieve run show {kept.id}",
            )
        return batch

    def _prune(self) -> None:
        """Forget old batches of own nodes, which know them themselves."""
        for kept in self.all():
            if kept.own and self._now() - kept.at > KEPT_SECONDS:
                with contextlib.suppress(OSError):
                    kept.path.unlink()


def _taken(kept: KeptBatch) -> OpenBatch | None:
    descriptor = os.open(kept.path, os.O_RDWR | os.O_APPEND)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return OpenBatch(kept, True, descriptor)  # noqa: FBT003


def _kept(path: Path) -> KeptBatch | None:
    """The head of a file; None for what is not one."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        head = json.loads(next(_first_lines(path)))
        return KeptBatch(
            head["id"], head["name"], head["node"], bool(head["own"]), float(head["at"]), path
        )
    return None


def _first_lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        yield from islice((line for line in file if line.strip()), 1)


def _digest_of(typed: Json, node: str) -> str:
    text = json.dumps([node, typed], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]


def _unusable(where: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"the journal of batches cannot be written: {error.strerror or 'the system refused'}",
        where=str(where),
        hint="make room, or make the folder writable; nothing is started without it",
    )
