"""An own node that answers as protocol 1 says, without AWS: for tests of who asks it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import Conflict, Forbidden, Invalid, NodeOlder, NotFound, PlatformError

NODE = OwnNode(
    token="0a1b2c3d",
    name="my-node",
    organization_id="N:organization:w",
    account="123456789012",
    region="us-east-1",
    gateway="arn:aws:lambda:us-east-1:123456789012:function:gateway",
    admin="arn:aws:lambda:us-east-1:123456789012:function:admin",
)
DATASET = "N:dataset:d"
WORKFLOW = "11111111-1111-4111-8111-111111111111"
VERSION = {
    "workflow": WORKFLOW,
    "name": "word-count",
    "description": "Counts words",
    "version": "v1.0.0",
    "layout": "tree",
    "needsPennsieve": "",
    "origin": "pennsieve",
    "steps": [
        {"id": "input", "kind": "data-source", "dependsOn": []},
        {
            "id": "count",
            "kind": "processor",
            "dependsOn": ["input"],
            "sourceUrl": "https://github.com/lab/count",
            "tag": "v1.0.0",
            "commit": "c" * 40,
            "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/r@sha256:" + "d" * 64,
            "computeType": "standard",
            "cpu": 1024,
            "memory": 2048,
            "parameters": [
                {"name": "STYLE", "type": "enum", "default": "plain", "values": ["plain", "fancy"]},
                {"name": "LEAST", "type": "number", "default": 1, "min": 0},
            ],
        },
        {
            "id": "output",
            "kind": "data-target",
            "dependsOn": ["count"],
            "targetType": "Pennsieve Dataset",
            "defaults": {"MODE": "keep"},
        },
    ],
}
_ERRORS = {400: Invalid, 403: Forbidden, 404: NotFound, 409: Conflict}


def summary(run_id: str, created: int, **more: Any) -> dict[str, Any]:
    """A run as a list has it; ``created`` is in unix seconds."""
    return {
        "id": run_id,
        "name": f"run-{run_id[:4]}",
        "status": "SUCCEEDED",
        "workflow": {"id": WORKFLOW, "name": "word-count", "version": "v1.0.0"},
        "dataset": DATASET,
        "created": created,
        "started": created + 5,
        "ended": created + 65,
        "caller": "arn:aws:iam::123456789012:user/ada",
        "person": {"name": "Ada", "email": "ada@example.org"},
        "input": {"layout": "tree", "count": 2, "bytes": 30},
        "cost": 0.25,
        "node": {"version": "0.1.0", "protocol": 1, "token": NODE.token},
        **more,
    }


class FakeNode:
    """A registry, runs and logs. ``asked`` are all requests, ``fail`` is raised once per entry."""

    def __init__(self) -> None:
        self.access: dict[str, str] = {DATASET: "read-write"}
        self.version: dict[str, Any] = VERSION
        self.workflows = True
        self.runs: dict[str, dict[str, Any]] = {}
        self.starts: dict[str, dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []
        self.inputs: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.page = 100
        self.ended: dict[str, str] = {}
        self.hindrances: list[dict[str, str]] = []
        self.quotas: list[dict[str, Any]] = []
        self.budget_left: float | None = None
        self.mails: dict[str, str] | None = {}
        """What addresses have said to AWS; None on a node that sends no mails."""
        self._lock = threading.Lock()

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        del admin
        if path == "/mail" and self.mails is None:
            raise NodeOlder("the node does not know this request")
        status, answer = self.answer(method, path, dict(query or {}), dict(body or {}))
        if status >= 300:
            raise _ERRORS.get(status, PlatformError)(answer["message"], status=status)
        return answer

    def answer(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        with self._lock:
            self.asked.append((method, path, query))
            parts = path.strip("/").split("/")
            if (method, parts[0]) == ("POST", "runs") and len(parts) == 1:
                return self._start(body)
            if parts == ["checks"]:
                return 200, {
                    "problems": self.hindrances,
                    "budgetLeft": self.budget_left,
                    "quotas": self.quotas,
                }
            if parts[0] == "workflows":
                return self._registry(parts)
            if parts in (["mail"], ["runs"]):
                mail = parts == ["mail"]
                return 200, self._mail(method, query | body) if mail else self._list(query)
            run = self.runs.get(parts[1])
            if run is None:
                return 404, {"code": "no-run", "message": "the node has no such run"}
            return self._of_run(method, run, parts[2:], query)

    def _mail(self, method: str, about: Mapping[str, str]) -> dict[str, Any]:
        assert self.mails is not None
        address = about["address"]
        if method == "POST":
            self.mails.setdefault(address, "pending")
        return {"address": address, "status": self.mails.get(address, "none")}

    def _registry(self, parts: list[str]) -> tuple[int, dict[str, Any]]:
        if len(parts) > 1:
            return 200, self.version
        grants = [{"dataset": d, "access": a} for d, a in self.access.items()]
        row = {
            "id": self.version["workflow"],
            "name": self.version["name"],
            "versions": [self.version["version"]],
            "latest": self.version["version"],
            "grants": grants,
            "ended": self.ended,
            "identity": "read-write",
        }
        return 200, {"workflows": [row] if self.workflows else []}

    def _start(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        run_id = body["id"]
        if run_id in self.starts:
            if _asked(self.starts[run_id]) != _asked(body):
                return 409, {"code": "other-run", "message": "this id is another run's"}
            return 202, {"run": run_id, "created": False}
        if body["dataset"] not in self.access:
            return 403, {"code": "no-grant", "message": "the workflow has no grant on the dataset"}
        self.starts[run_id] = body
        at = 1_700_000_000 + len(self.runs)
        self.runs[run_id] = summary(run_id, at, name=body["name"], status="NOT_STARTED")
        return 202, {"run": run_id, "created": True}

    def _list(self, query: dict[str, str]) -> dict[str, Any]:
        rows = sorted(self.runs.values(), key=lambda run: -run["created"])
        for name, of in (("status", "status"), ("dataset", "dataset")):
            rows = [run for run in rows if query.get(name, run[of]) == run[of]]
        if person := query.get("person"):
            rows = [run for run in rows if run["person"]["email"] == person]
        if workflow := query.get("workflow"):
            rows = [run for run in rows if run["workflow"]["id"] == workflow]
        if batch := query.get("batch"):
            rows = [run for run in rows if run.get("batch", {}).get("id") == batch]
        return self._page("runs", rows, query)

    def _of_run(
        self, method: str, run: dict[str, Any], below: list[str], query: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        if below == ["cancel"] and method == "POST":
            if run["status"] == "SUCCEEDED":
                return 409, {"code": "ended", "message": "the run has ended"}
            run["status"] = "CANCELED"
            return 202, {}
        if below == ["logs"]:
            since, until = int(query.get("since", "0")), int(query.get("until", "9" * 15))
            step, word = query.get("step", ""), query.get("word", "")
            rows = [
                row
                for row in self.messages
                if since <= row["timestamp"] < until
                and step in {"", row["step"]}
                and word in row["message"]
            ]
            return 200, self._page("messages", rows[-int(query.get("tail", "0")) :], query)
        if below == ["files"]:
            files = self.starts.get(run["id"], {}).get("files", self.inputs)
            return 200, self._page("files", files, query)
        if below == ["outputs"]:
            return 200, self._page("files", self.files, query)
        return (404, {"code": "none", "message": "there is none"}) if below else (200, run)

    def _page(self, name: str, rows: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        at = int(query.get("next") or 0)
        end = at + min(self.page, int(query.get("limit") or self.page))
        return {name: rows[at:end], "next": str(end) if end < len(rows) else ""}


def _asked(body: dict[str, Any]) -> dict[str, Any]:
    """What a run was asked for with; what was said of its cost is no part of it."""
    return {name: value for name, value in body.items() if name != "estimate"}


class _Handler(BaseHTTPRequestHandler):
    node: FakeNode

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = self.node.answer(
            event["method"], event["path"], event["query"], event["body"]
        )
        data = json.dumps({"status": status, "body": answer}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(node: FakeNode) -> Iterator[int]:
    """The node behind HTTP on a port of this machine."""
    handler = type("Handler", (_Handler,), {"node": node})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class OverHttp:
    """Asks such a server; a process of its own can."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        del admin
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        event = {"method": method, "path": path, "query": query or {}, "body": body or {}}
        connection.request("POST", "/", json.dumps(event))
        said = json.loads(connection.getresponse().read())
        connection.close()
        if said["status"] >= 300:
            error = _ERRORS.get(said["status"], PlatformError)
            raise error(said["body"]["message"], status=said["status"])
        found: Mapping[str, Any] = said["body"]
        return found
