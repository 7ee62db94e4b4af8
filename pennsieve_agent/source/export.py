"""Writing a commit's files into a folder."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.fetch import Entry, Fetched
from pennsieve_agent.source.git_commands import load

_EXECUTABLE, _LINK, _SUBMODULE = "100755", "120000", "160000"
_LONGEST_LINK = 4096


def export(fetched: Fetched, into: Path) -> None:
    """Write the files of a commit as they were committed: no filters, no line-end changes.

    Submodules are left out, and files that were not fetched. Links are made last, so that no file
    is ever written through one.

    Raises:
        SourceError: a path or a link leaves the folder, or the disk refuses; ``into`` is then empty
            again.

    """
    try:
        into.mkdir(parents=True, exist_ok=True)
        empty = not any(into.iterdir())
    except OSError as error:
        raise _unwritable(into, error) from None
    if not empty:
        raise SourceError("the folder for the files is not empty", where=str(into))
    everything = list(fetched.entries(recursive=True))
    entries = [e for e in everything if e.mode != _SUBMODULE and e.size is not None]
    links = [entry for entry in entries if entry.mode == _LINK]
    try:
        for entry in everything:
            _check_path(entry, fetched.url)
        _write(fetched, entries, into)
        for link in links:
            check_link(into / link.path, into, fetched.url)
    except OSError as error:
        _empty(into)
        raise _unwritable(into, error) from None
    except BaseException:
        _empty(into)
        raise


def check_links(root: Path, url: str) -> None:
    """See that no link below ``root`` leads out of it, once everything is there.

    Raises:
        SourceError: one does.

    """
    for parent, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(parent, name)
            if path.is_symlink():
                check_link(path, root, url)


def blob(fetched: Fetched, entry: Entry) -> bytes:
    """The content of one file."""
    with objects(fetched) as stream_of:
        return bytes(stream_of(entry).read())


def _write(fetched: Fetched, entries: list[Entry], into: Path) -> None:
    with objects(fetched) as stream_of:
        for entry in sorted(entries, key=lambda entry: entry.mode == _LINK):
            path = into / entry.path
            path.parent.mkdir(parents=True, exist_ok=True)
            stream = stream_of(entry)
            if entry.mode == _LINK:
                path.symlink_to(os.fsdecode(stream.read()))
                continue
            try:
                with path.open("xb") as file:
                    shutil.copyfileobj(stream, file)
            finally:
                _drain(stream)
            path.chmod(0o755 if entry.mode == _EXECUTABLE else 0o644)


@contextlib.contextmanager
def objects(fetched: Fetched) -> Iterator[Callable[[Entry], Any]]:
    """Reads objects, one stream after another, by one git process."""
    repository = load().Repo(fetched.repository)
    try:
        yield lambda entry: repository.odb.stream(bytes.fromhex(entry.hash))
    finally:
        repository.close()


def _drain(stream: Any) -> None:
    """Read a stream to its end; GitPython prints a traceback where one is left in its middle."""
    while stream.read(1 << 20):
        pass


def _check_path(entry: Entry, url: str) -> None:
    parts = {part.casefold() for part in entry.path.split("/")}
    too_long = entry.mode == _LINK and (entry.size or 0) > _LONGEST_LINK
    if too_long or parts & {"", ".", "..", ".git"}:
        raise SourceError(
            "the repository has a file whose path leads out of it",
            where=url,
            hint="do not use this repository",
        )


def check_link(link: Path, root: Path, url: str) -> None:
    """See that a link stays inside ``root``.

    Raises:
        SourceError: it does not.

    """
    # After all links are there, as one may lead through another.
    target = Path(os.path.realpath(link))
    if link.readlink().is_absolute() or not target.is_relative_to(os.path.realpath(root)):
        raise SourceError(
            f"the link {link.relative_to(root)} leads out of the repository",
            where=url,
            hint="replace it with a copy of the file, and commit",
        )


def _unwritable(into: Path, error: OSError) -> SourceError:
    return SourceError(
        f"the repository's files cannot be written: {error.strerror or 'the system refused'}",
        where=str(into),
        hint="free some space, or see whether two of its files differ in letter case only",
    )


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
