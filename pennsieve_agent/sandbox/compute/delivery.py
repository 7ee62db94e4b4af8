"""Where a delivered file may go: inside the dataset, and never over another file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from pennsieve_agent.errors import AgentError
from pennsieve_agent.sandbox.store import Store

TEMPORARY_PREFIX = ".pennsieve-"
"""Files of this name are not part of a dataset (see :mod:`pennsieve_agent.sandbox.scan`)."""
MAX_NAME_BYTES = 120
PIECE_BYTES = 4 * 1024 * 1024


def keep_both(name: str) -> Iterator[str]:
    """A name, then its numbered variants: `` (N)`` goes before the first dot (``core.md`` 4.5)."""
    yield name
    stem, dot, rest = name.partition(".")
    number = 0
    while True:
        number += 1
        yield f"{stem} ({number}){dot}{rest}"


def folder_name(text: str) -> str:
    """Free text as the name of one folder."""
    safe = "".join("_" if c in "/\\:" or not c.isprintable() else c for c in text)
    safe = safe.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip()
    return f"_{safe}" if not safe or safe.startswith(".") else safe


def inner_folder(root: Path, relative: str) -> Path:
    """Make a folder below a dataset's, if it is not there.

    Raises:
        AgentError: it would not be inside the dataset, or a file has its name.
        OSError: it cannot be made.

    """
    parts = [part for part in relative.split("/") if part not in {"", "."}]
    if ".." in parts or "\0" in relative:
        raise AgentError(f"'{relative}' leads out of the dataset")
    top = here = root.resolve()
    for part in parts:
        here = here / part
        try:
            here.mkdir(exist_ok=True)
        except FileExistsError:
            raise AgentError(f"'{part}' is a file of the dataset, not a folder") from None
        if not here.resolve().is_relative_to(top):
            raise AgentError(f"'{relative}' leads out of the dataset through a link")
    return here


class Deliveries:
    """What one step of a run has delivered, so that a repeated step delivers nothing twice."""

    def __init__(
        self, store: Store, run_uuid: str, node_id: str, check: Callable[[], None]
    ) -> None:
        """``check`` may raise to end a delivery; no half of a file stays then."""
        self._store = store
        self._key = (run_uuid, node_id)
        self._check = check

    def deliver(self, source: Path, relative: str, folder: Path, root: Path) -> str:
        """Copy a file into a folder of the dataset; answers its path there.

        ``relative`` is the file's path among the step's files. The file appears at once and
        complete, under the first name that is free.

        Raises:
            OSError: for example, no space left.

        """
        before = self._recorded(relative)
        if before is not None and (root / before).is_file():
            return before
        mark = hashlib.sha256("\0".join((*self._key, relative)).encode()).hexdigest()[:16]
        temporary = folder / f"{TEMPORARY_PREFIX}{mark}"
        try:
            copy_file(source, temporary, self._check)
            name = relative.rpartition("/")[2]
            for candidate in keep_both(name):
                target = folder / candidate
                path = target.relative_to(root).as_posix()
                if not os.path.lexists(target):
                    self._record(relative, path)
                    if _appear(temporary, target):
                        return path
        finally:
            temporary.unlink(missing_ok=True)
        raise AssertionError("names never end")

    def _recorded(self, relative: str) -> str | None:
        row = self._store.row(
            "SELECT target FROM workflow_deliveries"
            " WHERE run_uuid = ? AND node_id = ? AND source = ?",
            (*self._key, relative),
        )
        return str(row["target"]) if row else None

    def _record(self, relative: str, target: str) -> None:
        self._store.execute(
            "INSERT OR REPLACE INTO workflow_deliveries VALUES (?, ?, ?, ?)",
            (*self._key, relative, target),
        )


def _appear(temporary: Path, target: Path) -> bool:
    """Give a file its name, if that is still free; answers whether it was."""
    try:
        target.hardlink_to(temporary)
    except FileExistsError:
        return False
    except OSError:  # a disk without hard links
        temporary.rename(target)
    return True


def copy_file(source: Path, target: Path, check: Callable[[], None]) -> None:
    """Copy a file's content; ``check`` is called between pieces and may raise to end it.

    Raises:
        OSError: for example, no space left.

    """
    with source.open("rb") as reading, target.open("wb") as writing:
        while piece := reading.read(PIECE_BYTES):
            check()
            writing.write(piece)
