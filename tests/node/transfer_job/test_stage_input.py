"""Bringing files in: broken connections, ended addresses, names that lead out, a full disk."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.domain.input_layout import NO_FILES_AT_TOP, Layout
from pennsieve_agent.domain.step_files import step_folder
from pennsieve_agent.node.jobs.tasks import Task, TaskKind
from pennsieve_agent.node.transfer_job.run_files import RunFiles
from pennsieve_agent.node.transfer_job.stage_input import stage_in
from pennsieve_agent.node.transfer_job.transfer_error import TransferError
from tests.node.transfer_job.shore import DATASET, RUN, Answers, Shelf, answers, shelf

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


def bring(relay: Answers, run: Path, *packages: str, layout: Layout = Layout.TREE) -> list[str]:
    said: list[str] = []
    steps = ("in", "work")
    task = Task(TaskKind.STAGE_IN, RUN, "in", DATASET, packages, layout=layout, steps=steps)
    stage_in(task, relay, RunFiles(run), said.append)
    return said


def data(run: Path, step: str = "in") -> Path:
    return RunFiles(run).data(step)


def found(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_files_come_into_the_folders_of_the_dataset(store: Shelf, tmp_path: Path) -> None:
    store.files |= {"raw/a/1.edf": b"one", "raw/2 ü.edf": b"two", "3": b""}
    relay = platform(store, ("p1", "raw/a", "1.edf"), ("p2", "raw", "2 ü.edf"), ("p3", "", "3"))
    said = bring(relay, tmp_path, "p1", "p2", "p3")
    assert found(data(tmp_path)) == {"raw/a/1.edf": b"one", "raw/2 ü.edf": b"two", "3": b""}
    assert said[0] == "3 files (6 bytes) from dataset N:dataset:d"
    folders = {step_folder("in"), step_folder("work")}
    assert {path.name for path in tmp_path.iterdir()} == folders, "half a file was left"


def test_a_package_of_another_dataset_is_not_brought(store: Shelf, tmp_path: Path) -> None:
    """Even where Pennsieve would hand it out, as the workflow's user reaches that dataset, too."""
    store.files |= {"ours": b"one", "theirs": b"two"}
    relay = platform(store, ("p1", "", "ours"), ("p2", "", "theirs"))
    store.files["manifest.json"] = b'{"files": [{"packageId": "p1", "path": ""}]}'
    with pytest.raises(
        TransferError, match="package p2 is not in dataset N:dataset:d; nothing was"
    ):
        bring(relay, tmp_path, "p1", "p2")
    assert not [name for name, _ in store.asked if name in {"ours", "theirs"}]


def test_a_broken_connection_goes_on_where_it_stopped(store: Shelf, tmp_path: Path) -> None:
    store.files["a"] = bytes(range(256)) * 40
    store.cuts["a"] = 2
    bring(platform(store, ("p", "", "a")), tmp_path, "p")
    assert found(data(tmp_path)) == {"a": store.files["a"]}
    assert [span for name, span in store.asked if name == "a"] == ["", "bytes=5120-", "bytes=7680-"]


def test_storage_without_ranges_begins_anew(store: Shelf, tmp_path: Path) -> None:
    store.files["a"], store.ranges = bytes(range(256)), False
    store.cuts["a"] = 1
    bring(platform(store, ("p", "", "a")), tmp_path, "p")
    assert found(data(tmp_path)) == {"a": store.files["a"]}


def test_an_ended_address_is_asked_for_again(store: Shelf, tmp_path: Path) -> None:
    store.files["a"], store.statuses["a"] = b"text", [403, 500]
    relay = platform(store, ("p", "", "a"))
    bring(relay, tmp_path, "p")
    assert found(data(tmp_path)) == {"a": b"text"}
    assert [path for _, path, _ in relay.asked].count("/packages/download-manifest") == 2


def test_a_repeated_job_downloads_only_what_is_missing(store: Shelf, tmp_path: Path) -> None:
    store.files |= {"a": b"one", "b": b"two"}
    relay = platform(store, ("p1", "", "a"), ("p2", "", "b"))
    store.statuses["b"] = [404] * 20
    with pytest.raises(TransferError, match="'b' cannot be downloaded: storage answered 404"):
        bring(relay, tmp_path, "p1", "p2")
    store.statuses.clear()
    store.asked.clear()
    bring(relay, tmp_path, "p1", "p2")
    assert [name for name, _ in store.asked if name in {"a", "b"}] == ["b"]


def test_what_does_not_fit_its_checksum_is_not_brought(store: Shelf, tmp_path: Path) -> None:
    store.files["a"] = b"text"
    relay = platform(store, ("p", "", "a"))
    row = {"packageId": "p", "path": "", "fileName": "a"}
    for checksum, said in ((b"other", "wrong checksum or size, twice"), (b"text", "")):
        row["checksum"] = hashlib.sha256(checksum).hexdigest()
        store.files["manifest.json"] = json.dumps({"files": [row]}).encode()
        if said:
            with pytest.raises(TransferError, match=said):
                bring(relay, tmp_path, "p")
            assert found(data(tmp_path)) == {}
        else:
            bring(relay, tmp_path, "p")
    assert found(data(tmp_path)) == {"a": b"text"}


@pytest.mark.parametrize(
    ("folder", "name"), [("../other", "a"), ("/etc", "passwd"), ("raw/../..", "a"), ("", "..")]
)
def test_names_that_lead_out_are_refused_before_anything_is_written(
    store: Shelf, tmp_path: Path, folder: str, name: str
) -> None:
    store.files |= {"good": b"1", f"{folder}/{name}".lstrip("/"): b"2"}
    relay = platform(store, ("p1", "", "good"), ("p2", folder, name))
    with pytest.raises(
        TransferError, match="leads out of the run's folder; nothing was downloaded"
    ):
        bring(relay, tmp_path / "run", "p1", "p2")
    assert not (tmp_path / "run").exists()


def test_two_files_of_one_name_are_refused(store: Shelf, tmp_path: Path) -> None:
    store.files["a"] = b"1"
    relay = platform(store, ("p1", "", "a"), ("p2", "", "a"))
    with pytest.raises(TransferError, match="two files are called 'a'; rename one"):
        bring(relay, tmp_path, "p1", "p2")


def test_a_link_that_waits_in_the_folder_is_not_written_through(
    store: Shelf, tmp_path: Path
) -> None:
    """A step of an earlier attempt cannot make the transfer job write elsewhere."""
    store.files["a"] = b"new"
    data(tmp_path).mkdir(parents=True)
    (tmp_path / "precious").write_text("mine")
    (data(tmp_path) / "a").symlink_to(tmp_path / "precious")
    bring(platform(store, ("p", "", "a")), tmp_path, "p")
    assert (tmp_path / "precious").read_text() == "mine"
    assert (data(tmp_path) / "a").read_text() == "new"


def test_a_package_without_files_says_so(store: Shelf, tmp_path: Path) -> None:
    with pytest.raises(TransferError, match="the packages hold no files"):
        bring(platform(store, ("p", "", "a")), tmp_path, "unknown")


def test_the_folder_that_all_files_share_is_left_out(store: Shelf, tmp_path: Path) -> None:
    store.files |= {"raw/nii/1.nii": b"one", "raw/nii/2.nii": b"two"}
    relay = platform(store, ("p1", "raw/nii", "1.nii"), ("p2", "raw/nii", "2.nii"))
    said = bring(relay, tmp_path, "p1", "p2")
    assert found(data(tmp_path)) == {"1.nii": b"one", "2.nii": b"two"}
    assert NO_FILES_AT_TOP not in said


def test_files_in_several_folders_are_told_of_flat(store: Shelf, tmp_path: Path) -> None:
    store.files |= {"raw/a/1.nii": b"one", "raw/b/2.nii": b"two"}
    relay = platform(store, ("p1", "raw/a", "1.nii"), ("p2", "raw/b", "2.nii"))
    assert NO_FILES_AT_TOP in bring(relay, tmp_path / "tree", "p1", "p2")
    assert found(data(tmp_path / "tree")) == {"a/1.nii": b"one", "b/2.nii": b"two"}
    assert NO_FILES_AT_TOP not in bring(relay, tmp_path / "flat", "p1", "p2", layout=Layout.FLAT)
    assert found(data(tmp_path / "flat")) == {"1.nii": b"one", "2.nii": b"two"}


def test_equal_names_are_refused_by_flat_before_anything_is_written(
    store: Shelf, tmp_path: Path
) -> None:
    store.files |= {"a/1": b"one", "b/1": b"two"}
    relay = platform(store, ("p1", "a", "1"), ("p2", "b", "1"))
    with pytest.raises(TransferError, match=r"'a/1' and 'b/1'.*nothing was downloaded"):
        bring(relay, tmp_path / "run", "p1", "p2", layout=Layout.FLAT)
    assert not (tmp_path / "run").exists()


def test_the_folder_of_each_step_is_made_once(store: Shelf, tmp_path: Path) -> None:
    """A step that removed its output and another source that comes later do not meet."""
    store.files["a"] = b"1"
    relay = platform(store, ("p", "", "a"))
    bring(relay, tmp_path, "p")
    assert data(tmp_path, "work").is_dir()
    data(tmp_path, "work").rmdir()
    bring(relay, tmp_path, "p")
    assert not data(tmp_path, "work").exists()


def test_many_files_come(store: Shelf, tmp_path: Path) -> None:
    store.files |= {f"raw/{number:04}": b"x" for number in range(5000)}
    relay = platform(store, *((f"p{n}", "raw", f"{n:04}") for n in range(5000)))
    said = bring(relay, tmp_path, *(f"p{n}" for n in range(5000)))
    assert said[0].startswith("5000 files (5000 bytes)")
    assert len(found(data(tmp_path))) == 5000
    calls = [path for _, path, _ in relay.asked]
    assert calls.count("/packages/download-manifest") == 10


SMALL = """
import resource, sys
from pathlib import Path
from pennsieve_agent.node.transfer_job.run_files import RunFiles
from pennsieve_agent.node.transfer_job.stage_input import stage_in
from pennsieve_agent.node.transfer_job.transfer_error import TransferError
from pennsieve_agent.node.jobs.tasks import Task, TaskKind
from tests.node.transfer_job.shore import answers
url, size, run, most = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
row = {"nodeId": "p", "fileName": "big", "size": size, "path": [], "url": url}
relay = answers({("POST", "/packages/download-manifest"): lambda *_: {"data": [row]}})
relay.routes["GET", "/datasets/manifest"] = lambda *_: {}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    stage_in(Task(TaskKind.STAGE_IN, "r", "in", "d", ("p",)), relay, RunFiles(run), print)
except TransferError as error:
    sys.exit(str(error))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def apart(store: Shelf, run: Path, most: int = 0) -> subprocess.CompletedProcess[str]:
    """Stage one big file in a process of its own, whose files may have so many bytes."""
    command = [sys.executable, "-c", SMALL, store.url("big"), str(BIG), str(run), str(most)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_memory_stays_flat_whatever_the_size(store: Shelf, tmp_path: Path) -> None:
    store.files["big"] = BIG
    done = apart(store, tmp_path)
    assert not done.returncode, done.stderr
    grown = int(done.stdout.split()[-1])
    assert grown < 24 * 1024, f"{grown} KiB for a file of {BIG // MEGABYTE} MiB"
    assert (data(tmp_path) / "big").stat().st_size == BIG


def test_a_full_file_system_is_named(store: Shelf, tmp_path: Path) -> None:
    store.files["big"] = BIG
    done = apart(store, tmp_path, 8 * MEGABYTE)
    assert done.returncode
    assert "'big' cannot be written: the file system is full" in done.stderr
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
