"""Answers to transfer jobs that are larger than AWS lets a function's answer be."""

from __future__ import annotations

import json
import threading
import urllib.request
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pennsieve_agent.node import relay
from pennsieve_agent.node.identity.workflow_registry import READ, Registry
from pennsieve_agent.node.jobs.tasks import RECEIPT_PATH
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, Origin, Phase, RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.transfer_job.relay import Relay
from tests.node.own_world import DATASET, WORKFLOW, OwnWorld, Pennsieve
from tests.node.test_large_records import PACKAGES
from tests.node.world import RUN, Reply, World

MOST_ANSWER = 6_291_556
"""AWS Lambda's own figure in its error ``Function.ResponseSizeTooLarge``."""
ROWS = 8_000
KEYS = {"key": "AKIAEXAMPLE", "secret": "hidden-word", "token": ""}


class Folder(Pennsieve):
    """A dataset with one folder of many files."""

    def _data(self, request: urllib.request.Request, dataset: str, path: str) -> Reply:
        super()._data(request, dataset, path)
        rows = [
            {"nodeId": f"N:package:{uuid.UUID(int=n)}", "url": "https://s3/" + "x" * 1200}
            for n in range(ROWS)
        ]
        return Reply({"data": rows})


@pytest.fixture
def way(own: OwnWorld) -> Iterator[Relay]:
    """A transfer job's way to the relay, and to the node's bucket."""
    own.pennsieve = Folder()
    own.bucket = "node-bucket"
    own.hand_over()
    storage = own.client("s3")
    storage.create_bucket(Bucket=own.bucket)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps(relay.handle(event, own.node())).encode()
            self._say(answer, too_large=len(answer) > MOST_ANSWER)

        def do_GET(self) -> None:
            _, bucket, key = self.path.split("/", 2)
            self._say(storage.get_object(Bucket=bucket, Key=key)["Body"].read())

        def _say(self, data: bytes, *, too_large: bool = False) -> None:
            self.send_response(200)
            if too_large:
                data = b'{"errorType": "Function.ResponseSizeTooLarge"}'
                self.send_header("X-Amz-Function-Error", "Unhandled")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield Relay(RUN, "n", "us-east-1", own.pennsieve.sleep, address, lambda: KEYS)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_folder_of_many_files_is_told_whole(own: OwnWorld, way: Relay) -> None:
    record = RunRecord(
        RUN,
        own.pennsieve.clock,
        phase=Phase.RUNNING,
        origin=Origin.OWN,
        dataset=DATASET,
        workflow={"id": WORKFLOW, "name": "w", "version": "v1"},
        jobs=[JobRecord("in", "in", JobKind.STAGE)],
    )
    assert RunStore(own.node()).begin(record)
    row = {"workflow": WORKFLOW, "dataset": DATASET, "datasetName": "d", "access": READ}
    Registry(own.node()).grant({**row, "by": {}})
    query, body = {"dataset_id": DATASET}, {"nodeIds": ["N:collection:1"]}
    answer: Any = way.ask("POST", "/packages/download-manifest", query, body)
    assert len(answer["data"]) == ROWS


def test_a_receipt_of_many_files_is_no_larger_than_an_answer() -> None:
    world = World()
    files = [{"path": f"{'a' * 60}/{p}.edf", "package": p, "size": 1} for p in PACKAGES]
    world.start_own(packages=PACKAGES, files=files)
    asked = {"relay": {"run": RUN, "method": "GET", "path": RECEIPT_PATH}}
    answer = relay.handle(asked, world.node())
    assert answer["status"] == 200
    assert len(json.dumps(answer)) < MOST_ANSWER
    receipt = json.loads(json.loads(world.objects[answer["place"]])["text"])
    assert len(receipt["inputs"]["files"]) == len(PACKAGES)
