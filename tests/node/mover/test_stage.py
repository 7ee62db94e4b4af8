"""Bringing files in: broken connections, ended addresses, names that lead out, a full disk."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.node.mover.stage import stage_in
from pennsieve_agent.node.mover.trouble import Trouble
from pennsieve_agent.node.tasks import Task, TaskKind
from tests.node.mover.shore import DATASET, RUN, Answers, Shelf, answers, shelf

MEGABYTE = 1 << 20
BIG = int(os.environ.get("BIG_MB", "192")) * MEGABYTE


@pytest.fixture
def store() -> Iterator[Shelf]:
    with shelf() as found:
        yield found


def platform(store: Shelf, *rows: tuple[str, str, str]) -> Answers:
    """A dataset of packages: id, folder, file name. Addresses name how often they were asked."""
    folders = "".join(f'{{"packageId": "{i}", "path": "{folder}"}},' for i, folder, _ in rows)
    store.files["manifest.json"] = f'{{"files": [{folders[:-1]}]}}'.encode()

    def signed(_: Any, body: Any) -> dict[str, Any]:
        found = []
        for package, folder, name in rows:
            if package in body["nodeIds"]:
                key = f"{folder}/{name}".lstrip("/")
                size = store.size(key)
                row = {"nodeId": package, "fileName": name, "size": size, "path": []}
                found.append(row | {"url": store.url(key)})
        return {"data": found}

    return answers(
        {
            ("POST", "/packages/download-manifest"): signed,
            ("GET", "/datasets/manifest"): lambda *_: {"url": store.url("manifest.json")},
        }
    )


def bring(relay: Answers, into: Path, *packages: str) -> list[str]:
    said: list[str] = []
    task = Task(TaskKind.STAGE_IN, RUN, "in", DATASET, packages)
    stage_in(task, relay, into, said.append)
    return said


def found(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_files_come_into_the_folders_of_the_dataset(store: Shelf, tmp_path: Path) -> None:
    store.files |= {"raw/a/1.edf": b"one", "raw/2 ü.edf": b"two", "3": b""}
    relay = platform(store, ("p1", "raw/a", "1.edf"), ("p2", "raw", "2 ü.edf"), ("p3", "", "3"))
    said = bring(relay, tmp_path / "in", "p1", "p2", "p3")
    assert found(tmp_path / "in") == {"raw/a/1.edf": b"one", "raw/2 ü.edf": b"two", "3": b""}
    assert said[0] == "3 files (6 bytes) from dataset N:dataset:d"
    assert [path.name for path in tmp_path.iterdir()] == ["in"], "half a file was left"


def test_a_broken_connection_goes_on_where_it_stopped(store: Shelf, tmp_path: Path) -> None:
    store.files["a"] = bytes(range(256)) * 40
    store.cuts["a"] = 2
    bring(platform(store, ("p", "", "a")), tmp_path / "in", "p")
    assert found(tmp_path / "in") == {"a": store.files["a"]}
    assert [span for name, span in store.asked if name == "a"] == ["", "bytes=5120-", "bytes=7680-"]


def test_storage_without_ranges_begins_anew(store: Shelf, tmp_path: Path) -> None:
    store.files["a"], store.ranges = bytes(range(256)), False
    store.cuts["a"] = 1
    bring(platform(store, ("p", "", "a")), tmp_path / "in", "p")
    assert found(tmp_path / "in") == {"a": store.files["a"]}


def test_an_ended_address_is_asked_for_again(store: Shelf, tmp_path: Path) -> None:
    store.files["a"], store.statuses["a"] = b"text", [403, 500]
    relay = platform(store, ("p", "", "a"))
    bring(relay, tmp_path / "in", "p")
    assert found(tmp_path / "in") == {"a": b"text"}
    assert [path for _, path, _ in relay.asked].count("/packages/download-manifest") == 2


def test_a_repeated_job_downloads_only_what_is_missing(store: Shelf, tmp_path: Path) -> None:
    store.files |= {"a": b"one", "b": b"two"}
    relay = platform(store, ("p1", "", "a"), ("p2", "", "b"))
    store.statuses["b"] = [404] * 20
    with pytest.raises(Trouble, match="'b' cannot be downloaded: HTTP 404"):
        bring(relay, tmp_path / "in", "p1", "p2")
    store.statuses.clear()
    store.asked.clear()
    bring(relay, tmp_path / "in", "p1", "p2")
    assert [name for name, _ in store.asked if name in {"a", "b"}] == ["b"]


@pytest.mark.parametrize(
    ("folder", "name"), [("../other", "a"), ("/etc", "passwd"), ("raw/../..", "a"), ("", "..")]
)
def test_names_that_lead_out_are_refused_before_anything_is_written(
    store: Shelf, tmp_path: Path, folder: str, name: str
) -> None:
    store.files |= {"good": b"1", f"{folder}/{name}".lstrip("/"): b"2"}
    relay = platform(store, ("p1", "", "good"), ("p2", folder, name))
    with pytest.raises(Trouble, match="leads out of the run's folder; nothing was downloaded"):
        bring(relay, tmp_path / "run" / "in", "p1", "p2")
    assert not (tmp_path / "run").exists()


def test_two_files_of_one_name_are_refused(store: Shelf, tmp_path: Path) -> None:
    store.files["a"] = b"1"
    relay = platform(store, ("p1", "", "a"), ("p2", "", "a"))
    with pytest.raises(Trouble, match="two files are called 'a'; rename one"):
        bring(relay, tmp_path / "in", "p1", "p2")


def test_a_link_that_waits_in_the_folder_is_not_written_through(
    store: Shelf, tmp_path: Path
) -> None:
    """A step of an earlier attempt cannot make the mover write elsewhere."""
    store.files["a"] = b"new"
    (tmp_path / "in").mkdir()
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "in" / "a").symlink_to(tmp_path / "precious")
    bring(platform(store, ("p", "", "a")), tmp_path / "in", "p")
    assert (tmp_path / "precious").read_text() == "mine"
    assert (tmp_path / "in" / "a").read_text() == "new"


def test_a_package_without_files_says_so(store: Shelf, tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="the packages hold no files"):
        bring(platform(store, ("p", "", "a")), tmp_path / "in", "unknown")


SMALL = """
import resource, sys
from pathlib import Path
from pennsieve_agent.node.mover.stage import stage_in
from pennsieve_agent.node.mover.trouble import Trouble
from pennsieve_agent.node.tasks import Task, TaskKind
from tests.node.mover.shore import answers
url, size, into, most = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
row = {"nodeId": "p", "fileName": "big", "size": size, "path": [], "url": url}
relay = answers({("POST", "/packages/download-manifest"): lambda *_: {"data": [row]}})
relay.routes["GET", "/datasets/manifest"] = lambda *_: {}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    stage_in(Task(TaskKind.STAGE_IN, "r", "in", "d", ("p",)), relay, into, print)
except Trouble as error:
    sys.exit(str(error))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def apart(store: Shelf, into: Path, most: int = 0) -> subprocess.CompletedProcess[str]:
    """Stage one big file in a process of its own, whose files may have so many bytes."""
    command = [sys.executable, "-c", SMALL, store.url("big"), str(BIG), str(into), str(most)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_memory_stays_flat_whatever_the_size(store: Shelf, tmp_path: Path) -> None:
    store.files["big"] = BIG
    done = apart(store, tmp_path / "in")
    assert not done.returncode, done.stderr
    grown = int(done.stdout.split()[-1])
    assert grown < 24 * 1024, f"{grown} KiB for a file of {BIG // MEGABYTE} MiB"
    assert (tmp_path / "in" / "big").stat().st_size == BIG


def test_a_full_file_system_is_named(store: Shelf, tmp_path: Path) -> None:
    store.files["big"] = BIG
    done = apart(store, tmp_path / "in", 8 * MEGABYTE)
    assert done.returncode
    assert "the file system is full: writing 'big'" in done.stderr
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
