"""A folder of this machine with what is not committed: it is tried before that."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pennsieve_agent.domain.workflows import Checkout
from pennsieve_agent.errors import SourceError
from pennsieve_agent.source import manifest
from pennsieve_agent.source.export import check_links
from pennsieve_agent.source.git_commands import run
from pennsieve_agent.source.repository_urls import canonical, local_path

NOT_COMMITTED = "not-committed"
"""What stands for the tag of code that is not committed."""


def working_folder(source: str, cwd: Path) -> Path | None:
    """The folder of this machine that an address names; None for any other, or a bare repository.

    Raises:
        SourceError: it is not an address of a repository.

    """
    folder = local_path(canonical(source, cwd))
    if folder is None or not folder.is_dir():
        return None
    bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir()
    return None if bare else folder


def inspect_folder(folder: Path) -> Checkout:
    """What a folder says of itself.

    Raises:
        SourceError: its manifest cannot be read at all.

    """
    return Checkout(folder.as_uri(), NOT_COMMITTED, "", manifest.read(folder), is_tag=False)


def copy_folder(folder: Path, into: Path) -> None:
    """Copy the files that a commit of all of them would have: without ``.git`` and what it ignores.

    Where it is in no repository, or there is no git, that is all files.

    Raises:
        SourceError: a file cannot be read, or a link leads out of the folder.

    """
    try:
        names = not_ignored(folder)
        if names:
            for name in names:
                _copy(folder / name, into / name)
        else:
            _copy(folder, into)
    except OSError as error:
        raise SourceError(
            f"the folder cannot be read: {error.strerror or 'the system refused'}",
            where=str(folder),
        ) from None
    check_links(into, folder.as_uri())


def not_ignored(folder: Path) -> list[str]:
    """The files that git has or would add, and the folders of submodules; none without git."""
    try:
        answer = run(
            ["-C", str(folder), "ls-files", "-z", "-c", "-o", "--exclude-standard", "--", "."],
            url=folder.as_uri(),
        )
    except SourceError:
        return []
    return [name for name in answer.out.split("\0") if name] if answer.ok else []


def _copy(path: Path, into: Path) -> None:
    into.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        into.symlink_to(os.readlink(path))  # noqa: PTH115 - the text as it is
    elif path.is_dir():
        ignored = shutil.ignore_patterns(".git")
        shutil.copytree(path, into, symlinks=True, ignore=ignored, dirs_exist_ok=True)
    elif path.exists():  # one that was deleted since it was committed is not there
        shutil.copy2(path, into)
