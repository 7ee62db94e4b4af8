"""Folders with how many files they hold, and how large they are in all. Pure.

Files are taken one by one, and of those below the depth that is shown only the sums are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(slots=True)
class Folder:
    """A folder with all that is below it. ``size`` is in bytes, without files of unknown size.

    ``unknown`` is how many files have no known size; ``shown`` are its own files that are listed,
    by name, each with its size.
    """

    files: int = 0
    size: int = 0
    unknown: int = 0
    folders: dict[str, Folder] = field(default_factory=dict)
    shown: dict[str, int | None] = field(default_factory=dict)

    def add(self, size: int | None) -> None:
        """Count a file."""
        self.files += 1
        self.size += size or 0
        self.unknown += size is None


class Entry(NamedTuple):
    """A line of a tree: a file, or a folder with the number of files in it and their size.

    ``stem`` is what is drawn before the name. ``files`` is None for a file; ``size`` is in bytes,
    None where it is not known whole.
    """

    stem: str
    name: str
    path: str
    files: int | None
    size: int | None


def folder_of(files: Iterable[tuple[str, int | None]], depth: int | None = None) -> Folder:
    """The folder with these files, by paths with ``/``; the lines down to ``depth`` are kept.

    At a depth of 1 these are the top's own files and folders; None for no limit.
    """
    top = Folder()
    for path, size in files:
        *names, last = path.split("/")
        here, level = top, 1
        here.add(size)
        for name in names:
            if depth is not None and level > depth:
                break
            here = here.folders.setdefault(name, Folder())
            here.add(size)
            level += 1
        if depth is None or level <= depth:
            here.shown[last] = size
    return top


def entries(folder: Folder, stem: str = "", above: str = "") -> Iterator[Entry]:
    """The lines below a folder by name, folders first; each as it is reached."""
    names = [*sorted(folder.folders), *sorted(folder.shown)]
    for number, name in enumerate(names, 1):
        branch, below = ("└── ", "    ") if number == len(names) else ("├── ", "│   ")
        if number > len(folder.folders):
            yield Entry(stem + branch, name, above + name, None, folder.shown[name])
            continue
        inner, path = folder.folders[name], f"{above}{name}/"
        size = None if inner.unknown else inner.size
        yield Entry(stem + branch, f"{name}/", path, inner.files, size)
        yield from entries(inner, stem + below, path)
