"""Changes the content of a dataset: makes folders; renames, moves, deletes, restores packages.

Files and rows change together, so that a package keeps its ids; the rules about names are those of
``contracts/core.md`` 3.4, 3.8 and 4.5. What is deleted is kept in ``<data>/trash``, outside the
dataset's folder (3.7 restores it).
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.folders.scan_folder import is_noise
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World

TRASH = "trash"
MAX_NAME_BYTES = 255
"""What a file system takes."""

_COLUMNS = (
    "int_id, node_id, dataset_int_id, parent_int_id, path, name, is_folder, size, mtime_ns,"
    " created_at"
)
_BELOW = (  # "0" is the character after "/"
    "dataset_int_id = :dataset AND (path = :path OR (path > :path || '/' AND path < :path || '0'))"
)


class Tree:
    """The packages of all datasets, to be changed. May be used from many threads."""

    def __init__(self, world: World, files: DatasetFiles) -> None:
        self._store = world.store
        self._files = files
        self._trash = world.data / TRASH

    def make_folder(self, dataset_id: str, parent: Row | None, name: str) -> str:
        """Make a collection, under another name if this one is taken; answers its id."""
        with self._files.changing(dataset_id) as dataset:
            path = _join(parent, self._free_name(dataset, parent, name, is_folder=True))
            (self._files.folder(dataset_id) / path).mkdir()
        return self._id_of(dataset, path)

    def rename(self, dataset_id: str, package: Row, name: str) -> None:
        """Rename a package or collection where it is. Raises FileExistsError for a taken name."""
        with self._files.changing(dataset_id) as dataset:
            above, _, _ = package["path"].rpartition("/")
            target = f"{above}/{name}" if above else name
            if target != package["path"] and self._at(dataset, target) is not None:
                raise FileExistsError(name)
            self._relocate(dataset_id, package, target, package["parent_int_id"])

    def move(self, dataset_id: str, package: Row, parent: Row | None) -> None:
        """Move a package or collection into another collection, or None for the root.

        Raises:
            FileExistsError: the name is taken there; the error's text is a free one.
            ValueError: it would be inside itself.

        """
        with self._files.changing(dataset_id) as dataset:
            inside = f"{parent['path']}/" if parent else ""
            if inside.startswith(f"{package['path']}/"):
                raise ValueError("a collection cannot be moved into itself")
            target = _join(parent, package["name"])
            if target == package["path"]:
                return
            free = self._free_name(dataset, parent, package["name"], is_folder=package["is_folder"])
            if free != package["name"]:
                raise FileExistsError(free)
            self._relocate(dataset_id, package, target, parent["int_id"] if parent else None)

    def delete(self, dataset_id: str, package: Row) -> None:
        """Take a package, or a collection with all that is in it, out of the dataset."""
        with self._files.changing(dataset_id) as dataset:
            kept = self._kept_at(dataset, package["node_id"])
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.move(self._files.folder(dataset_id) / package["path"], kept)
            named = {"dataset": dataset["int_id"], "path": package["path"]}
            with self._store.transaction():
                self._store.execute(
                    f"INSERT OR REPLACE INTO trash SELECT {_COLUMNS}, :root FROM packages"  # noqa: S608 - our own words
                    f" WHERE {_BELOW}",
                    {**named, "root": package["node_id"]},
                )
                self._store.execute(f"DELETE FROM packages WHERE {_BELOW}", named)  # noqa: S608 - the same

    def restore(self, dataset_id: str, package_id: str) -> None:
        """Put a deleted package back where it was, under another name if that is taken.

        Raises KeyError when it was not deleted, or only with the collection it was in.
        """
        with self._files.changing(dataset_id) as dataset:
            root = self._store.row(
                "SELECT * FROM trash WHERE dataset_int_id = ? AND node_id = ? AND root_id = ?",
                (dataset["int_id"], package_id, package_id),
            )
            kept = self._kept_at(dataset, package_id)
            if root is None or not kept.exists():
                raise KeyError(package_id)
            above, _, _ = root["path"].rpartition("/")
            (self._files.folder(dataset_id) / above).mkdir(parents=True, exist_ok=True)
            self._files.sync(dataset_id)
            parent = self._at(dataset, above) if above else None
            free = self._free_name(dataset, parent, root["name"], is_folder=root["is_folder"])
            shutil.move(kept, self._files.folder(dataset_id) / _join(parent, free))
            self._put_back(root, parent, free)

    def delete_dataset(self, dataset_id: str) -> None:
        """Take a dataset's folder away, and with it the dataset."""
        with self._files.changing(dataset_id):
            folder = self._files.folder(dataset_id)
            self._trash.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.move(folder, self._trash / f"{folder.name} {uuid.uuid4()}")

    def _relocate(self, dataset_id: str, package: Row, target: str, parent: int | None) -> None:
        root = self._files.folder(dataset_id)
        (root / package["path"]).rename(root / target)
        name = target.rpartition("/")[2]
        values = {
            "dataset": package["dataset_int_id"],
            "path": package["path"],
            "target": target,
            "id": package["int_id"],
            "parent": parent,
            "name": name,
        }
        with self._store.transaction():
            self._store.execute(
                "UPDATE packages SET path = :target || substr(path, length(:path) + 1)"  # noqa: S608 - our own words
                f" WHERE {_BELOW}",
                values,
            )
            self._store.execute(
                "UPDATE packages SET parent_int_id = :parent, name = :name WHERE int_id = :id",
                values,
            )

    def _put_back(self, root: Row, parent: Row | None, name: str) -> None:
        """The rows of a deleted package and of all that went with it."""
        values = {
            "root": root["node_id"],
            "parent": parent["int_id"] if parent else None,
            "old": root["path"],
            "new": _join(parent, name),
            "name": name,
        }
        with self._store.transaction():
            self._store.execute(
                "INSERT INTO packages SELECT int_id, node_id, dataset_int_id,"
                " iif(node_id = :root, :parent, parent_int_id),"
                " :new || substr(path, length(:old) + 1), iif(node_id = :root, :name, name),"
                " is_folder, size, mtime_ns, created_at FROM trash WHERE root_id = :root"
                " ORDER BY path",
                values,
            )
            self._store.execute("DELETE FROM trash WHERE root_id = :root", values)

    def _free_name(self, dataset: Row, parent: Row | None, name: str, *, is_folder: bool) -> str:
        number, free = 0, name
        while self._at(dataset, _join(parent, free)) is not None:
            number += 1
            free = numbered(name, number, is_folder=is_folder)
        return free

    def _at(self, dataset: Row, path: str) -> Row | None:
        return self._store.row(
            "SELECT * FROM packages WHERE dataset_int_id = ? AND path = ?",
            (dataset["int_id"], path),
        )

    def _id_of(self, dataset: Row, path: str) -> str:
        row = self._at(dataset, path)
        if row is None:
            raise RuntimeError("a folder that was just made is not there")
        return str(row["node_id"])

    def _kept_at(self, dataset: Row, package_id: str) -> Path:
        return self._trash / str(dataset["int_id"]) / package_id.rpartition(":")[2]


def is_usable(name: str) -> bool:
    """Whether a file or folder can have this name here: a name is a file's name on disk (ours)."""
    if not name.strip() or name in {".", ".."} or "/" in name or "\0" in name or is_noise(name):
        return False
    return len(name.encode()) <= MAX_NAME_BYTES - len(" (999)")


def numbered(name: str, number: int, *, is_folder: bool) -> str:
    """A free name for one that is taken: a number is put before a file name's first dot."""
    base, dot, rest = (name, "", "") if is_folder else name.partition(".")
    return f"{base} ({number}){dot}{rest}"


def _join(parent: Row | None, name: str) -> str:
    return f"{parent['path']}/{name}" if parent else name
