"""Which local files an upload means, and which it leaves out, with the reason."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pennsieve_agent.domain.transfers import LocalFile, unwanted
from pennsieve_agent.errors import UnknownName, UsageProblem


@dataclass
class Collected:
    """What was found. ``left_out`` holds paths and reasons.

    ``unchecked`` are paths in the dataset that are taken, by a file that may be the same.
    """

    hidden: bool = False
    files: list[LocalFile] = field(default_factory=list)
    left_out: list[tuple[Path, str]] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


def clean_folder(folder: str | None) -> str:
    """A folder of a dataset as typed, without slashes at its ends; "" is the root.

    Raises:
        UsageProblem: it leads out of the dataset.

    """
    parts = [part for part in (folder or "").split("/") if part]
    if any(part in {".", ".."} for part in parts):
        raise UsageProblem(
            f"'{folder}' cannot be a folder of a dataset", hint="for example: --folder raw/day-1"
        )
    return "/".join(parts)


def collect(paths: Sequence[Path], folder: str, *, hidden: bool = False) -> Collected:
    """The files at some paths; a folder keeps its name in the dataset.

    Links to files are followed, links to folders are not. Empty files, what operating systems
    leave behind, the history of repositories and what likely holds a secret is left out
    (``contracts/core.md`` 4.1, 4.4); ``hidden`` lets the last two pass.

    Raises:
        UsageProblem: a path does not exist, or two files would go to one place.

    """
    collected = Collected(hidden=hidden)
    for path in paths:
        if not path.exists():
            raise UnknownName(
                f"there is no file or folder '{path}'", where=f"looked in {path.absolute().parent}"
            )
        if path.is_dir():
            name = path.resolve().name
            if why := unwanted(name, hidden=hidden):
                collected.left_out.append((path, why))
            else:
                _walk(path, f"{folder}/{name}".strip("/"), collected)
        else:
            _take(path, path.name, folder, collected)
    seen: dict[str, Path] = {}
    for file in collected.files:
        if (other := seen.setdefault(file.target, file.path)) is not file.path:
            raise UsageProblem(
                f"two files would be '{file.target}'",
                where=f"{other} and {file.path}",
                hint="upload them to different folders: --folder NAME",
            )
    return collected


def _walk(top: Path, folder: str, collected: Collected) -> None:
    pending: list[tuple[Path, str]] = [(top, folder)]
    while pending:
        here, there = pending.pop()
        try:
            children = sorted(_children(here), key=lambda child: child.name)
        except OSError as error:
            collected.left_out.append((here, f"it cannot be read: {error.strerror}"))
            continue
        for child in children:
            path = Path(child.path)
            if child.is_dir(follow_symlinks=False):
                if why := unwanted(child.name, hidden=collected.hidden):
                    collected.left_out.append((path, why))
                else:
                    pending.append((path, f"{there}/{child.name}"))
            else:
                _take(path, child.name, there, collected)


def _children(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as children:
        yield from children


def _take(path: Path, name: str, folder: str, collected: Collected) -> None:
    try:
        state = path.stat()
        f"{folder}/{name}".encode()
    except UnicodeEncodeError:
        collected.left_out.append((path, "its name is not Unicode"))
        return
    except OSError as error:
        collected.left_out.append((path, f"it cannot be read: {error.strerror}"))
        return
    if why := unwanted(name, hidden=collected.hidden) or _unfit(path, state):
        collected.left_out.append((path, why))
        return
    collected.files.append(LocalFile(path, folder, name, state.st_size, state.st_mtime_ns))


def _unfit(path: Path, state: os.stat_result) -> str:
    if not stat.S_ISREG(state.st_mode):
        return "a link to a folder" if stat.S_ISDIR(state.st_mode) else "it is not an ordinary file"
    if not state.st_size:
        return "it is empty, and Pennsieve does not accept empty files"
    return "" if os.access(path, os.R_OK) else "it cannot be read"
