"""What is in a dataset's folder."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

log = logging.getLogger(__name__)

PRIVATE_PREFIX = ".pennsieve-"
"""Files and folders with this prefix are the sandbox's own, such as half-written results."""

_MAX_INTEGER = 2**63 - 1
"""What the database holds; a file may claim to be from before 1970 or from after 2262."""

_NOISE = frozenset(
    {
        ".DS_Store",
        ".Spotlight-V100",
        ".TemporaryItems",
        ".Trashes",
        ".fseventsd",
        "$RECYCLE.BIN",
        "System Volume Information",
        "Thumbs.db",
        "__MACOSX",
        "desktop.ini",
    }
)
_NOISE_PREFIXES = ("._", ".nfs", "~$", PRIVATE_PREFIX)


class Entry(NamedTuple):
    """A file or folder. A folder's size and time are 0, as they say nothing about its files."""

    is_folder: bool
    size: int
    mtime_ns: int


def scan(root: Path) -> dict[str, Entry]:
    """Everything below a folder, by path relative to it.

    Left out: what operating systems leave behind, what is neither file nor folder, names that are
    not Unicode, folders that cannot be read, links to folders, and links that lead out of it.
    """
    entries: dict[str, Entry] = {}
    inside = os.path.join(os.path.realpath(root), "")  # noqa: PTH118 - with a "/" at its end
    pending = [("", str(root))]
    while pending:
        prefix, folder = pending.pop()
        for child in _children(folder):
            entry = _entry(child, inside)
            if entry is not None:
                path = prefix + child.name
                entries[path] = entry
                if entry.is_folder:
                    pending.append((path + "/", child.path))
    return entries


def is_noise(name: str) -> bool:
    """Whether a file or folder of this name is left out."""
    return name in _NOISE or name.startswith(_NOISE_PREFIXES)


def _children(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as children:
            yield from children
    except OSError as error:
        log.warning("cannot read a folder: %s", error)


def _entry(child: os.DirEntry[str], inside: str) -> Entry | None:
    if is_noise(child.name) or not _is_text(child.name):
        return None
    try:
        if child.is_dir(follow_symlinks=False):
            return Entry(is_folder=True, size=0, mtime_ns=0)
        if child.is_symlink() and not os.path.realpath(child.path).startswith(inside):
            return None
        state = child.stat()
    except OSError:  # it went away, or a link leads nowhere
        return None
    if not stat.S_ISREG(state.st_mode):
        return None
    return Entry(
        is_folder=False, size=state.st_size, mtime_ns=max(0, min(state.st_mtime_ns, _MAX_INTEGER))
    )


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
