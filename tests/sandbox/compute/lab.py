"""A sandbox's compute side with people, a dataset, a fake backend and clients for everybody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.workflows import Manifest
from pennsieve_agent.engine.backend import Log, Outcome, Program, Task
from pennsieve_agent.engine.compile import compile_run
from pennsieve_agent.errors import SourceError
from pennsieve_agent.sandbox.compute import SCHEMA, ComputeParts, build
from pennsieve_agent.sandbox.compute.apps.images import Images
from pennsieve_agent.sandbox.compute.neighbour_protocols import Neighbours, NodeCalls
from pennsieve_agent.sandbox.compute.nodes.node_gateway import (
    GatewayAnswer,
    NodeGateway,
    Unreachable,
)
from pennsieve_agent.sandbox.compute.workspace_members import StoredMembers
from pennsieve_agent.sandbox.data import tables
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles, NewDataset
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.host import faults
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import Urls, World
from pennsieve_agent.sandbox.http.routing import Caller, Refusal, Request, Response, Scheme, Surface

SECONDS = 20
REPO = "https://github.com/acme/summary"
ADA, BEN, CLEO, DAN = (f"{name}@example.org" for name in ("ada", "ben", "cleo", "dan"))
RUNS = "/compute/workflows/runs"


class FakeBackend:
    """Prepares repositories; what it prepared nobody runs."""

    name = "fake"
    isolation = "nothing is isolated"
    place = ""

    def __init__(self) -> None:
        self.prepared: list[str] = []
        self.broken: Exception | None = None

    def prepare(
        self, checkout: Path, name: str, log: Log, stop: threading.Event | None = None
    ) -> Program:
        del stop
        log(f"building {name}")
        self.prepared.append(name)
        if self.broken is not None:
            raise self.broken
        return Program(self.name, str(checkout))

    def run(self, task: Task, log: Log, stop: threading.Event) -> Outcome:
        del log, stop
        raise AssertionError(f"nothing is run here: {task}")


class ActedNode:
    """A node that acts: it takes a run, and reports what the test wants of it.

    With :attr:`ends` a run is reported through all its states at once, else it waits for
    :meth:`report`. Secrets and the allow-list are kept as a node keeps them.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.ends = "SUCCEEDED"
        self.asked: list[tuple[str, str]] = []
        self.tokens: dict[str, str] = {}
        self.sessions: dict[str, str] = {}
        self.messages: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.secrets: dict[tuple[str, str], dict[str, str]] = {}
        self.silent = False

    def ask(
        self,
        node: Row,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> GatewayAnswer:
        if self.silent:
            raise Unreachable("nobody is there")
        self.asked.append((method, path))
        given, words = dict(body or {}), dict(query or {})
        if (method, path) == ("POST", "/runs"):
            self.tokens[given["runId"]] = given["token"]
            self.sessions[given["runId"]] = given["session"]
            if self.ends:
                self.finish(given["runId"], self.ends)
            return GatewayAnswer(202, {})
        if path.endswith("/cancel"):
            self.report(path.split("/")[2], "CANCELED")
            return GatewayAnswer(202, {})
        if path.endswith("/logs"):
            found = self.messages.get((path.split("/")[2], words["node"]), [])
            return GatewayAnswer(200, {"messages": found, "next": ""})
        if path == "/secrets":
            return self._secrets(method, node, words, given)
        return GatewayAnswer(200, {})

    def _secrets(
        self, method: str, node: Row, words: dict[str, str], given: dict[str, Any]
    ) -> GatewayAnswer:
        kept = self.secrets.setdefault((node["uuid"], words.get("userId", "")), {})
        if method == "PATCH":
            kept.update(given["secrets"])
        elif words.get("deleteAll") == "true":
            kept.clear()
        elif method == "DELETE":
            kept.pop(words["key"], None)
        return GatewayAnswer(200, {"keys": list(kept)})

    def client(self, run: str) -> httpx.Client:
        """A client that asks as the node does: as the person who started the run."""
        wait_for(lambda: run in self.sessions)
        return self._lab.client(self.sessions[run])

    def finish(self, run: str, end: str) -> None:
        """A run is reported from its start to an end, which its steps share."""
        self.report(run, "STARTED")
        for row in self._lab.world.store.rows(
            "SELECT node_id FROM workflow_steps WHERE run_uuid = ?", (run,)
        ):
            self.report(run, "STARTED", row["node_id"])
            self.report(run, end, row["node_id"])
        self.report(run, "FINALIZING")
        self.report(run, end)

    def report(self, run: str, status: str, step: str = "", **more: Any) -> int:
        path = f"{RUNS}/{run}/processor/{step}/status" if step else f"{RUNS}/{run}/status"
        return self.client(run).put(path, json={"status": status, **more}).status_code

    def say(self, run: str, step: str, *lines: str) -> None:
        rows = [{"timestamp": n, "message": line, "node": step} for n, line in enumerate(lines)]
        self.messages[run, step] = rows


class Lab:
    """Ada owns the workspace, Ben is a member, Cleo an administrator, Dan belongs elsewhere."""

    def __init__(self, data: Path, aws: str = "") -> None:
        """With ``aws`` its nodes are asked there; else they act (:attr:`acted`)."""
        data.mkdir(parents=True, exist_ok=True)
        self.now = 1_770_000_000.0
        self.backend = FakeBackend()
        self.repos: dict[str, dict[str, str]] = {REPO: {"README.md": "# Summary\n"}}
        self.manifest = Manifest(name="summary")
        self.checkout: Callable[[str, str, Path], str] = self._checkout
        self.read_manifest: Callable[[Path], Manifest] = lambda _: self.manifest
        self.roles: dict[tuple[str, str], Role] = {}
        store = Store(data / "sandbox.db", [tables.SCHEMA, SCHEMA])
        urls = Urls("http://127.0.0.1:1", "http://127.0.0.1:2", aws or "http://127.0.0.1:9")
        self.world = World(data, store, urls, self._clock)
        directory.seed(store, self.now)
        # Workflows of code that no test has built first.
        faults.remember(store, faults.parse("foreign", None))
        user, self.workspace_number = directory.owner(store)
        del user
        for email, role in ((BEN, 8), (CLEO, 16)):
            person = directory.Person(email, "A", "B", role)
            directory.add_person(store, self.workspace_number, person, self.now)
        other = store.execute(
            "INSERT INTO workspaces (node_id, name, slug, created_at)"
            " VALUES ('N:organization:other', 'Other', 'other', 0)"
        )
        directory.add_person(store, other, directory.Person(DAN, "D", "N", 32), self.now)
        self.files = DatasetFiles(self.world)
        self.world.datasets.mkdir(exist_ok=True)
        self.acted = ActedNode(self)
        self._aws = bool(aws)
        self.parts = self._build()
        self._clients: dict[str, httpx.Client] = {}

    def _clock(self) -> float:
        self.now += 0.001
        return self.now

    def _build(self) -> ComputeParts:
        nodes: NodeCalls = NodeGateway(self.world) if self._aws else self.acted
        neighbours = Neighbours(
            members=StoredMembers(self.world.store),
            dataset_role=self._role,
            checkout=self._check_out,
            manifest=self._manifest_of,
            compile=compile_run,
            backend=self.backend,
            nodes=nodes,
            images=Images(self.world, self.backend) if self._aws else None,
        )
        return build(self.world, self.files, neighbours=neighbours)

    def _role(self, user: int, dataset: str) -> Role:
        row = self.world.store.row("SELECT email FROM users WHERE int_id = ?", (user,))
        return self.roles.get((row["email"] if row else "", dataset), Role.NONE)

    def _check_out(self, url: str, tag: str, into: Path) -> str:
        return self.checkout(url, tag, into)

    def _manifest_of(self, folder: Path) -> Manifest:
        return self.read_manifest(folder)

    def _checkout(self, url: str, tag: str, into: Path) -> str:
        if url not in self.repos:
            raise SourceError(f"{url} cannot be read")
        into.mkdir(parents=True)
        for name, text in self.repos[url].items():
            (into / name).write_text(text)
        return f"c0ffee{tag}"

    def start(self) -> None:
        self.parts.start()

    def restart(self) -> None:
        """Stop the compute side as a process's end would, and start another on the same data."""
        self.parts.stop()
        self.parts = self._build()
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self.parts.start()

    def close(self) -> None:
        self.parts.stop()
        for client in self._clients.values():
            client.close()
        self.world.store.close()

    @property
    def organization(self) -> str:
        row = self.world.store.row("SELECT node_id FROM workspaces ORDER BY int_id")
        assert row is not None
        return str(row["node_id"])

    def user_id(self, email: str) -> str:
        row = self.world.store.row("SELECT node_id FROM users WHERE email = ?", (email,))
        assert row is not None
        return str(row["node_id"])

    def app(self) -> Surface:
        return Surface(
            self.parts.routes,
            self._authorize,
            content_type="application/json",
            not_found=lambda *_: Response(404, {"message": "Not Found"}),
        )

    def _authorize(self, request: Request, scheme: Scheme) -> Caller:
        """The bearer's e-mail address is the token."""
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if kind == "Callback":
            _, run_id, token = value.split(":", 2)
            caller = self.parts.callback(run_id, token)
            if caller is None:
                raise Refusal(403, {"message": "Forbidden"})
            return caller
        row = self.world.store.row(
            "SELECT u.int_id, u.node_id, w.int_id AS org, w.node_id AS org_node, m.role"
            " FROM users u JOIN memberships m ON m.user_int_id = u.int_id"
            " JOIN workspaces w ON w.int_id = m.workspace_int_id"
            " WHERE u.email = ? AND (w.node_id = ? OR ?)",
            (value, request.query.get("organization_id"), scheme is not Scheme.WORKSPACE),
        )
        if row is None:
            raise Refusal(403, {"message": "Forbidden"})
        return Caller(
            row["int_id"], row["node_id"], value, row["org"], row["org_node"], row["role"]
        )

    def client(self, email: str = ADA) -> httpx.Client:
        return self.raw_client(f"Bearer {email}")

    def raw_client(self, authorization: str) -> httpx.Client:
        if authorization not in self._clients:
            self._clients[authorization] = httpx.Client(
                transport=httpx.WSGITransport(app=self.app()),
                base_url="http://sandbox",
                headers={"Authorization": authorization},
            )
        return self._clients[authorization]

    # What most tests begin with ------------------------------------------------------------

    def dataset(self, files: Mapping[str, str], name: str = "Mouse EEG") -> str:
        owner, workspace = directory.owner(self.world.store)
        dataset_id = self.files.create(NewDataset(name, owner, workspace))
        for path, text in files.items():
            target = self.files.folder(dataset_id) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        self.files.sync(dataset_id)
        self.roles[ADA, dataset_id] = Role.OWNER
        return dataset_id

    def packages(self, dataset_id: str) -> dict[str, str]:
        rows = self.world.store.rows(
            "SELECT p.path, p.node_id FROM packages p JOIN datasets d"
            " ON d.int_id = p.dataset_int_id WHERE d.node_id = ?",
            (dataset_id,),
        )
        return {row["path"]: row["node_id"] for row in rows}

    def account(self, email: str = ADA, number: str = "111122223333", **more: str) -> str:
        body = {"accountId": number, "accountType": "aws", "roleName": "r", "externalId": "x"}
        answer = self.client(email).post("/compute/resources/accounts", json={**body, **more})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["uuid"])

    def enable(self, account: str, email: str = ADA, **flags: bool) -> httpx.Response:
        return self.client(email).post(
            f"/compute/resources/accounts/{account}/workspaces",
            params={"organization_id": self.organization},
            json=flags,
        )

    def node(self, account: str, *, status: str = "Enabled", email: str = ADA, **more: Any) -> str:
        """A node whose state is simply set; provisioning has its own tests."""
        before = {row["uuid"] for row in self.world.store.rows("SELECT uuid FROM compute_nodes")}
        body = {"accountId": account, "name": "node", **more}
        answer = self.client(email).post("/compute/resources/compute-nodes", json=body)
        assert answer.status_code == 202, answer.text
        rows = self.world.store.rows("SELECT uuid FROM compute_nodes")
        (uuid,) = {row["uuid"] for row in rows} - before
        self.world.store.execute(
            "UPDATE compute_nodes SET status = ?, task = '', checked_at = ? WHERE uuid = ?",
            (status, "" if status == "Pending" else "2026-01-01T00:00:00Z", uuid),
        )
        return str(uuid)

    def register(self, url: str = REPO, tag: str = "v1", **source: Any) -> str:
        """Register and wait until built; answers the version's status."""
        body = {"source": {"type": "github", "url": url, "tag": tag, **source}, "release": {}}
        answer = self.client().post("/applications/store", json=body)
        assert answer.status_code == 202, answer.text
        deployment = answer.json()["deploymentId"]

        def status() -> str:
            (app,) = self.client().get("/applications/store", params={"sourceUrl": url}).json()
            for version in app["versions"]:
                if deployment in {d["deploymentId"] for d in version["deployments"]}:
                    return str(version["status"])
            return ""

        wait_for(lambda: status() not in {"", "registering", "deploying"})
        return status()

    def define(self, processors: list[dict[str, Any]] | None = None, name: str = "summary") -> str:
        body = {
            "name": name,
            "organizationId": self.organization,
            "processors": chain() if processors is None else processors,
        }
        answer = self.client().post("/compute/workflows/definitions", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["uuid"])

    def status(self, run: str) -> dict[str, Any]:
        answer = self.client().get(f"/compute/workflows/runs/{run}/status")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def wait(self, run: str, *statuses: str) -> dict[str, Any]:
        wanted = statuses or ("SUCCEEDED", "FAILED", "CANCELED")
        wait_for(lambda: self.status(run)["status"] in wanted)
        return self.status(run)

    def lines(self, run: str, node: str) -> list[str]:
        answer = self.client().get(f"/compute/workflows/runs/{run}/logs", params={"nodeId": node})
        assert answer.status_code == 200, answer.text
        return [message["message"] for message in answer.json()["messages"]]


def chain() -> list[dict[str, Any]]:
    """A data source, a processor and a data target."""
    return [
        {"id": "src", "type": "data-source"},
        {
            "id": "sum",
            "type": "processor",
            "sourceUrl": REPO,
            "tag": "v1",
            "dependsOn": ["src"],
        },
        {
            "id": "out",
            "type": "data-target",
            "targetType": "Pennsieve Dataset",
            "computeType": "standard",
            "dependsOn": ["sum"],
        },
    ]


class Ready:
    """A lab in which a run can be started at once."""

    def __init__(self, lab: Lab, processors: list[dict[str, Any]] | None = None) -> None:
        self.lab = lab
        lab.start()
        self.dataset = lab.dataset({"raw/a.txt": "alpha", "raw/deep/b.txt": "beta", "c.txt": "c"})
        self.packages = lab.packages(self.dataset)
        self.account = lab.account()
        self.node = lab.node(self.account)
        assert lab.register() == "deployed"
        self.workflow = lab.define(processors)

    def body(self, **more: Any) -> dict[str, Any]:
        return {
            "workflowInstanceConfiguration": {
                "workflowId": self.workflow,
                "computeNodeId": self.node,
            },
            "datasetId": self.dataset,
            "dataSources": {"src": {"packageIds": [self.packages["raw"]]}},
            "name": "first",
            **more,
        }

    def post(self, email: str = ADA, **more: Any) -> httpx.Response:
        return self.lab.client(email).post("/compute/workflows/runs", json=self.body(**more))

    def start(self, **more: Any) -> str:
        answer = self.post(**more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["uuid"])

    def files(self) -> dict[str, str]:
        root = self.lab.files.folder(self.dataset)
        found = (path for path in root.rglob("*") if path.is_file())
        return {path.relative_to(root).as_posix(): path.read_text() for path in sorted(found)}


def wait_for(condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait until something is so, for a limited time."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        pause.wait(0.01)


@contextmanager
def open_lab(data: Path, aws: str = "") -> Iterator[Lab]:
    lab = Lab(data, aws)
    try:
        yield lab
    finally:
        lab.close()
