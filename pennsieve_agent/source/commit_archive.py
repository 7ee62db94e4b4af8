"""A commit as one archive: all its files, with the same bytes each time.

Unlike ``git archive`` it has the submodules' files and the content of Git LFS, and pays no regard
to ``export-ignore``: what is committed is what is built. There is no ``.git`` in it, no address
and no token. Owners, groups and times are zero, and files are in the order of their paths.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source import lfs
from pennsieve_agent.source.export import check_links, export
from pennsieve_agent.source.fetch import Fetched, fetch, read_refs
from pennsieve_agent.source.fetch_objects import Fetching
from pennsieve_agent.source.git_failures import NoRoomError, UnreachableError
from pennsieve_agent.source.repository_urls import canonical
from pennsieve_agent.source.submodules import fetch_submodule, submodules
from pennsieve_agent.transfer.temporary_folders import temporary_folder

MAX_DEPTH = 8
_PLAIN = {"100644", "100755"}
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Archive:
    """A ``.tar.gz`` on this machine; ``size`` in bytes, ``sha256`` of the file in hex."""

    path: Path
    size: int
    sha256: str


def complete(
    source: str, commit: str, into: Path, note: Callable[[str], None] = lambda _: None
) -> None:
    """Write all files of a commit into ``into``, an empty or new folder: submodules and LFS, too.

    A submodule or a content of Git LFS that cannot be fetched is left out, as ``git clone`` does,
    and named to ``note``.

    Raises:
        UnreachableError: a server does not answer now.
        NoRoomError: this machine's disk is full.
        SourceError: it cannot be fetched, or a path or a link leads out of it.

    """
    url = canonical(source, Path.cwd())
    with temporary_folder() as folder:
        fetched = fetch(url, read_refs(url), commit, folder / "0", Fetching(note=note))
        _write(fetched, into, folder, note, depth=0)
    check_links(into, url)


def pack(folder: Path, into: Path) -> Archive:
    """Put the files of a folder into the archive ``into``; the same files make the same bytes.

    Raises:
        SourceError: the disk refuses, or something there is neither file nor link.

    """
    try:
        with into.open("wb") as file:
            _pack(folder, file)
        return Archive(into, into.stat().st_size, _digest(into))
    except OSError as error:
        raise SourceError(
            f"the archive cannot be written: {error.strerror or 'the system refused'}",
            where=str(into),
            hint="free some space, or set TMPDIR to a folder on another disk",
        ) from None


def _write(
    fetched: Fetched, into: Path, work: Path, note: Callable[[str], None], *, depth: int
) -> None:
    export(fetched, into)
    files = [entry for entry in fetched.entries(recursive=True) if entry.mode in _PLAIN]
    small = [e.path for e in files if e.size is not None and e.size < lfs.MAX_POINTER_BYTES]
    if pointers := lfs.pointers(into, small):
        note(f"getting content from Git LFS, pointers: {len(pointers)}")
        for sentence in lfs.fill(fetched, into, pointers):
            note(f"note: {sentence}")
    for number, submodule in enumerate(submodules(fetched), 1):
        if depth == MAX_DEPTH:
            raise SourceError(
                f"its submodules have submodules more than {MAX_DEPTH} deep", where=fetched.url
            )
        place = work / f"{depth + 1}-{number}"
        try:
            below = fetch_submodule(fetched, submodule, place)
        except (UnreachableError, NoRoomError):
            raise
        except SourceError as error:
            note(f"note: submodule {submodule.path} is left out: {error.message}")
            continue
        _write(below, into / submodule.path, place, note, depth=depth + 1)


def _pack(folder: Path, file: IO[bytes]) -> None:
    with (
        gzip.GzipFile(
            filename="", mode="wb", fileobj=file, compresslevel=_LEVEL, mtime=0
        ) as packed,
        tarfile.open(fileobj=cast("IO[bytes]", packed), mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, path in _files(folder):
            entry = _entry(name, path)
            if path.is_symlink():
                tar.addfile(entry)
                continue
            with path.open("rb") as content:
                tar.addfile(entry, content)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    paths = []
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        linked = [name for name in folders if (here / name).is_symlink()]
        paths += [here / name for name in (*names, *linked)]
    yield from sorted((path.relative_to(folder).as_posix(), path) for path in paths)


def _entry(name: str, path: Path) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    if path.is_symlink():
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, os.readlink(path), 0o777  # noqa: PTH115 - the text as it is
        return entry
    if not path.is_file():
        raise SourceError(f"{name} is neither a file nor a link")
    status = path.stat()
    entry.size = status.st_size
    entry.mode = 0o755 if status.st_mode & 0o100 else 0o644
    return entry


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
