"""Datasets as folders of plain files, with the ids the platform would give them.

The folder is the truth. Before anything is answered about a dataset its folder is scanned, and what
changed is written to the tables: a new folder is a new dataset of the sandbox's user, a file that
went away is a package that went away, and a file renamed on disk is a new package. What the
platform's own routes rename, move and delete keeps its id:
:mod:`pennsieve_agent.sandbox.data.folders.tree`.
"""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.folders.scan_folder import Entry, is_noise, scan
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World

MAX_NAME_BYTES = 200


@dataclass(frozen=True, slots=True)
class NewDataset:
    """A dataset to be made, for its owner and workspace (their numbers)."""

    name: str
    owner: int
    workspace: int
    description: str | None = None
    license: str | None = None
    tags: str = "[]"


class DatasetFiles:
    """The datasets of a sandbox and the files in them. May be used from many threads."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store
        self._lock = threading.RLock()
        self._seen: dict[int, dict[str, Entry]] = {}
        self._moments = itertools.count(1)
        self._listed = 0
        self._scanned: dict[int, int] = {}

    def sync(self, dataset_id: str | None = None) -> None:
        """Take over what changed on disk: the list of datasets, and one dataset's files or all.

        Whoever waited while another thread looked, and began to wait before it did, is content
        with what that one saw: many requests at once look once.
        """
        moment = next(self._moments)
        with self._lock:
            if self._listed < moment:
                self._listed = next(self._moments)
                self._sync_datasets()
            for row in self._datasets(dataset_id):
                if self._scanned.get(row["int_id"], 0) < moment:
                    self._scanned[row["int_id"]] = next(self._moments)
                    self._sync_files(row)

    @contextmanager
    def changing(self, dataset_id: str) -> Iterator[Row]:
        """Hold the lock of a dataset's files while its folder and rows are changed.

        Gives the dataset's row. Raises KeyError for an unknown id.
        """
        with self._lock:
            self.sync(dataset_id)
            row = self._row(dataset_id)
            try:
                yield row
            finally:
                self.sync(dataset_id)

    def exists(self, dataset_id: str) -> bool:
        """Whether there is such a dataset now."""
        rows = self._datasets(dataset_id)
        return bool(rows) and self._path(rows[0]).is_dir()

    def folder(self, dataset_id: str) -> Path:
        """The folder of a dataset. Raises KeyError for an unknown id."""
        return self._path(self._row(dataset_id))

    def name(self, dataset_id: str) -> str:
        """The name of a dataset. Raises KeyError for an unknown id."""
        return str(self._row(dataset_id)["name"])

    def resolve(self, dataset_id: str, package_ids: Sequence[str]) -> list[tuple[str, Path]]:
        """The files of packages and, to any depth, of collections.

        Answers each file once, by path: its path in the dataset with ``/``, and where it is on
        disk. Raises KeyError for an id that is not in this dataset.
        """
        self.sync(dataset_id)
        dataset = self._row(dataset_id)
        root = self._path(dataset)
        paths: set[str] = set()
        for package_id in package_ids:
            package = self.package(dataset["int_id"], package_id)
            if package is None:
                raise KeyError(package_id)
            paths.update(row["path"] for row in self.files_below(package))
        return [(path, root / path) for path in sorted(paths)]

    def package(self, dataset_int_id: int, package_id: str) -> Row | None:
        """The row of a package or collection of a dataset."""
        return self._store.row(
            "SELECT * FROM packages WHERE dataset_int_id = ? AND node_id = ?",
            (dataset_int_id, package_id),
        )

    def files_below(self, package: Row) -> list[Row]:
        """The rows of all files in a collection, or of the one file that a package is."""
        if not package["is_folder"]:
            return [package]
        return self._store.rows(  # "0" is the character after "/"
            "SELECT * FROM packages WHERE dataset_int_id = ? AND path > ? AND path < ?"
            " AND NOT is_folder ORDER BY path",
            (package["dataset_int_id"], package["path"] + "/", package["path"] + "0"),
        )

    def create(self, new: NewDataset) -> str:
        """Make a dataset and its folder; answers its id. Raises FileExistsError if it exists."""
        with self._lock:
            self._sync_datasets()
            if self._store.row(
                "SELECT 1 FROM datasets WHERE name = ? AND workspace_int_id = ?",
                (new.name, new.workspace),
            ):
                raise FileExistsError(new.name)
            folder = self._free_folder(new.name)
            dataset_id = self._insert_dataset(folder, new)
            (self._world.datasets / folder).mkdir(parents=True)
            return dataset_id

    def _datasets(self, dataset_id: str | None) -> list[Row]:
        if dataset_id is None:
            return self._store.rows("SELECT * FROM datasets ORDER BY int_id")
        return self._store.rows("SELECT * FROM datasets WHERE node_id = ?", (dataset_id,))

    def _row(self, dataset_id: str) -> Row:
        rows = self._datasets(dataset_id)
        if not rows:
            raise KeyError(dataset_id)
        return rows[0]

    def _path(self, row: Row) -> Path:
        return self._world.datasets / str(row["folder"])

    def _free_folder(self, name: str) -> str:
        safe = "".join("_" if c == "/" or not c.isprintable() else c for c in name)
        safe = safe.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip()
        if not safe or safe.startswith(".") or is_noise(safe):
            safe = f"_{safe}"
        folder, number = safe, 1
        while (self._world.datasets / folder).exists():
            folder, number = f"{safe} ({number})", number + 1
        return folder

    def _insert_dataset(self, folder: str, new: NewDataset) -> str:
        dataset_id, now = f"N:dataset:{uuid.uuid4()}", self._world.now()
        with self._store.transaction():
            number = self._store.execute(
                "INSERT INTO datasets (node_id, folder, name, description, license, tags,"
                " workspace_int_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(dataset_id, folder, new.name, new.description, new.license, new.tags),
                    *(new.workspace, now, now),
                ),
            )
            self._store.execute(
                "INSERT INTO collaborators VALUES (?, 'user', ?, ?)",
                (number, new.owner, Role.OWNER.value),
            )
        return dataset_id

    def _sync_datasets(self) -> None:
        known = {row["folder"]: row for row in self._datasets(None)}
        present = _folders(self._world.datasets)
        for folder in present - known.keys():
            owner, workspace = directory.owner(self._store)
            self._insert_dataset(folder, NewDataset(folder, owner, workspace))
            self._share(folder, workspace)
        for folder in known.keys() - present:
            self._store.execute("DELETE FROM datasets WHERE int_id = ?", (known[folder]["int_id"],))
            self._seen.pop(known[folder]["int_id"], None)
            self._scanned.pop(known[folder]["int_id"], None)

    def _share(self, folder: str, workspace: int) -> None:
        for user, role in directory.folder_collaborators(self._store, workspace):
            self._store.execute(
                "INSERT OR IGNORE INTO collaborators"
                " SELECT int_id, 'user', ?, ? FROM datasets WHERE folder = ?",
                (user, role, folder),
            )

    def _sync_files(self, dataset: Row) -> None:
        number = int(dataset["int_id"])
        entries = scan(self._path(dataset))
        if self._seen.get(number) == entries:
            return
        with self._store.transaction():
            if _write_changes(self._store, number, entries, self._world.now()):
                self._store.execute(
                    "UPDATE datasets SET updated_at = ? WHERE int_id = ?",
                    (self._world.now(), number),
                )
        self._seen[number] = entries


def _folders(datasets: Path) -> set[str]:
    names = set()
    with suppress(FileNotFoundError):
        for path in datasets.iterdir():
            name = path.name
            if not name.startswith(".") and not is_noise(name) and path.is_dir():
                with suppress(UnicodeEncodeError):
                    name.encode()
                    names.add(name)
    return names


def _write_changes(store: Store, dataset: int, entries: Mapping[str, Entry], now: float) -> bool:
    """Make the packages of a dataset what was found; answers whether anything changed."""
    known = {
        row["path"]: (row["int_id"], Entry(bool(row["is_folder"]), row["size"], row["mtime_ns"]))
        for row in store.rows("SELECT * FROM packages WHERE dataset_int_id = ?", (dataset,))
    }
    kept = {
        path
        for path, (_, entry) in known.items()
        if path in entries and entries[path].is_folder == entry.is_folder
    }
    deleted = [(known[path][0],) for path in known.keys() - kept]
    changed = [
        (entries[path].size, entries[path].mtime_ns, known[path][0])
        for path in kept
        if entries[path] != known[path][1]
    ]
    store.execute_many("DELETE FROM packages WHERE int_id = ?", deleted)
    store.execute_many("UPDATE packages SET size = ?, mtime_ns = ? WHERE int_id = ?", changed)
    numbers = {path: known[path][0] for path in kept}
    new = sorted(entries.keys() - kept)
    _insert_packages(store, dataset, [(path, entries[path]) for path in new], numbers, now)
    return bool(deleted or changed or new)


def _insert_packages(
    store: Store,
    dataset: int,
    new: Iterable[tuple[str, Entry]],
    numbers: dict[str, int],
    now: float,
) -> None:
    """Insert packages, parents first, with numbers that are never used twice."""
    last = store.row("SELECT seq FROM sqlite_sequence WHERE name = 'packages'")
    number = int(last["seq"]) if last else 0
    rows = []
    for path, entry in new:
        number += 1
        numbers[path] = number
        parent, _, name = path.rpartition("/")
        kind = "collection" if entry.is_folder else "package"
        rows.append(
            (
                *(number, f"N:{kind}:{uuid.uuid4()}", dataset, numbers.get(parent)),
                *(path, name, entry.is_folder, entry.size, entry.mtime_ns, now),
            )
        )
    store.execute_many("INSERT INTO packages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
