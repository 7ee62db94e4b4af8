"""Paths inside a dataset: found by listing, changed by folder and package ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from pennsieve_agent.domain.datasets import Dataset, Role
from pennsieve_agent.errors import Forbidden, UnknownName, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.packages import Package
    from pennsieve_agent.platform.client import Platform

_DELETED = {"DELETING", "DELETED"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder in a dataset. The root's ``id`` and ``path`` are empty."""

    id: str
    path: str
    is_folder: bool = True

    @property
    def shown(self) -> str:
        """The path as it is shown: a folder ends with ``/``."""
        return f"{self.path}/" if self.is_folder else self.path


ROOT = Entry("", "")


def find(platform: Platform, dataset: Dataset, path: str) -> Entry:
    """The file or folder at a path.

    Raises:
        UsageProblem: nothing does, or several things of that name.
    """
    here = ROOT
    names = split(path)
    for number, name in enumerate(names):
        if not here.is_folder:
            raise _missing(dataset, path, f"'{here.path}' is not a folder")
        inner = _inside(platform, dataset, here, name, folder=number < len(names) - 1)
        if inner is None:
            there = _join(here, name)
            raise _missing(dataset, path, f"there is no '{there}'" if there != path else "")
        here = inner
    return here


def make_folder(platform: Platform, dataset: Dataset, path: str, *, parents: bool) -> Entry:
    """Make a folder; with ``parents`` also those above it, and it may be there already.

    Raises:
        UsageProblem: it is there, or a folder above it is not.
        Forbidden: the user is not an editor of the dataset.
    """
    here, missing = missing_folders(platform, dataset, path, parents=parents)
    for name in missing:
        folder = platform.packages.create_folder(dataset.id, name, here.id)
        # The platform gives another name when this one is taken by a file.
        here = Entry(folder.id, _join(here, folder.name))
    return here


def missing_folders(
    platform: Platform, dataset: Dataset, path: str, *, parents: bool
) -> tuple[Entry, list[str]]:
    """The folder that is there, and the names of those that are to be made in it, in order.

    Raises:
        UsageProblem: the last is there, or one above it is not; ``parents`` allows both.
        Forbidden: the user is not an editor of the dataset.
    """
    _must_edit(dataset)
    here, names = ROOT, split(path)
    if not names:
        raise UsageProblem("which folder?", hint="give its path in the dataset, such as raw/ct")
    for number, name in enumerate(names):
        inner = _inside(platform, dataset, here, name, folder=True)
        if inner is None:
            if number < len(names) - 1 and not parents:
                raise UnknownName(
                    f"there is no folder '{_join(here, name)}' in dataset '{dataset.name}'",
                    hint="create it too with: --parents",
                )
            return here, names[number:]
        here = inner
    if not parents:
        raise UsageProblem(
            f"there is a folder '{here.path}' in dataset '{dataset.name}' already",
            hint="choose another name",
        )
    return here, []


def move(
    platform: Platform,
    dataset: Dataset,
    sources: Sequence[str],
    destination: str,
    *,
    dry_run: bool = False,
) -> list[tuple[Entry, str]]:
    """Move files and folders into a folder, or rename one; what moved, and where to.

    With ``dry_run`` it is only checked and answered.

    Raises:
        UsageProblem: a path is wrong.
        Conflict: some could not be moved.
        Forbidden: the user is not an editor of the dataset.
    """
    _must_edit(dataset)
    things = [_thing(platform, dataset, source) for source in sources]
    into, name = _destination(platform, dataset, destination, alone=len(things) == 1)
    for thing in things:
        if thing.is_folder and f"{into.path}/".startswith(f"{thing.path}/"):
            raise UsageProblem(
                f"folder '{thing.path}' cannot be moved into itself", hint="choose another folder"
            )
    moved = [t for t in things if _parent(t.path) != into.path]
    if moved and not dry_run:
        platform.packages.move([t.id for t in moved], into.id)
    if name and not dry_run and name != things[0].path.rpartition("/")[2]:
        platform.packages.rename(things[0].id, name)
    return [(t, _join(into, name or t.path.rpartition("/")[2])) for t in things]


def delete(platform: Platform, entries: Sequence[Entry]) -> None:
    """Start deleting files and folders; a folder with all that is in it.

    Raises:
        Conflict: some could not be deleted.
    """
    platform.packages.delete([entry.id for entry in entries])


def to_delete(platform: Platform, dataset: Dataset, paths: Sequence[str]) -> list[Entry]:
    """The files and folders at several paths, each once, if they may be deleted.

    Raises:
        UsageProblem: nothing lies at one of them, or it is the dataset itself.
        Forbidden: the user is not an editor of the dataset.
    """
    _must_edit(dataset)
    entries = {e.id: e for e in (_thing(platform, dataset, path) for path in paths)}
    return list(entries.values())


def split(path: str) -> list[str]:
    """The names in a path.

    Raises:
        UsageProblem: one of them is ``..``.
    """
    names = [name for name in path.split("/") if name not in {"", "."}]
    if ".." in names:
        raise UsageProblem(
            f"'{path}' must not contain '..'", hint="give the path from the dataset's root"
        )
    return names


def _must_edit(dataset: Dataset) -> None:
    """Refuse a role that cannot edit: the platform says so only for each item (core.md 3.8)."""
    if dataset.role is not Role.UNKNOWN and not dataset.role.at_least(Role.EDITOR):
        raise Forbidden(
            f"your role on dataset '{dataset.name}' is {dataset.role.value}; "
            "it cannot change files",
            where=dataset.id,
            hint="ask a manager of the dataset to make you an editor",
        )


def _destination(
    platform: Platform, dataset: Dataset, path: str, *, alone: bool
) -> tuple[Entry, str]:
    """The folder that items go to, and the new name when one item is renamed."""
    names = split(path)
    above = find(platform, dataset, "/".join(names[:-1]))
    if not names:
        return ROOT, ""
    if not above.is_folder:
        raise _missing(dataset, path, f"'{above.path}' is not a folder")
    there = _inside(platform, dataset, above, names[-1], folder=False)
    if there is not None and there.is_folder:
        return there, ""
    if there is not None:
        raise UsageProblem(
            f"there is a file '{there.path}' in dataset '{dataset.name}' already",
            hint="choose another name",
        )
    if not alone or path.endswith("/"):
        raise UnknownName(
            f"there is no folder '{'/'.join(names)}' in dataset '{dataset.name}'",
            hint="create it with: pennsieve dataset fs mkdir "
            f"{quote(dataset.name)} {quote('/'.join(names))}",
        )
    return above, names[-1]


def _thing(platform: Platform, dataset: Dataset, path: str) -> Entry:
    entry = find(platform, dataset, path)
    if not entry.id:
        raise UsageProblem(f"'{path}' is the dataset itself", hint="name a file or folder in it")
    return entry


def _inside(
    platform: Platform, dataset: Dataset, parent: Entry, name: str, *, folder: bool
) -> Entry | None:
    """The item of a name in a folder: package names are compared first, then file names."""
    from pennsieve_agent.platform.data.tree import safe_name  # noqa: PLC0415 - with the platform

    path = _join(parent, name)
    children = [
        child
        for child in platform.packages.children(parent.id or dataset.id)
        if name in {child.name, safe_name(child.name)} and child.state not in _DELETED
    ]
    folders = [child for child in children if child.is_folder]
    matches: list[Package] = folders or ([] if folder else children)
    if len({child.id for child in matches}) > 1:
        raise UsageProblem(
            f"{len(matches)} items are called '{path}' in dataset '{dataset.name}'",
            hint="rename one of them on the web",
        )
    if matches:
        return Entry(matches[0].id, path, is_folder=matches[0].is_folder)
    if folder:
        return None
    # A package may be called otherwise than the file in it, which is what listings show.
    files = platform.datasets.files(dataset.id)
    id_ = next((file.package_id for file in files if file.path == path), "")
    return Entry(id_, path, is_folder=False) if id_ else None


def _join(parent: Entry, name: str) -> str:
    return f"{parent.path}/{name}" if parent.path else name


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _missing(dataset: Dataset, path: str, why: str = "") -> UnknownName:
    return UnknownName(
        f"there is no file or folder '{path}' in dataset '{dataset.name}'{why and f': {why}'}",
        hint=f"see what is there with: pennsieve dataset files {quote(dataset.name)}",
    )
