"""Walking what steps made, and making one folder of several."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from pennsieve_agent.node.mover.trouble import Trouble, disk_words


def files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files below a step's folder: path within it, and where it is; in order of paths.

    A link is followed only where it stays in the folder, and never to a folder.

    Raises:
        Trouble: a link leads out, or something is neither file nor folder.

    """
    root = folder.resolve()
    for here, folders, names in os.walk(folder):
        folders.sort()
        links = [name for name in folders if Path(here, name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(here, name)
            relative = path.relative_to(folder).as_posix()
            if path.is_symlink():
                target = path.resolve()
                if not target.is_relative_to(root) or not target.is_file():
                    raise Trouble(f"'{relative}' is a link that leads out of the step's output")
            elif not path.is_file():
                raise Trouble(f"'{relative}' is neither a file nor a folder")
            yield relative, path


def merge(parents: Sequence[tuple[str, Path]], into: Path) -> int:
    """Put the files of several steps into one folder; how many. What is there already is kept.

    Raises:
        Trouble: two steps made a file of one name, or the file system refuses.

    """
    made: dict[str, str] = {}
    for step, folder in parents:
        if not folder.is_dir():
            continue
        for relative, path in files_of(folder):
            if relative in made:
                raise Trouble(
                    f"steps '{made[relative]}' and '{step}' both made '{relative}', and the next "
                    "step reads both; let one write to a folder of its own"
                )
            made[relative] = step
            _link(path.resolve(), into / relative)
    into.mkdir(parents=True, exist_ok=True)
    return len(made)


def _link(source: Path, target: Path) -> None:
    try:
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(source)
        except OSError:  # a file system without them
            partial = target.with_name(f"{target.name}.part")
            shutil.copyfile(source, partial)
            partial.replace(target)
    except (FileExistsError, NotADirectoryError):
        raise Trouble(f"'{target.name}' is a file of one step and a folder of another") from None
    except OSError as error:
        raise Trouble(disk_words(error, f"merging '{target.name}'")) from error
