"""The same with nothing faked: a git repository, child processes, the tables of people."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pennsieve_agent.domain.workflow_identity import Kind, new_integration
from pennsieve_agent.sandbox import people, tables
from pennsieve_agent.sandbox.compute import SCHEMA, build
from pennsieve_agent.sandbox.files import DatasetFiles
from pennsieve_agent.sandbox.http import Caller, Request, Response, Scheme, Surface
from pennsieve_agent.sandbox.store import Store
from pennsieve_agent.sandbox.world import Urls, World
from tests.sandbox.compute.lab import chain, wait_for

SCRIPT = """
import os, pathlib, sys
given, made = (pathlib.Path(os.environ[n]) for n in ("INPUT_DIR", "OUTPUT_DIR"))
print("factor", os.environ["FACTOR"], flush=True)
assert not [n for n in os.environ if "TOKEN" in n]
for path in sorted(given.rglob("*.txt")):
    number = float(path.read_text()) * float(os.environ["FACTOR"])
    (made / path.name).write_text(str(number))
    print(path.name, number, flush=True)
"""
FILES = {
    "main.py": SCRIPT,
    "Dockerfile": 'FROM python\nCOPY . /app\nWORKDIR /app\nENTRYPOINT ["python3", "main.py"]\n',
    "app.yml": (
        'schemaVersion: "1.0"\nname: times\n'
        "parameters:\n  - {name: FACTOR, type: number, default: 2}\n"
    ),
}


class Whole:
    """One person, one surface, and the real neighbours."""

    def __init__(self, data: Path, engine: str = "process") -> None:
        data.mkdir()
        store = Store(data / "sandbox.db", [tables.SCHEMA, SCHEMA])
        urls = Urls("http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:9")
        self.world = World(data, store, urls, lambda: 1_770_000_000.0)
        people.seed(store, 0)
        self.world.datasets.mkdir()
        self.files = DatasetFiles(self.world)
        self.parts = build(self.world, self.files, engine)
        app = Surface(
            self.parts.routes,
            self._authorize,
            content_type="application/json",
            not_found=lambda *_: Response(404),
        )
        self.http = httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://sandbox")

    def _authorize(self, request: Request, scheme: Scheme) -> Caller:
        del request, scheme
        user, workspace = people.owner(self.world.store)
        row = self.world.store.row(
            "SELECT u.node_id, u.email, w.node_id AS org FROM users u, workspaces w"
            " WHERE u.int_id = ? AND w.int_id = ?",
            (user, workspace),
        )
        assert row is not None
        return Caller(user, row["node_id"], row["email"], workspace, row["org"], people.OWNER)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def grant(self, workflow: str, dataset: str) -> None:
        store = self.world.store
        user, workspace = people.owner(store)
        words = new_integration(workflow, "n", Kind.WRITE).body["description"]
        webhook = store.execute(
            "INSERT INTO webhooks (workspace_int_id, api_url, description, secret, name,"
            " display_name, is_private, is_default, has_access, event_targets, custom_targets,"
            " integration_user, created_by, created_at)"
            " VALUES (?, '', ?, '', 'n', 'n', 0, 0, 1, '[]', '[]', ?, ?, 0)",
            (workspace, words, user, user),
        )
        store.execute(
            "INSERT INTO dataset_webhooks (webhook_id, dataset_int_id, enabled_by, enabled_on)"
            " SELECT ?, int_id, ?, 0 FROM datasets WHERE node_id = ?",
            (webhook, user, dataset),
        )

    def close(self) -> None:
        self.parts.stop()
        self.http.close()
        self.world.store.close()


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    made = Whole(tmp_path / "data")
    made.parts.start()
    yield made
    made.close()


@pytest.fixture
def repository(tmp_path: Path) -> str:
    folder = tmp_path / "times"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"], ["tag", "v1"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder.as_uri()


def test_from_a_repository_to_results(whole: Whole, repository: str) -> None:
    numbers = whole.world.datasets / "Numbers" / "raw"
    numbers.mkdir(parents=True)
    (numbers / "a.txt").write_text("21")
    whole.files.sync()
    row = whole.world.store.row("SELECT node_id FROM datasets")
    assert row is not None
    dataset = row["node_id"]
    package = whole.world.store.row("SELECT node_id FROM packages WHERE path = 'raw/a.txt'")
    assert package is not None

    source = {"type": "github", "url": repository, "tag": "v1"}
    whole.post("/applications/store", source=source, release={"id": 0})

    def app() -> dict[str, Any]:
        (found,) = whole.http.get("/applications/store").json()
        assert not found["versions"][0]["status"].startswith("error"), found
        return dict(found)

    wait_for(lambda: app()["versions"][0]["status"] == "deployed")
    assert app()["name"] == "times"
    nodes = chain()
    nodes[1]["sourceUrl"] = repository
    workflow = whole.post("/compute/workflows/definitions", name="times", processors=nodes)["uuid"]
    account = whole.post(
        "/compute/resources/accounts", accountId="1", accountType="aws", roleName="r"
    )["uuid"]
    whole.post("/compute/resources/compute-nodes", accountId=account, name="n")
    whole.world.store.execute("UPDATE compute_nodes SET status = 'Enabled', task = ''")
    (node,) = whole.http.get(
        "/compute/resources/compute-nodes", params={"account_owner": "true"}
    ).json()
    whole.grant(workflow, dataset)
    run = whole.post(
        "/compute/workflows/runs",
        workflowInstanceConfiguration={"workflowId": workflow, "computeNodeId": node["uuid"]},
        datasetId=dataset,
        dataSources={"src": {"packageIds": [package["node_id"]]}},
        processorParams={"sum": {"FACTOR": "3"}},
        name="first",
    )["uuid"]
    path = f"/compute/workflows/runs/{run}"

    def status() -> str:
        return str(whole.http.get(f"{path}/status").json()["status"])

    wait_for(lambda: status() in {"SUCCEEDED", "FAILED"})
    log = whole.http.get(f"{path}/logs", params={"nodeId": "sum"}).json()["messages"]
    assert status() == "SUCCEEDED", log
    assert [line["message"] for line in log] == ["factor 3", "a.txt 63.0"]
    result = whole.world.datasets / "Numbers" / "times" / "first" / "a.txt"
    assert result.read_text() == "63.0"
    assert whole.parts.engine_name == "process"


def test_a_repository_without_that_tag(whole: Whole, repository: str) -> None:
    source = {"type": "github", "url": repository, "tag": "v9"}
    whole.post("/applications/store", source=source, release={"id": 0})

    def status() -> str:
        (found,) = whole.http.get("/applications/store").json()
        return str(found["versions"][0]["status"])

    wait_for(lambda: status().startswith("error: "))


def test_the_sandboxs_own_github(whole: Whole, repository: str) -> None:
    bare = whole.world.data / "github" / "lab" / "times.git"
    bare.parent.mkdir(parents=True)
    subprocess.run(["git", "clone", "-q", "--bare", repository, str(bare)], check=True)
    source = {"type": "github", "url": "https://github.com/lab/times", "tag": "v1"}
    whole.post("/applications/store", source=source, release={"id": 1})

    def app() -> dict[str, Any]:
        (found,) = whole.http.get("/applications/store").json()
        return dict(found)

    wait_for(lambda: app()["versions"][0]["status"] not in {"registering", "deploying"})
    assert app()["versions"][0]["status"] == "deployed"
    path = f"/applications/store/{app()['uuid']}/versions/v1/log"
    lines = [m["message"] for m in whole.http.get(path).json()["messages"]]
    assert lines[0].startswith("checked out https://github.com/lab/times at ")
