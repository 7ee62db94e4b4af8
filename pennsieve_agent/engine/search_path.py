"""The folders in which a step finds programs, without this program itself.

A workflow's own program may be called like ours; a step that calls it must not find ours.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

OWN_PROGRAM = "pennsieve"


def search_path(first: Iterable[Path], inherited: str, scratch: Path) -> str:
    """``first``, then the folders of ``inherited`` that do not hold this program.

    A folder of an environment of Python's is left out; one that others use, too, is replaced by a
    folder of links to all else in it, made below ``scratch``.
    """
    folders = [str(folder) for folder in first]
    folders += _without_own(inherited, scratch / "programs")
    return os.pathsep.join(dict.fromkeys(folders))


def _without_own(inherited: str, links: Path) -> Iterator[str]:
    for text in inherited.split(os.pathsep):
        folder = Path(text)
        if not text or not folder.is_absolute():
            continue
        if _is_ours(folder):
            continue
        if os.path.lexists(folder / OWN_PROGRAM):
            yield str(_linked(folder, links))
        else:
            yield text


def _is_ours(folder: Path) -> bool:
    """Whether it is of an environment: this program's own, or one that has this program."""
    here = folder.resolve()
    if sys.prefix != sys.base_prefix and here == (Path(sys.prefix) / "bin").resolve():
        return True
    return (here.parent / "pyvenv.cfg").is_file() and os.path.lexists(here / OWN_PROGRAM)


def _linked(folder: Path, links: Path) -> Path:
    number = sum(1 for _ in links.iterdir()) if links.is_dir() else 0
    directory = links / str(number)
    directory.mkdir(parents=True)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name != OWN_PROGRAM:
                (directory / entry.name).symlink_to(entry.path)
    return directory
