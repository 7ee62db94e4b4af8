"""The input of a run on this machine: a folder that was named, or the test data of a repository."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pennsieve_agent.domain.input_layout import Layout, has_files_at_top, local_paths
from pennsieve_agent.errors import UsageProblem

TEST_FOLDERS = (
    *("data/input", "test-data", "test_data", "testdata", "tests/data", "tests/input"),
    *("test/data", "test/input", "examples/input", "example/input", "example-data"),
)
"""Where a repository may have its test data; the first that has files counts.

``data/input`` is Pennsieve's own template's (its docker-compose.yml mounts ``data``), ``test-data``
Galaxy's (https://docs.galaxyproject.org/en/latest/dev/schema.html#tool-tests), the others are usual
in packages of Python and R.
"""
_KEEPERS = {".gitkeep", ".keep", ".gitignore", ".DS_Store"}
"""What keeps an empty folder in git, or a desktop leaves."""
_FOLDER_MODE, _FILE_MODE = 0o755, 0o644


@dataclass(frozen=True, slots=True)
class LocalInput:
    """A folder and its files: paths below it, with ``/``.

    Files that lie elsewhere below the folder than they do in the dataset are in ``places``, by the
    paths that they have there.
    """

    folder: Path
    files: tuple[str, ...]
    places: Mapping[str, str] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        """Where a file is."""
        return self.folder / self.places.get(name, name)

    @property
    def size(self) -> int:
        """All bytes."""
        return sum(self.path(name).stat().st_size for name in self.files)

    def stage(self, into: Path, layout: Layout) -> bool:
        """Copy the files as a node lays them out; whether any is at the top.

        Raises:
            UsageProblem: two files would be in one place.
            OSError: one cannot be read or written.

        """
        places = local_paths(self.files, layout)
        for name, place in zip(self.files, places, strict=True):
            target = into / place
            target.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            shutil.copyfile(self.path(name), target)
            target.chmod(_FILE_MODE)
        return has_files_at_top(places)


def input_folder(folder: Path) -> LocalInput:
    """The files of a folder that was named.

    Raises:
        UsageProblem: it is not a folder, has no file, or a name in it is not Unicode.

    """
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise UsageProblem(
            f"--input {folder} {what}", hint="give the folder in which the input files are"
        )
    data = LocalInput(folder, _files(folder))
    if not data.files:
        raise UsageProblem(
            f"--input {folder} has no files", hint="put files into it, laid out as in a dataset"
        )
    return data


def test_data(repository: Path, name: str) -> LocalInput:
    """The test data of a repository.

    Raises:
        UsageProblem: it has none.

    """
    for folder in TEST_FOLDERS:
        place = repository / folder
        if place.is_dir() and (files := _files(place)):
            return LocalInput(place, files)
    raise UsageProblem(
        f"{name} has no test data: none of {', '.join(TEST_FOLDERS)} has files",
        hint="give a folder with files: --input FOLDER",
    )


def _files(folder: Path) -> tuple[str, ...]:
    paths = []
    for parent, folders, names in os.walk(folder):
        folders.sort()
        paths += [Path(parent, name) for name in sorted(names) if name not in _KEEPERS]
    files = [path.relative_to(folder).as_posix() for path in paths if path.is_file()]
    for name in files:
        if name.encode("utf-8", "replace").decode() != name:
            shown = name.encode("utf-8", "replace").decode()
            raise UsageProblem(
                f"the name of '{shown}' is not Unicode, as names in a dataset are",
                where=str(folder),
                hint="rename it",
            )
    return tuple(files)
