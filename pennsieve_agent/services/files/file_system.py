"""What the file system of a folder makes of names: tried out, as no list of rules is right.

A disk may be of another system than the machine, and a folder may tell cases apart or not.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.local_names import FileSystem, doubtful_names, is_impossible


def file_system(folder: Path, files: Iterable[DataFile]) -> FileSystem:
    """How the file system of a folder, which may not be there yet, takes the names of files.

    Names that are not plain are tried out, in a folder of its own that is removed again.

    Raises:
        OSError: nothing can be written there.
    """
    doubtful = doubtful_names(files)
    if doubtful is None:
        return FileSystem()
    while not folder.exists():
        folder = folder.parent
    with tempfile.TemporaryDirectory(prefix=".pennsieve-", dir=folder) as folder_of_trials:
        place = Path(folder_of_trials)
        (place / "case").touch()
        (place / "\u00e9").touch()
        folds_case = (place / "CASE").exists()
        folds_accents = (place / "e\u0301").exists()
        names = frozenset(
            name for name in doubtful if not is_impossible(name) and not _is_kept(place, name)
        )
    return FileSystem(names, folds_case, folds_accents)


def _is_kept(place: Path, name: str) -> bool:
    """Whether a file of this name can be made, and is then called so."""
    tried = place / "tried"
    tried.mkdir(exist_ok=True)
    path = f"{tried}/{name}"  # a Path would tidy the name
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError:
        return False
    names = os.listdir(tried)  # noqa: PTH208 - names are asked for, not paths
    with contextlib.suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - as above
    same = [unicodedata.normalize("NFC", known) for known in names]
    return same == [unicodedata.normalize("NFC", name)]
