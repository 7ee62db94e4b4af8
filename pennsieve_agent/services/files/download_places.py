"""Where downloaded files go on this machine, and whether they are there already."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.domain.transfers import SignedFile
from pennsieve_agent.errors import SettingsError, UsageProblem
from pennsieve_agent.transfer.digests import has_checksum
from pennsieve_agent.transfer.fetch import Place


@dataclass(frozen=True, slots=True)
class Target:
    """A file's place. ``checksum`` is "" when none is known."""

    path: Path
    checksum: str = ""

    def place(self, signed: SignedFile) -> Place:
        """The place of that file, which grows beside it under a name of its own."""
        parts = (signed.package_id, signed.name, str(signed.size), self.path.name)
        mark = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:20]
        return Place(self.path, self.path.parent / f".pennsieve-{mark}.part", self.checksum)


@contextlib.contextmanager
def one_download(folder: Path) -> Iterator[None]:
    """Keep other downloads out of a folder: two would write into the same unfinished files.

    Raises:
        UsageProblem: another one is there.
        OSError: the folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageProblem(
                "another download into this folder is running",
                where=str(folder),
                hint="wait until it has ended, or choose another folder with --to",
            ) from None
        except OSError:
            pass  # a file system without locks; new files are still made by one process alone
        yield
    finally:
        os.close(descriptor)


class Folders:
    """The folders below ``root`` that files go to; each is looked at once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._checked: set[Path] = set()

    def make(self, folder: Path) -> None:
        """Make a folder, which no link may put outside the root.

        Raises:
            OSError: the file system refuses.
            SettingsError: it would be outside.

        """
        if folder in self._checked:
            return
        folder.mkdir(parents=True, exist_ok=True)
        if not folder.resolve().is_relative_to(self._root.resolve()):
            raise SettingsError(
                f"'{folder}' is a link that leads out of the target folder",
                where=str(self._root),
                hint="remove the link, or choose another folder",
            )
        self._checked.add(folder)


def is_there(path: Path, size: int | None, checksum: str) -> bool | None:
    """Whether a local file is the one in the dataset; None where only its size says so.

    Where neither size nor checksum is known, it is another one.
    """
    if path.is_symlink() or not path.is_file() or size not in {None, path.stat().st_size}:
        return False
    fits = has_checksum(path, checksum)
    return False if fits is None and size is None else fits
