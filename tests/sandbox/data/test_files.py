"""Datasets are folders: what appears, changes and goes away on disk does so in the tables."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles, NewDataset
from pennsieve_agent.sandbox.data.folders.scan_folder import Entry, scan
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.roles import dataset_role
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def datasets(world: World) -> dict[str, str]:
    return {row["name"]: row["node_id"] for row in world.store.rows("SELECT * FROM datasets")}


def packages(world: World) -> dict[str, Row]:
    return {row["path"]: row for row in world.store.rows("SELECT * FROM packages")}


def test_a_new_folder_is_a_dataset_owned_by_the_sandbox_user(
    world: World, files: DatasetFiles
) -> None:
    write(world.datasets / "Mouse EEG" / "raw" / "a.edf", "12345")
    files.sync()
    dataset_id = datasets(world)["Mouse EEG"]
    user, _ = directory.owner(world.store)
    assert dataset_role(world.store, user, dataset_id) is Role.OWNER
    assert files.name(dataset_id) == "Mouse EEG"
    assert files.folder(dataset_id) == world.datasets / "Mouse EEG"
    found = packages(world)
    assert found["raw"]["node_id"].startswith("N:collection:")
    assert found["raw/a.edf"]["node_id"].startswith("N:package:")
    assert found["raw/a.edf"]["parent_int_id"] == found["raw"]["int_id"]
    assert found["raw/a.edf"]["size"] == 5


def test_ids_stay_while_content_changes_and_after_a_restart(
    world: World, files: DatasetFiles
) -> None:
    path = write(world.datasets / "d" / "a.csv")
    files.sync()
    before = packages(world)["a.csv"]
    write(path, "longer than before")
    write(path.with_name("b.csv"))
    DatasetFiles(world).sync()
    after = packages(world)
    assert after["a.csv"]["node_id"] == before["node_id"]
    assert after["a.csv"]["size"] == 18
    assert after["b.csv"]["int_id"] > before["int_id"]


def test_a_renamed_file_is_a_new_package_and_numbers_are_never_used_again(
    world: World, files: DatasetFiles
) -> None:
    path = write(world.datasets / "d" / "a.csv")
    files.sync()
    before = packages(world)["a.csv"]
    path.rename(path.with_name("b.csv"))
    files.sync()
    after = packages(world)
    assert list(after) == ["b.csv"]
    assert after["b.csv"]["node_id"] != before["node_id"]
    assert after["b.csv"]["int_id"] > before["int_id"]


def test_a_file_that_becomes_a_folder_is_another_thing(world: World, files: DatasetFiles) -> None:
    path = write(world.datasets / "d" / "a")
    files.sync()
    path.unlink()
    write(path / "b")
    files.sync()
    assert packages(world)["a"]["node_id"].startswith("N:collection:")
    assert packages(world)["a/b"]["parent_int_id"] == packages(world)["a"]["int_id"]


def test_a_removed_folder_takes_its_dataset_along(world: World, files: DatasetFiles) -> None:
    path = write(world.datasets / "d" / "s" / "a")
    files.sync()
    dataset_id = datasets(world)["d"]
    assert files.exists(dataset_id)
    path.unlink()
    path.parent.rmdir()
    path.parent.parent.rmdir()
    assert not files.exists(dataset_id)
    files.sync()
    assert datasets(world) == {}
    assert packages(world) == {}
    assert world.store.rows("SELECT * FROM collaborators") == []
    with pytest.raises(KeyError):
        files.folder(dataset_id)


def test_resolve_goes_into_collections_and_names_each_file_once(
    world: World, files: DatasetFiles
) -> None:
    root = world.datasets / "d"
    for name in ("top.txt", "s/a.txt", "s/t/b.txt", "s2/c.txt", "s.txt"):
        write(root / name)
    files.sync()
    dataset_id = datasets(world)["d"]
    found = packages(world)
    ids = [found[path]["node_id"] for path in ("s", "s/a.txt", "top.txt")]
    assert files.resolve(dataset_id, ids) == [
        ("s/a.txt", root / "s/a.txt"),
        ("s/t/b.txt", root / "s/t/b.txt"),
        ("top.txt", root / "top.txt"),
    ]
    assert files.resolve(dataset_id, []) == []
    with pytest.raises(KeyError):
        files.resolve(dataset_id, ["N:package:unknown"])
    with pytest.raises(KeyError):
        files.resolve("N:dataset:unknown", [])


def test_resolve_does_not_reach_into_other_datasets(world: World, files: DatasetFiles) -> None:
    write(world.datasets / "d" / "a")
    write(world.datasets / "e" / "b")
    files.sync()
    with pytest.raises(KeyError):
        files.resolve(datasets(world)["d"], [packages(world)["b"]["node_id"]])


def test_scan_leaves_out_what_is_not_the_users(tmp_path: Path) -> None:
    root = tmp_path / "d"
    outside = write(tmp_path / "outside" / "secret")
    for name in (".DS_Store", "._a", "Thumbs.db", ".pennsieve-part-1", "s/.DS_Store"):
        write(root / name)
    write(root / "a.txt", "abc")
    write(root / ".bidsignore")
    (root / "out").symlink_to(outside)
    (root / "outdir").symlink_to(outside.parent)
    (root / "loop").symlink_to(root)
    (root / "nowhere").symlink_to(root / "missing")
    (root / "alias").symlink_to(root / "a.txt")
    os.mkfifo(root / "pipe")
    Path(os.fsdecode(os.fsencode(root) + b"/\xff")).touch()
    found = scan(root)
    assert set(found) == {"a.txt", ".bidsignore", "alias", "s"}
    assert found["alias"].size == 3
    assert found["s"] == Entry(is_folder=True, size=0, mtime_ns=0)


def test_a_linked_folder_may_be_a_dataset(world: World, files: DatasetFiles, home: Path) -> None:
    write(home / "data" / "a")
    (world.datasets / "big").symlink_to(home / "data")
    files.sync()
    assert list(packages(world)) == ["a"]


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Mouse EEG", "Mouse EEG"),
        ("../../etc", "_.._.._etc"),
        ("/", "_"),
        (".hidden", "_.hidden"),
        ("a\x00b\n", "a_b_"),
        ("é" * 250, "é" * 100),
        ("Thumbs.db", "_Thumbs.db"),
    ],
)
def test_any_name_makes_a_folder_below_the_datasets(
    world: World, files: DatasetFiles, name: str, folder: str
) -> None:
    dataset_id = files.create(NewDataset(name, *directory.owner(world.store)))
    files.sync()
    assert files.name(dataset_id) == name
    assert files.folder(dataset_id) == world.datasets / folder
    assert files.folder(dataset_id).is_dir()
    assert len(datasets(world)) == 1
    with pytest.raises(FileExistsError):
        files.create(NewDataset(name, *directory.owner(world.store)))


def test_two_names_never_share_a_folder(world: World, files: DatasetFiles) -> None:
    owner = directory.owner(world.store)
    one, two = (files.create(NewDataset(name, *owner)) for name in ("a/b", "a_b"))
    assert files.folder(one) != files.folder(two)


def test_ten_thousand_files_are_quick(world: World, files: DatasetFiles) -> None:
    root = world.datasets / "d"
    for folder in range(10):
        (root / str(folder)).mkdir(parents=True)
        for number in range(1000):
            (root / str(folder) / f"{number}.csv").touch()
    files.sync()
    assert len(packages(world)) == 10_010
    start = time.process_time()
    files.sync()
    assert time.process_time() - start < 1
