"""The layout of the selected files in ``INPUT_DIR``: a setting of the workflow.

``tree`` keeps the dataset's folders below the one that all selected files share; ``flat`` puts
every file at the top, as most public processors list nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import PurePosixPath

from pennsieve_agent.errors import UsageProblem

NO_FILES_AT_TOP = (
    "no files at the top of INPUT_DIR; if the program reads only the top level, use --layout flat"
)
"""What is told of a ``tree`` in which all files are in folders, when a step found nothing."""


class Layout(StrEnum):
    """How input files lie."""

    TREE = "tree"
    FLAT = "flat"


def local_paths(paths: Sequence[str], layout: Layout) -> tuple[PurePosixPath, ...]:
    """Where each of the selected files lies in ``INPUT_DIR``, in the order of ``paths``.

    ``paths`` are those in the dataset, folders and name. The same path twice is one file.

    Raises:
        UsageProblem: ``flat``, and two files have the same name.

    """
    whole = [PurePosixPath(path) for path in paths]
    match layout:
        case Layout.TREE:
            shared = shared_folder(whole)
            return tuple(PurePosixPath(*path.parts[shared:]) for path in whole)
        case Layout.FLAT:
            _refuse_equal_names(whole)
            return tuple(PurePosixPath(path.name) for path in whole)


def shared_folder(paths: Sequence[PurePosixPath]) -> int:
    """How many folders, from the dataset's top, all files share."""
    folders = [path.parts[:-1] for path in paths]
    count = 0
    for level in zip(*folders, strict=False):
        if len(set(level)) > 1:
            break
        count += 1
    return count


def has_files_at_top(paths: Sequence[PurePosixPath]) -> bool:
    """Whether a program that lists only the top of ``INPUT_DIR`` finds any file there."""
    return any(len(path.parts) == 1 for path in paths)


def _refuse_equal_names(paths: Sequence[PurePosixPath]) -> None:
    seen: dict[str, PurePosixPath] = {}
    for path in paths:
        other = seen.setdefault(path.name, path)
        if other != path:
            raise UsageProblem(
                f"two selected files are called '{path.name}': '{other}' and '{path}'; "
                "with the layout 'flat' both would have the same path",
                hint="use --layout tree, or choose files whose names differ",
            )
