"""Names of a dataset's files on this machine: those that its file system takes stay as they are.

Pure: what a file system makes of names is asked by ``services/files/file_system.py``.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from pennsieve_agent.domain.datasets import DataFile

MOST_NAME_BYTES = 240

_PLAIN = re.compile(r"[A-Za-z0-9_+=@~ ()-]+(\.[A-Za-z0-9_+=@~ ()-]+)*(?<! )")
"""A name that every file system takes, if it is not that of a device."""
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]')
_RESERVED = {
    *("con", "prn", "aux", "nul"),
    *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)),
}


@dataclass(frozen=True, slots=True)
class FileSystem:
    """What a file system makes of names. ``refused`` are those that it does not keep as given.

    ``folds_case`` and ``folds_accents`` say that it takes ``a`` and ``A``, or the two ways to write
    ``é``, for one name.
    """

    refused: frozenset[str] = frozenset()
    folds_case: bool = False
    folds_accents: bool = False

    def key(self, path: str) -> str:
        """What two paths have in common that are one place."""
        if self.folds_accents:
            path = unicodedata.normalize("NFC", path)
        return path.casefold() if self.folds_case else path


ANY = FileSystem(folds_case=True, folds_accents=True)


def doubtful_names(files: Iterable[DataFile]) -> set[str] | None:
    """The names, of files and folders, that some file systems do not take.

    None where each path is plain, and no two are one place on any system.
    """
    places = {place for file in files for place in _places(file.path)}
    doubtful = {name for place in places if not _is_plain(name := place.rpartition("/")[2])}
    return doubtful if doubtful or len({ANY.key(place) for place in places}) < len(places) else None


def _places(path: str) -> Iterator[str]:
    """A path, and the folders above it."""
    yield path
    end = path.rfind("/")
    while end >= 0:
        yield path[:end]
        end = path.rfind("/", 0, end)


def _is_plain(name: str) -> bool:
    is_short = len(name) <= MOST_NAME_BYTES
    return is_short and bool(_PLAIN.fullmatch(name)) and not _is_reserved(name)


def _is_reserved(name: str) -> bool:
    return name.partition(".")[0].rstrip().casefold() in _RESERVED


def is_impossible(name: str) -> bool:
    """Whether a name leads elsewhere, or can be a file's on no system (trap 26)."""
    return name in {"", ".", ".."} or bool(re.search(r"[/\x00\ud800-\udfff]", name))


def changed_name(name: str) -> str:
    """A name as one element of a path on any system.

    It has no separator, cannot be ``..`` or a device's name, and is not too long.
    """
    safe = _FORBIDDEN.sub("_", name).rstrip(" .")
    safe = "".join(c if c.isprintable() or c.isspace() else "_" for c in safe)
    if not safe:
        safe = "_" * max(len(name), 1)
    if _is_reserved(safe):
        safe = f"_{safe}"
    if len(safe.encode()) > MOST_NAME_BYTES:
        mark = hashlib.sha256(safe.encode()).hexdigest()[:8]
        stem, dot, ending = safe.rpartition(".")
        ending = f"{dot}{ending}" if stem and len(ending) < MOST_NAME_BYTES // 8 else ""
        room = MOST_NAME_BYTES - len(ending.encode()) - len(mark) - 1
        safe = f"{safe.encode()[:room].decode(errors='ignore')}~{mark}{ending}"
    return safe


def local_paths(
    files: Iterable[DataFile], system: FileSystem
) -> list[tuple[DataFile, PurePosixPath]]:
    """Where each file goes below the target folder; no two in one place.

    A file whose path needs no change gets it first. One whose place is taken, or is that of a
    folder, gets a number before the first dot.
    """
    listed = [(file, [_local(part, system) for part in file.path.split("/")]) for file in files]
    folders = {
        system.key("/".join(parts[:length]))
        for _, parts in listed
        for length in range(1, len(parts))
    }
    placed: dict[int, PurePosixPath] = {}
    taken: set[str] = set()
    unchanged = [i for i, (file, parts) in enumerate(listed) if "/".join(parts) == file.path]
    for i in dict.fromkeys([*unchanged, *range(len(listed))]):
        parts = listed[i][1]
        number, path = 0, PurePosixPath(*parts)
        while (key := system.key(str(path))) in taken or key in folders:
            number += 1
            path = PurePosixPath(*parts[:-1], _numbered(parts[-1], number))
        taken.add(key)
        placed[i] = path
    return [(file, placed[i]) for i, (file, _) in enumerate(listed)]


def _local(name: str, system: FileSystem) -> str:
    return changed_name(name) if is_impossible(name) or name in system.refused else name


def _numbered(name: str, number: int) -> str:
    base, dot, rest = name.partition(".")
    if not base:  # a hidden file: ".bashrc"
        base, dot, rest = name, "", ""
    return f"{base} ({number}){dot}{rest}"
