"""One part of the transfer room at work, in a process of its own; prints how long it took.

``fetch`` and ``store`` are what the command line does, ``stage`` and ``deliver`` what a transfer
job of a node does, each between its list of files and the last byte.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.transfers import SignedFile, StorageKeys
from pennsieve_agent.node.jobs.tasks import OUTPUTS_PATH, RECEIPT_PATH, Task, TaskKind
from pennsieve_agent.node.transfer_job.gather import gather
from pennsieve_agent.node.transfer_job.pace import Pace
from pennsieve_agent.node.transfer_job.perform import state_file
from pennsieve_agent.node.transfer_job.run_files import RunFiles
from pennsieve_agent.node.transfer_job.run_objects import RunObjects
from pennsieve_agent.node.transfer_job.stage_input import stage_in
from pennsieve_agent.node.transfer_job.targets import Places, deliver
from pennsieve_agent.platform.http.transport import pause
from pennsieve_agent.services.files.download_places import Folders
from pennsieve_agent.services.files.upload_files import collect
from pennsieve_agent.transfer.download import fetch_all
from pennsieve_agent.transfer.fetch import Fetching, Place
from pennsieve_agent.transfer.journal import UploadJournal
from pennsieve_agent.transfer.keys import RenewedKeys
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.object_store import ObjectStore
from pennsieve_agent.transfer.sender import Sender
from pennsieve_agent.transfer.upload import Destination, Upload
from tests.node.transfer_job.shore import RUN, answers

KEYS = StorageKeys("ASIA", "secret", "token", 4e9, "bucket", "prefix", "us-east-1")


def fetch(rows: list[Any], target: Path) -> None:
    """Download with verification."""
    with Sender(network({})) as sender:
        tools = Fetching(
            sender, lambda old: old, pause, lambda _: None, lambda: 0.5, Folders(target).make
        )
        files = [
            (SignedFile("p", name, size, url), Place(target / name, target / f".{name}.p", digest))
            for url, name, size, digest in rows
        ]
        fetch_all(files, tools, lambda *_: None)
    assert len(list(target.iterdir())) == len(rows)


class Taker:
    """A platform that takes any upload."""

    def create(self, _: str) -> str:
        return "m"

    def sync(self, _: str, __: str, files: Any) -> Mapping[str, int]:
        return {file.upload_id: 1 for file in files}

    def keys(self, _: str, __: str) -> StorageKeys:
        return KEYS

    def finalize(self, _: str, __: str, files: Any, *, replace: bool) -> Mapping[str, str]:
        del replace
        return {file.upload_id: "" for file in files}


def store(paths: list[str], base: str, target: Path) -> None:
    """Upload, with a journal."""
    files = collect([Path(path) for path in paths], "").files
    with (
        Sender(network({})) as sender,
        ObjectStore(sender, pause, endpoint=base) as objects,
        UploadJournal(target / "journal") as journal,
    ):
        destination = Destination("d", "w")
        upload = Upload(Taker(), objects, destination, journal, time.time, pause, lambda _: None)
        report = upload.run(files)
    assert len(report.uploaded) == len(paths), report.failed


def stage(rows: list[Any], base: str, target: Path) -> None:
    """What a transfer job brings into the node's bucket for a run."""
    del target
    data = [
        {"nodeId": name, "fileName": name, "size": size, "path": [], "url": url}
        for url, name, size, _ in rows
    ]

    def manifest(_: object, body: Any) -> dict[str, Any]:
        wanted = set(body["nodeIds"])
        return {"data": [row for row in data if row["nodeId"] in wanted]}

    relay = answers({("POST", "/packages/download-manifest"): manifest})
    relay.routes["GET", "/datasets/manifest"] = lambda *_: {}
    packages = tuple(row["nodeId"] for row in data)
    task = Task(TaskKind.STAGE_IN, RUN, "in", "d", packages)
    with Sender(network({})) as sender, ObjectStore(sender, pause, endpoint=base) as objects:
        run = RunObjects(objects, RenewedKeys(lambda: KEYS, time.time), 1000)
        stage_in(task, relay, run, Pace(time.time), lambda _: None)


def hand_over(paths: list[str], base: str, target: Path) -> None:
    """What a transfer job takes out of a run."""
    run = RunFiles(target)
    folder = run.data("work")
    folder.mkdir(parents=True)
    for path in paths:
        (folder / Path(path).name).hardlink_to(path)

    def sync(_: object, body: Any) -> dict[str, Any]:
        states = [{"upload_id": row["upload_id"], "status": 1} for row in body["files"]]
        return {"manifest_node_id": body["id"] or str(uuid.uuid4()), "updated_files": states}

    def finalize(_: object, body: Any) -> dict[str, Any]:
        rows = [{"uploadId": row["uploadId"], "status": "finalized"} for row in body["files"]]
        return {"results": rows}

    keys = {
        "accessKeyId": "ASIA",
        "secretAccessKey": "secret",
        "sessionToken": "token",
        "expiration": "2090-01-01T00:00:00+00:00",
        "bucket": "bucket",
        "keyPrefix": "prefix",
        "region": "us-east-1",
    }
    routes: dict[tuple[str, str], Any] = {
        ("POST", "/upload/manifest"): sync,
        ("POST", "/upload/manifest/storage-credentials"): lambda *_: keys,
        ("POST", "/upload/manifest/files/finalize"): finalize,
        ("GET", RECEIPT_PATH): lambda *_: {},
        ("PUT", OUTPUTS_PATH): lambda *_: {},
    }
    task = Task(TaskKind.DELIVER, RUN, "out", "d", parents=("work",), before=("work",))
    places = Places(state_file(task, target), target)
    begin = time.perf_counter()
    found = gather(task, RunFiles(target, before=task.before))
    deliver(task, answers(routes, base), places, found, lambda _: None, time.time)
    sys.stdout.write(f"wall {time.perf_counter() - begin}\n")


def main() -> None:
    """Do what the arguments say: an action, a file with its list, and where to."""
    action, task, *more = sys.argv[1:]
    items = json.loads(Path(task).read_text())
    work: dict[str, Callable[..., None]] = {
        "fetch": fetch,
        "store": store,
        "stage": stage,
        "deliver": hand_over,
    }
    begin = time.perf_counter()
    work[action](items, *more[:-1], Path(more[-1]))
    if action != "deliver":
        sys.stdout.write(f"wall {time.perf_counter() - begin}\n")


if __name__ == "__main__":
    main()
