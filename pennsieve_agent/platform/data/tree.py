"""Paths of a dataset's packages, built from a flat listing.

The listing is ordered by number, and a folder made after the things that were moved into it comes
after them (``contracts/core.md`` 3.4). A package waits until all folders above it are known; only
the folders and the waiting packages are in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pennsieve_agent.domain.datasets import DataFile

_FORBIDDEN = str.maketrans({"/": "_", "\0": "_"})


class SourceFile(NamedTuple):
    """A file of a package: its size in bytes, and the checksum of its upload, if any."""

    name: str
    size: int | None
    checksum: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """An item of the listing. ``parent`` is a folder's number.

    The size of a file is None where the platform tells none.
    """

    number: int
    node_id: str
    name: str
    parent: int | None
    is_folder: bool
    files: tuple[SourceFile, ...] = ()
    created_at: str = ""


def safe_name(name: str) -> str:
    """A name as one element of a path; names come from other people (core.md 8, trap 26)."""
    cleaned = name.translate(_FORBIDDEN)
    return cleaned if cleaned.strip(". ") else "_" * max(len(cleaned), 1)


def files_of(package: Package, folder: str) -> Iterator[DataFile]:
    """The files of a package in a folder ("" or ending with ``/``).

    As in download manifests (``contracts/core.md`` 3.6), a file is called by its own name, not the
    package's, and a package of several files is a folder.
    """
    if len(package.files) > 1:
        folder = f"{folder}{safe_name(package.name)}/"
    for file in package.files:
        path = f"{folder}{safe_name(file.name or package.name)}"
        yield DataFile(package.node_id, path, file.size, file.checksum, package.created_at)


class Tree:
    """Takes packages in any order, gives files as soon as their path is known.

    ``paths`` are those of the folders so far by node id, each with ``/`` at its end.
    """

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}
        self._folders: dict[int | None, str] = {None: ""}
        self._waiting: dict[int, list[Package]] = {}

    def add(self, package: Package) -> Iterator[DataFile]:
        """Take one package; the files whose paths are known now."""
        ready = [package]
        while ready:
            item = ready.pop()
            folder = self._folders.get(item.parent)
            if folder is None:
                self._waiting.setdefault(item.parent or 0, []).append(item)
            elif item.is_folder:
                if item.number not in self._folders:
                    path = f"{folder}{safe_name(item.name)}/"
                    self._folders[item.number] = self.paths[item.node_id] = path
                    ready.extend(self._waiting.pop(item.number, ()))
            else:
                yield from files_of(item, folder)

    @property
    def lost(self) -> int:
        """How many packages still wait for a folder that never came."""
        return sum(len(items) for items in self._waiting.values())
