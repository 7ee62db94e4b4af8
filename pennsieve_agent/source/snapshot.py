"""The files of a repository as they are at one moment: in a commit, or in a folder.

Nothing is written and no program of the repository is started; files are read one by one, when they
are asked for.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.export import objects
from pennsieve_agent.source.fetch import Entry, Fetched, short
from pennsieve_agent.source.git_commands import run
from pennsieve_agent.source.refs import version_key
from pennsieve_agent.source.repository_urls import name_of
from pennsieve_agent.source.working_folder import not_ignored

FILE, EXECUTABLE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"
_PLAIN = {FILE, EXECUTABLE}
_MOST_LINKS = 40
"""As Linux follows (path_resolution(7))."""
_LEFT_OUT = {".git", "node_modules", "venv", ".venv", "__pycache__"}
"""Folders that hold no code, where git cannot say what does."""


@dataclass(frozen=True)
class Snapshot:
    """Files by their paths. ``place`` is the repository in words, such as an address and a tag.

    ``top`` is the folder of the repository that holds a folder that is only a part of it;
    ``is_git`` is false for a folder outside every repository. ``has_tag`` says whether it is a
    version that Pennsieve can build: the commit of a tag, or, of a folder, that there is any
    version tag.
    """

    name: str
    place: str
    entries: Mapping[str, Entry]
    read_entry: Callable[[Entry], bytes] = field(repr=False)
    is_git: bool = True
    has_tag: bool = True
    top: str = ""

    def is_file(self, path: str) -> bool:
        """Whether a file, or a link to one, has this path."""
        return self.resolve(path) in self.entries

    def is_folder(self, path: str) -> bool:
        """Whether files lie below this path; submodules count."""
        return path == "." or path in self.folders

    @cached_property
    def folders(self) -> frozenset[str]:
        """All folders in which files lie."""
        return _folders(self.entries)

    def resolve(self, path: str) -> str:
        """The path that a path means, with links followed; empty where a link leads out."""
        for _ in range(_MOST_LINKS):
            link = self._link_in(path)
            if not link:
                return path
            target = self.link_target(link)
            if target is None:
                return ""
            path = posixpath.normpath(target + path[len(link) :])
        return ""

    def link_target(self, link: str) -> str | None:
        """Where a link leads, one step on, relative to the repository; None for out of it."""
        text = os.fsdecode(self.read_entry(self.entries[link]))
        target = posixpath.normpath(posixpath.join(posixpath.dirname(link), text))
        return None if text.startswith("/") or target.split("/")[0] == ".." else target

    def _link_in(self, path: str) -> str:
        """The first link on the way along a path; empty where there is none."""
        if path in self.entries and self.entries[path].mode != LINK:
            return ""
        parts = path.split("/")
        ways = ("/".join(parts[: number + 1]) for number in range(len(parts)))
        return next((w for w in ways if w in self.entries and self.entries[w].mode == LINK), "")

    def read(self, path: str, most: int) -> bytes | None:
        """The content of a file of at most so many bytes; None where it is not one, or larger.

        Raises:
            SourceError: it cannot be read.

        """
        entry = self.entries.get(self.resolve(path))
        if entry is None or entry.mode not in _PLAIN or entry.size is None or entry.size > most:
            return None
        return self.read_entry(entry)


def _folders(entries: Mapping[str, Entry]) -> frozenset[str]:
    folders: set[str] = set()
    for path, entry in entries.items():
        folder = path if entry.mode == SUBMODULE else posixpath.dirname(path)
        while folder and folder not in folders:
            folders.add(folder)
            folder = posixpath.dirname(folder)
    return frozenset(folders)


@contextmanager
def of_commit(fetched: Fetched) -> Iterator[Snapshot]:
    """The files of a commit; they can be read until the end.

    Raises:
        SourceError: git cannot read them.

    """
    entries = {entry.path: entry for entry in fetched.entries(recursive=True)}
    name = name_of(fetched.url)
    place = f"{fetched.url} at {fetched.tag or short(fetched.commit)}"
    with objects(fetched) as stream_of:

        def read(entry: Entry) -> bytes:
            return bytes(stream_of(entry).read())

        yield Snapshot(name, place, entries, read, has_tag=fetched.tag is not None)


def of_folder(folder: Path) -> Snapshot:
    """The files of a folder as they are on the disk, without what git ignores.

    Raises:
        SourceError: it cannot be read.

    """
    root = Path(os.path.realpath(folder))
    listed = [path.rstrip("/") for path in not_ignored(root)] or _of_disk(root)
    entries = {path: entry for path in listed if (entry := _entry(root, path)) is not None}
    top = _git(root, "rev-parse", "--show-toplevel").rstrip("\n")
    above = os.path.realpath(top) if top else str(root)
    tags = _git(root, "tag", "--list").split() if top else []
    return Snapshot(
        root.name,
        str(root),
        entries,
        lambda entry: _bytes(root, entry),
        is_git=bool(top) or (root / ".git").exists(),
        has_tag=any(version_key(tag) for tag in tags),
        top="" if above == str(root) else above,
    )


def _git(root: Path, *words: str) -> str:
    """What git says of a folder; empty where it is in no repository, or there is no git."""
    try:
        answer = run(["-C", str(root), *words], url=root.as_uri())
    except SourceError:
        return ""
    return answer.out if answer.ok else ""


def _of_disk(root: Path) -> list[str]:
    paths: list[str] = []
    for parent, folders, names in os.walk(root):
        linked = [name for name in folders if Path(parent, name).is_symlink()]
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        here = Path(parent).relative_to(root)
        paths += [(here / name).as_posix() for name in (*names, *linked)]
    return sorted(paths)


def _entry(root: Path, path: str) -> Entry | None:
    """What is on the disk; None where it was deleted, or is neither file, link nor repository."""
    try:
        status = (root / path).lstat()
    except OSError:
        return None
    if stat.S_ISLNK(status.st_mode):
        return Entry(LINK, "", status.st_size, path)
    if stat.S_ISDIR(status.st_mode):
        return Entry(SUBMODULE, "", 0, path)
    if not stat.S_ISREG(status.st_mode):
        return None
    mode = EXECUTABLE if status.st_mode & stat.S_IXUSR else FILE
    return Entry(mode, "", status.st_size, path)


def _bytes(root: Path, entry: Entry) -> bytes:
    path = root / entry.path
    try:
        return os.fsencode(os.readlink(path)) if entry.mode == LINK else path.read_bytes()  # noqa: PTH115 - the text unchanged
    except OSError as error:
        raise SourceError(
            f"{entry.path} cannot be read: {error.strerror}",
            where=str(path),
            hint="let your account read it, or leave it out by .gitignore",
        ) from None
