"""Bringing files in: broken connections, ended addresses, names that lead out, parts."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from pennsieve_agent.domain.input_layout import NO_FILES_AT_TOP, Layout
from pennsieve_agent.domain.step_files import step_folder
from pennsieve_agent.domain.transfers import StorageKeys
from pennsieve_agent.node.jobs.tasks import Task, TaskKind
from pennsieve_agent.node.transfer_job.pace import Pace, RunStopped, TooLarge
from pennsieve_agent.node.transfer_job.run_objects import RunObjects, run_prefix
from pennsieve_agent.node.transfer_job.stage_input import stage_in
from pennsieve_agent.node.transfer_job.transfer_error import TransferError
from pennsieve_agent.transfer import part_object
from pennsieve_agent.transfer.keys import RenewedKeys
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.object_store import ObjectStore
from pennsieve_agent.transfer.sender import Sender
from tests.aws.emulator import emulated
from tests.node.transfer_job.shore import DATASET, RUN, Answers, Shelf, answers, shelf

MEGABYTE = 1 << 20
BIG = int(os.environ.get("BIG_MB", "192")) * MEGABYTE


@pytest.fixture
def store() -> Iterator[Shelf]:
    with shelf() as found:
        yield found


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with emulated() as url:
        yield url


@pytest.fixture
def run(aws: str) -> Iterator[Run]:
    made = Run(aws)
    yield made
    made.sender.__exit__()


class Run:
    """The objects of a run, in a bucket of S3 as it is emulated."""

    def __init__(self, url: str) -> None:
        keys = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "word"}
        self.s3 = boto3.client("s3", "us-east-1", endpoint_url=url, **keys)
        self.bucket = f"b-{uuid.uuid4().hex}"
        self.s3.create_bucket(Bucket=self.bucket)
        enabled = {"Status": "Enabled"}
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration=enabled)
        self.sender = Sender(network({}))
        self.store = ObjectStore(self.sender, lambda _: None, endpoint=url, called="the bucket")
        place = self.bucket, run_prefix(RUN), "us-east-1"
        storage = StorageKeys("AKIA", "word", "", 2e9, *place)
        self.objects = RunObjects(self.store, RenewedKeys(lambda: storage, lambda: 0.0), 7)

    def heads(self) -> dict[str, dict[str, str]]:
        """All objects by their keys below the run's, with their metadata."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        keys = [row["Key"] for page in pages for row in page.get("Contents", ())]
        return {
            key.removeprefix(f"{run_prefix(RUN)}/"): self.s3.head_object(
                Bucket=self.bucket, Key=key
            )["Metadata"]
            for key in keys
        }

    def files(self, step: str = "in") -> dict[str, bytes]:
        """The files of a step."""
        inside = f"{run_prefix(RUN)}/{step_folder(step)}/data/"
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=inside)
        keys = [row["Key"] for page in pages for row in page.get("Contents", ())]
        return {
            key.removeprefix(inside): self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            for key in keys
            if not key.endswith("/")
        }

    def parts_left(self) -> list[str]:
        found = self.s3.list_multipart_uploads(Bucket=self.bucket)
        return [row["Key"] for row in found.get("Uploads", ())]


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


def bring(
    relay: Answers, run: Run, *packages: str, layout: Layout = Layout.TREE, pace: Pace | None = None
) -> list[str]:
    said: list[str] = []
    steps = ("in", "work")
    task = Task(TaskKind.STAGE_IN, RUN, "in", DATASET, packages, layout=layout, steps=steps)
    stage_in(task, relay, run.objects, pace or Pace(time.monotonic), said.append)
    return said


def test_files_come_into_the_folders_of_the_dataset(store: Shelf, run: Run) -> None:
    store.files |= {"raw/a/1.edf": b"one", "raw/2 ü.edf": b"two", "3": b""}
    relay = platform(store, ("p1", "raw/a", "1.edf"), ("p2", "raw", "2 ü.edf"), ("p3", "", "3"))
    said = bring(relay, run, "p1", "p2", "p3")
    assert run.files() == {"raw/a/1.edf": b"one", "raw/2 ü.edf": b"two", "3": b""}
    assert said[0] == "3 files (6 bytes) from dataset N:dataset:d"
    owned = {"file-owner": "7", "file-group": "7"}
    folder, file = (
        {**owned, "file-permissions": "0040755"},
        {**owned, "file-permissions": "0100644"},
    )
    steps = {step: f"{step_folder(step)}/" for step in ("in", "work")}
    assert run.heads() == {
        "files/": {},
        "": folder,
        **{f"{name}{inner}": folder for name in steps.values() for inner in ("", "data/")},
        **{f"{steps['in']}data/{name}": folder for name in ("raw/", "raw/a/")},
        **{f"{steps['in']}data/{name}": file for name in ("raw/a/1.edf", "raw/2 ü.edf", "3")},
    }


def test_a_package_of_another_dataset_is_not_brought(store: Shelf, run: Run) -> None:
    """Even where Pennsieve would hand it out, as the workflow's user reaches that dataset, too."""
    store.files |= {"ours": b"one", "theirs": b"two"}
    relay = platform(store, ("p1", "", "ours"), ("p2", "", "theirs"))
    store.files["manifest.json"] = b'{"files": [{"packageId": "p1", "path": ""}]}'
    with pytest.raises(
        TransferError, match="package p2 is not in dataset N:dataset:d; nothing was"
    ):
        bring(relay, run, "p1", "p2")
    assert not [name for name, _ in store.asked if name in {"ours", "theirs"}]


def test_a_broken_connection_goes_on_where_it_stopped(store: Shelf, run: Run) -> None:
    store.files["a"] = bytes(range(256)) * 40
    store.cuts["a"] = 2
    bring(platform(store, ("p", "", "a")), run, "p")
    assert run.files() == {"a": store.files["a"]}
    assert [span for name, span in store.asked if name == "a"] == ["", "bytes=5120-", "bytes=7680-"]


def test_storage_without_ranges_begins_anew(store: Shelf, run: Run) -> None:
    store.files["a"], store.ranges = bytes(range(256)), False
    store.cuts["a"] = 1
    bring(platform(store, ("p", "", "a")), run, "p")
    assert run.files() == {"a": store.files["a"]}


def test_an_ended_address_is_asked_for_again(store: Shelf, run: Run) -> None:
    store.files["a"], store.statuses["a"] = b"text", [403, 500]
    relay = platform(store, ("p", "", "a"))
    bring(relay, run, "p")
    assert run.files() == {"a": b"text"}
    assert [path for _, path, _ in relay.asked].count("/packages/download-manifest") == 2


def test_a_repeated_job_downloads_only_what_is_missing(store: Shelf, run: Run) -> None:
    store.files |= {"a": b"one", "b": b"two"}
    relay = platform(store, ("p1", "", "a"), ("p2", "", "b"))
    store.statuses["b"] = [404] * 20
    with pytest.raises(TransferError, match="'b' cannot be downloaded: storage answered 404"):
        bring(relay, run, "p1", "p2")
    store.statuses.clear()
    store.asked.clear()
    bring(relay, run, "p1", "p2")
    assert [name for name, _ in store.asked if name in {"a", "b"}] == ["b"]


def test_what_does_not_fit_its_checksum_is_not_brought(store: Shelf, run: Run) -> None:
    store.files["a"] = b"text"
    relay = platform(store, ("p", "", "a"))
    row = {"packageId": "p", "path": "", "fileName": "a"}
    for checksum, said in ((b"other", "wrong checksum or size, twice"), (b"text", "")):
        row["checksum"] = hashlib.sha256(checksum).hexdigest()
        store.files["manifest.json"] = json.dumps({"files": [row]}).encode()
        if said:
            with pytest.raises(TransferError, match=said):
                bring(relay, run, "p")
            assert run.files() == {}
        else:
            bring(relay, run, "p")
    assert run.files() == {"a": b"text"}


@pytest.mark.parametrize(
    ("folder", "name"), [("../other", "a"), ("/etc", "passwd"), ("raw/../..", "a"), ("", "..")]
)
def test_names_that_lead_out_are_refused_before_anything_is_written(
    store: Shelf, run: Run, folder: str, name: str
) -> None:
    store.files |= {"good": b"1", f"{folder}/{name}".lstrip("/"): b"2"}
    relay = platform(store, ("p1", "", "good"), ("p2", folder, name))
    with pytest.raises(
        TransferError, match="leads out of the run's folder; nothing was downloaded"
    ):
        bring(relay, run, "p1", "p2")
    assert run.heads() == {}


def test_two_files_of_one_name_are_refused(store: Shelf, run: Run) -> None:
    store.files["a"] = b"1"
    relay = platform(store, ("p1", "", "a"), ("p2", "", "a"))
    with pytest.raises(TransferError, match="two files are called 'a'; rename one"):
        bring(relay, run, "p1", "p2")


def test_a_package_without_files_says_so(store: Shelf, run: Run) -> None:
    with pytest.raises(TransferError, match="none of the input files is in the dataset any more"):
        bring(platform(store, ("p", "", "a")), run, "unknown")


def test_the_folder_that_all_files_share_is_left_out(store: Shelf, run: Run) -> None:
    store.files |= {"raw/nii/1.nii": b"one", "raw/nii/2.nii": b"two"}
    relay = platform(store, ("p1", "raw/nii", "1.nii"), ("p2", "raw/nii", "2.nii"))
    said = bring(relay, run, "p1", "p2")
    assert run.files() == {"1.nii": b"one", "2.nii": b"two"}
    assert NO_FILES_AT_TOP not in said


def test_files_in_several_folders_are_told_of_flat(store: Shelf, run: Run) -> None:
    store.files |= {"raw/a/1.nii": b"one", "raw/b/2.nii": b"two"}
    relay = platform(store, ("p1", "raw/a", "1.nii"), ("p2", "raw/b", "2.nii"))
    assert NO_FILES_AT_TOP in bring(relay, run, "p1", "p2")
    assert run.files() == {"a/1.nii": b"one", "b/2.nii": b"two"}
    run.objects.purge()
    assert set(run.heads()) == {"files/"}
    assert NO_FILES_AT_TOP not in bring(relay, run, "p1", "p2", layout=Layout.FLAT)
    assert run.files() == {"1.nii": b"one", "2.nii": b"two"}


def test_equal_names_are_refused_by_flat_before_anything_is_written(store: Shelf, run: Run) -> None:
    store.files |= {"a/1": b"one", "b/1": b"two"}
    relay = platform(store, ("p1", "a", "1"), ("p2", "b", "1"))
    with pytest.raises(TransferError, match=r"'a/1' and 'b/1'.*nothing was downloaded"):
        bring(relay, run, "p1", "p2", layout=Layout.FLAT)
    assert run.heads() == {}


def test_the_folder_of_each_step_is_made_once(store: Shelf, run: Run) -> None:
    """A step that removed its output and another source that comes later do not meet."""
    store.files["a"] = b"1"
    relay = platform(store, ("p", "", "a"))
    bring(relay, run, "p")
    output = f"{step_folder('work')}/data/"
    assert output in run.heads()
    run.s3.delete_object(Bucket=run.bucket, Key=f"{run_prefix(RUN)}/{output}")
    bring(relay, run, "p")
    assert output not in run.heads()


def test_a_large_file_comes_in_parts_and_nothing_is_left_of_a_broken_one(
    store: Shelf, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_object, "PART_BYTES", 5 * MEGABYTE)
    content = bytes(range(256)) * (11 * MEGABYTE // 256)
    store.files["a"] = content
    store.cuts["a"] = 1
    relay = platform(store, ("p", "", "a"))
    row = {"packageId": "p", "path": "", "fileName": "a"}
    wrong, right = hashlib.sha256(b"other"), hashlib.sha256(content)
    store.files["manifest.json"] = json.dumps(
        {"files": [row | {"checksum": wrong.hexdigest()}]}
    ).encode()
    with pytest.raises(TransferError, match="wrong checksum or size, twice"):
        bring(relay, run, "p")
    assert (run.files(), run.parts_left()) == ({}, [])
    store.files["manifest.json"] = json.dumps(
        {"files": [row | {"checksum": right.hexdigest()}]}
    ).encode()
    bring(relay, run, "p")
    assert run.files() == {"a": store.files["a"]}
    assert run.parts_left() == []
    head = run.s3.head_object(
        Bucket=run.bucket, Key=f"{run_prefix(RUN)}/{step_folder('in')}/data/a"
    )
    assert (head["ETag"].strip('"').partition("-")[2], head["Metadata"]["file-owner"]) == ("3", "7")


def test_what_does_not_fit_into_a_call_is_left_to_a_job(store: Shelf, run: Run) -> None:
    store.files |= {"a": b"12345", "b": b"6"}
    relay = platform(store, ("p1", "", "a"), ("p2", "", "b"))
    for pace in (Pace(time.monotonic, bytes=5), Pace(time.monotonic, files=1)):
        with pytest.raises(TooLarge):
            bring(relay, run, "p1", "p2", pace=pace)
        assert run.heads() == {}, "it was begun"
    ended = Pace(time.monotonic, ends_at=time.monotonic() - 1)
    with pytest.raises(TooLarge, match="the time of a call is over"):
        bring(relay, run, "p1", "p2", pace=ended)
    with pytest.raises(RunStopped, match="the run was ended"):
        bring(relay, run, "p1", "p2", pace=Pace(time.monotonic, stop=lambda: True))
    bring(relay, run, "p1", "p2")
    assert run.files() == {"a": b"12345", "b": b"6"}


def test_many_files_come(store: Shelf, run: Run) -> None:
    store.files |= {f"raw/{number:04}": b"x" for number in range(1200)}
    relay = platform(store, *((f"p{n}", "raw", f"{n:04}") for n in range(1200)))
    said = bring(relay, run, *(f"p{n}" for n in range(1200)))
    assert said[0].startswith("1200 files (1200 bytes)")
    assert len(run.files()) == 1200
    calls = [path for _, path, _ in relay.asked]
    assert calls.count("/packages/download-manifest") == 3


SMALL = """
import resource, sys, time
from pennsieve_agent.domain.transfers import StorageKeys
from pennsieve_agent.node.jobs.tasks import Task, TaskKind
from pennsieve_agent.node.transfer_job.pace import Pace
from pennsieve_agent.node.transfer_job.run_objects import RunObjects
from pennsieve_agent.node.transfer_job.stage_input import stage_in
from pennsieve_agent.transfer.keys import RenewedKeys
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.object_store import ObjectStore
from pennsieve_agent.transfer.sender import Sender
from tests.node.transfer_job.shore import answers
url, size, endpoint, bucket = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
row = {"nodeId": "p", "fileName": "big", "size": size, "path": [], "url": url}
relay = answers({("POST", "/packages/download-manifest"): lambda *_: {"data": [row]}})
relay.routes["GET", "/datasets/manifest"] = lambda *_: {}
keys = StorageKeys("AKIA", "word", "", 2e9, bucket, "files/runs/r", "us-east-1")
store = ObjectStore(Sender(network({})), time.sleep, endpoint=endpoint)
run = RunObjects(store, RenewedKeys(lambda: keys, lambda: 0.0), 7)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
stage_in(Task(TaskKind.STAGE_IN, "r", "in", "d", ("p",)), relay, run, Pace(time.monotonic), print)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_stays_flat_whatever_the_size(store: Shelf, aws: str, run: Run) -> None:
    store.files["big"] = BIG
    words = [store.url("big"), str(BIG), aws, run.bucket]
    done = subprocess.run(
        [sys.executable, "-c", SMALL, *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert not done.returncode, done.stderr
    grown = int(done.stdout.split()[-1])
    most = (part_object.IN_FLIGHT + 3) * part_object.PART_BYTES // 1024
    assert grown < most, f"{grown} KiB for a file of {BIG // MEGABYTE} MiB"
    key = f"files/runs/r/{step_folder('in')}/data/big"
    assert run.s3.head_object(Bucket=run.bucket, Key=key)["ContentLength"] == BIG
