"""Writing a new workflow's files, and making a git repository of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.check.run_rules import check
from pennsieve_agent.domain.code_findings import Finding
from pennsieve_agent.errors import SourceError, UsageProblem
from pennsieve_agent.services.new_workflow.plan import Start
from pennsieve_agent.source.new_repository import FirstCommit, make_repository
from pennsieve_agent.source.snapshot import Snapshot, of_folder

TAG = "v0.1.0"
MESSAGE = "Begin a workflow"


@dataclass(frozen=True, slots=True)
class Begun:
    """What was done.

    ``uncommitted`` are files of the folder that are not in the first commit. ``is_in_repository``
    says that there was a repository, to which nothing was committed.
    """

    written: tuple[str, ...]
    left: tuple[str, ...]
    git: FirstCommit
    uncommitted: tuple[str, ...]
    findings: tuple[Finding, ...]
    is_in_repository: bool


def folder_before(folder: Path, home: Path) -> Snapshot:
    """The files of a folder; none where it is not there yet.

    Raises:
        UsageProblem: it is a file, the home folder, or the root of the file system.
        SourceError: it cannot be read.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageProblem(f"{folder} is a file, not a folder", hint="name a folder")
    if folder in {home.resolve(), folder.parent}:
        raise UsageProblem(
            f"{folder} has other files than those of a workflow",
            hint="name a folder of its own: pennsieve workflow init my-workflow",
        )
    if folder.is_dir():
        return of_folder(folder)
    above = next(path for path in folder.parents if path.is_dir())
    around = of_folder(above) if _in_repository(above) else None
    top = "" if around is None else around.top or around.place
    return Snapshot(folder.name, str(folder), {}, lambda _: b"", is_git=around is not None, top=top)


def _in_repository(folder: Path) -> bool:
    return any((path / ".git").exists() for path in (folder, *folder.parents))


def begin(folder: Path, before: Snapshot, start: Start, *, with_git: bool) -> Begun:
    """Write the files, make a repository where there is none, and check what came of it.

    Raises:
        SourceError: a file cannot be written, or the folder not be read.
    """
    written, late = _write(folder, start.files)
    git = FirstCommit()
    if with_git and not before.is_git:
        git = make_repository(folder, sorted(_to_commit(start, written)), MESSAGE, TAG)
    after = of_folder(folder)
    committed = _to_commit(start, written)
    uncommitted = [path for path in after.entries if path not in committed] if git.commit else []
    return Begun(
        written,
        tuple(sorted({*start.left, *late})),
        git,
        tuple(uncommitted),
        tuple(check(after)),
        before.is_git,
    )


def _to_commit(start: Start, written: tuple[str, ...]) -> set[str]:
    """What is surely the workflow's: its files, the script, and the code that this uses.

    Other files of the folder may be data of people, which no repository should have by surprise.
    """
    own = {source.name for source in start.script.sources} if start.script else set()
    return {*written, *start.left, *own}


def _write(folder: Path, files: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write files that are not there; the names of those written, and of those that were there."""
    written, late = [], []
    for path, text in files.items():
        try:
            _write_new(folder, path, text)
            written.append(path)
        except FileExistsError:
            late.append(path)
        except OSError as error:
            raise SourceError(
                f"{path} cannot be written: {error.strerror or 'the system refused'}",
                where=str(folder),
                hint="the same command writes what is missing",
            ) from None
    return tuple(written), tuple(late)


def _write_new(folder: Path, path: str, text: str) -> None:
    """Write a file that is not there; a link in its place counts as one.

    Raises:
        FileExistsError: it is there.
        OSError: it cannot be written.
    """
    file = folder / path
    if os.path.lexists(file):
        raise FileExistsError
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8", newline="\n") as out:
        out.write(text)
