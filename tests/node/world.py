"""A node's AWS account and its platform, in memory, in which everything can go wrong.

Each call may be the last of an invocation: :class:`Killed` is raised before or after it took
effect, as a process that is killed between any two writes sees it.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import Message
from io import BytesIO
from typing import Any, Self

from pennsieve_agent.node import hosted, reconciler, relay
from pennsieve_agent.node.api.health import SIGN_IN
from pennsieve_agent.node.identity.workflow_registry import Registry
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.node_settings import NodeSettings
from pennsieve_agent.node.records.callers import Caller
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.records.start_document import Start
from pennsieve_agent.node.runs.own_run import Who, record_of
from pennsieve_agent.node.runs.transitions import MOST_PARENTS
from pennsieve_agent.node.table import Documents
from tests.aws.held_clients import Held
from tests.node import services
from tests.node.services import Job, Refusal, meter_of

METERED = json.dumps({"measured": {"peakMemoryBytes": 300 << 20, "by": "task"}})
RUN = "11111111-2222-4333-8444-555555555555"
TOKEN = "run-token-0123456789abcdef"
SESSION, REFRESH = "persons-session-token", "persons-refresh-token"
DATASET = "N:dataset:d"
SETTINGS = NodeSettings(
    token="0a1b2c3d",
    region="us-east-1",
    account="123456789012",
    mode="basic",
    version="1.2.3",
    table="t",
    bucket="b",
    code_key="code/" + "a" * 64 + ".zip",
    log_group="/pennsieve/node/0a1b2c3d",
    file_system="arn:aws:s3files:us-east-1:123456789012:file-system/fs-0123456789abcdef0",
    fargate_queue="q-fargate",
    spot_queue="q-spot",
    execution_role="arn:execution",
    job_role="arn:job",
    mover_role="arn:mover",
    gateway="n-gateway",
    reconciler="n-reconciler",
    relay="n-relay",
    schedule="n-schedule",
    secret_prefix="n/",
    mover_image="python",
    api="http://api",
    api2="http://api2",
    admin="n-admin",
    organization="N:organization:o",
)
CALLBACK, SIGNED = f"Callback workflow-service:{RUN}:{TOKEN}", f"Bearer {SESSION}"
FINAL = {"SUCCEEDED", "FAILED", "CANCELED"}


class Killed(BaseException):
    """The process ends here."""


def step(name: str, *parents: str, kind: str = "processor", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"id": name, "type": kind, "dependsOn": list(parents)}
    if kind == "processor":
        row |= {"sourceUrl": f"https://github.com/lab/{name}", "tag": "v1"}
    if kind == "data-target":
        row["targetType"] = "Pennsieve Dataset"
    return row | more


CHAIN = [
    step("in", kind="data-source"),
    step("work", "in"),
    step("out", "work", kind="data-target"),
]


@dataclass
class World:
    """Everything around the node's code."""

    dag: list[dict[str, Any]] = field(default_factory=lambda: [dict(row) for row in CHAIN])
    run: dict[str, Any] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Credentials that the platform no longer takes."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """What was asked of the platform: the credential, the method and the path."""
    clock: float = 1_790_000_000.0
    kill_at: int = -1
    kill_after: bool = False
    kill_on: str = ""
    """A call after which the process is killed, once."""
    down: bool = False
    throttled: set[str] = field(default_factory=set)
    broken: dict[str, Callable[[], Exception]] = field(default_factory=dict)
    """What calls fail with, by their names, so many ``times`` or, below 0, always."""
    times: int = -1
    lost: bool = False
    """Calls that fail take effect all the same."""
    items: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    access_points: dict[str, dict[str, Any]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    """Of unfinished multipart uploads."""
    secrets: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    told: list[tuple[str, str, str]] = field(default_factory=list)
    """What was published: the topic, the subject, the text."""
    addresses: dict[str, tuple[str, dict[str, list[str]], bool]] = field(default_factory=dict)
    """The addresses of topics: the topic, whose messages they get, whether they confirmed it."""
    mailed: list[tuple[str, str, str]] = field(default_factory=list)
    """What came by mail: to whom, the subject, the text."""
    lines: list[tuple[str, int, str]] = field(default_factory=list)
    streams: set[str] = field(default_factory=set)
    called: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Calls of functions that have not ended: the function, and what it was told."""
    done: list[tuple[str, str]] = field(default_factory=list)
    """The functions that were called, with what they did, in order."""
    page: int = 10_000
    """Lines on a page of a log stream."""
    schedule: bool = False
    reports: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    status: str = "NOT_STARTED"
    events: list[dict[str, Any]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    image: str = "registry/image:1"
    images: dict[str, dict[str, str]] = field(default_factory=dict)
    pushed: dict[str, float] = field(default_factory=dict)
    """When images of workflows were pushed, by digest."""
    """Digests by region and tag."""
    quotas: dict[str, float] = field(default_factory=dict)
    """Of the AWS account, by code."""
    settings: NodeSettings = SETTINGS
    most_parents: int = MOST_PARENTS
    refuses_meters: bool = False
    meters_talk: bool = True
    wait: Callable[[], None] = lambda: None
    """Called before each call: where several invocations take turns, it waits for the caller's."""

    def node(self) -> Node:
        clients: dict[str, Any] = {
            "dynamodb": services.Table(self),
            "batch": services.Batch(self),
            "s3files": services.Files(self),
            "s3": services.Bucket(self),
            "logs": services.Logs(self),
            "events": services.Rules(self),
            "lambda": services.Functions(self),
            "secretsmanager": services.Secrets(self),
            "ecr": services.Images(self, self.settings.region),
            "ssm": services.Parameters(self),
            "sns": services.Topics(self),
            "service-quotas": services.Quotas(self),
        }

        def make(service: str, region: str = "") -> Any:
            client = services.Images(self, region) if region else clients[service]
            return Held(service, client)

        return Node(self.settings, make, self.now, self.sleep, self.open_url)

    def now(self) -> float:
        return self.clock

    def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def call(self, name: str, effect: Callable[[], Any]) -> Any:
        """Do a call, unless the process is killed just now."""
        self.wait()
        self.calls[name] += 1
        if name.split(".", maxsplit=1)[0] in self.throttled or name in self.throttled:
            raise Refusal("ThrottlingException")
        if self.kill_at == 0 and not self.kill_after:
            self.kill_at = -1
            raise Killed
        make_fault = self.broken.get(name) if self.times else None
        if make_fault is not None:
            self.times -= self.times > 0
            if self.lost:
                effect()
            raise make_fault()
        answer = effect()
        if self.kill_on == name:
            self.kill_on = ""
            raise Killed
        if self.kill_at == 0:
            self.kill_at = -1
            raise Killed
        self.kill_at -= self.kill_at > 0
        return answer

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> dict[str, Any]:
        """As the platform asks."""
        event = {"method": method, "path": path, "query": query, "body": body}
        return hosted.handle(event, self.node())

    def start(self) -> None:
        tokens = {"token": TOKEN, "session": SESSION, "refresh": REFRESH}
        answer = self.ask("POST", "/runs", {"runId": RUN, "nodeId": "n", **tokens})
        assert answer["status"] == 202

    def start_own(
        self, packages: Sequence[str] = ("N:package:1",), files: Any = (), **limits: Any
    ) -> None:
        """The same run as one of the node alone, which keeps limits."""
        node = self.node()
        work = {"sourceUrl": "https://github.com/lab/x", "image": f"x@sha256:{'a' * 64}"}
        steps = [{**row, "kind": row["type"], **work, "parameters": []} for row in self.dag]
        targets: dict[str, Any] = {
            row["id"]: {} for row in self.dag if row["type"] == "data-target"
        }
        version = {"workflow": "w", "name": "flow", "version": "v1", "steps": steps}
        asked = {
            "id": RUN,
            "workflow": "w",
            "version": "v1",
            "dataset": DATASET,
            "packages": list(packages),
            "files": list(files),
            "limits": limits,
            "targets": targets,
        }
        grant = {"workflow": "w", "dataset": DATASET, "access": "read-write"}
        Registry(node).grant(grant)
        arn = "arn:aws:iam::123456789012:user/ada"
        who = Who(Caller(arn, "123456789012"), {})
        record = record_of(node, RunStore(node), Start.of(asked), version, who)
        RunStore(node).begin(record, start=asked)
        self.events.append({"advance": RUN})

    def deliver(self, event: dict[str, Any]) -> bool:
        """An event reaches the reconciler or the relay; False when it was killed meanwhile."""
        function = relay if "requestPayload" in event else reconciler
        try:
            function.handle(event, self.node())
        except Killed:
            self.clock += 120  # its lease ends
            # Lambda tries an asynchronous event again; those of Batch and of the clock may be lost.
            if {"requestPayload", "advance", "batch"} & event.keys():
                self.events.append(event)
            return False
        return True

    def tick(self) -> bool:
        self.clock += 300
        return self.deliver({"source": "aws.events"})

    def open_url(self, request: urllib.request.Request, seconds: float) -> Any:
        del seconds
        if self.down:
            raise urllib.error.URLError("refused")
        if request.full_url == f"{SETTINGS.api}{SIGN_IN}":
            return self.call("platform", lambda: Reply({}))
        credential = str(request.get_header("Authorization"))
        assert credential in {SIGNED, CALLBACK}
        path = request.full_url.removeprefix("http://api2").partition("?")[0]
        self.asked.append((credential, request.get_method(), path))
        if credential in self.refused:
            raise error(request, 403, "Forbidden")
        return self.call("platform", lambda: self._answer(request))

    def _answer(self, request: urllib.request.Request) -> Any:
        path = request.full_url.removeprefix("http://api2").partition("?")[0]
        data = request.data
        body = json.loads(data) if isinstance(data, bytes) else None
        if path == "/applications/store/registry":
            return Reply({"imageUrl": self.image})
        if request.get_method() == "GET":
            return Reply(self.shown())
        if self.status in FINAL:
            raise error(request, 409, "run is already over")
        assert body is not None
        self.reports.append((path.partition(RUN)[2], body))
        if path.endswith(f"{RUN}/status"):
            self.status = body["status"]
        return Reply({"message": "ok"})

    def shown(self) -> dict[str, Any]:
        return {
            "uuid": RUN,
            "dag": self.dag,
            "datasetId": DATASET,
            "workflowUuid": "w",
            "workflowName": "flow",
            "createdBy": "N:user:ada",
            "dataSources": {"in": {"packageIds": ["N:package:1"]}},
            "dataTargets": {
                row["id"]: {"params": {"TARGET_FOLDER": "results"}}
                for row in self.dag
                if row["type"] == "data-target"
            },
            **self.run,
        }

    # How jobs get on ----------------------------------------------------------------------

    def ready(self) -> list[Job]:
        """The jobs that Batch could start now; what depends on a failure fails."""
        for job in self.jobs.values():
            parents = [self.jobs[each] for each in job.after]
            if not job.ended and any(parent.status == "FAILED" for parent in parents):
                self.end(job, "FAILED", "Dependent Job failed")
        return [
            job
            for job in self.jobs.values()
            if job.status == "SUBMITTED"
            and all(self.jobs[each].status == "SUCCEEDED" for each in job.after)
        ]

    def begin(self, job: Job) -> None:
        job.status, job.started, job.ran = "RUNNING", self.clock, job.ran + 1
        log = job.definition["containerProperties"]["logConfiguration"]["options"]
        job.stream = f"{log['awslogs-stream-prefix']}/default/{job.ran}"
        self._changed(job)

    def end(self, job: Job, status: str, reason: str = "", code: int | None = None) -> None:
        job.status, job.reason, job.code = status, reason, code
        job.stopped = self.clock
        if self.meters_talk and job.started and "ecsProperties" in job.definition:
            self.lines.append((meter_of(job), int(self.clock * 1000), METERED))
        self._changed(job)

    def _changed(self, job: Job) -> None:
        detail = {"jobName": job.name, "jobId": job.id, "status": job.status}
        self.events.append({"source": "aws.batch", "detail": detail})

    def answer_call(
        self, ended: str = "SUCCEEDED", reason: str = "", *, crash: bool = False
    ) -> None:
        """Let the first call that waits end; AWS tells the relay of it."""
        name, asked = self.called.pop(0)
        self.done.append((name, asked["job"]))
        answer = {
            "ended": ended,
            "reason": reason,
            "started": self.clock,
            "stopped": self.clock + 2,
        }
        answer["lines"] = [[int(self.clock * 1000), f"{name} {ended}"]]
        condition = "RetriesExhausted" if crash else "Success"
        context = {"condition": condition, "functionArn": name}
        body = {"errorMessage": "Task timed out"} if crash else answer
        self.events.append(
            {"requestContext": context, "requestPayload": asked, "responsePayload": body}
        )

    def finish_all_of(self, step: str) -> None:
        """Let the jobs of a step succeed, and deliver what happens."""
        for _ in range(3):
            while self.events:
                self.deliver(self.events.pop(0))
            for job in self.ready():
                if f"-{step}-" in job.name:
                    self.begin(job)
                    self.end(job, "SUCCEEDED", code=0)

    def begin_step(self, step: str) -> Job:
        """Let a step begin when those before it have succeeded, and tell the node."""
        while True:
            while self.events:
                self.deliver(self.events.pop(0))
            job, *_ = self.ready()
            self.begin(job)
            if f"-{step}-" in job.name:
                self.deliver(self.events.pop(0))
                return job
            self.end(job, "SUCCEEDED", code=0)

    def finish_all(self) -> None:
        """Let every job that can run succeed, and deliver what happens."""
        for _ in range(100):
            for job in self.ready():
                self.begin(job)
                self.end(job, "SUCCEEDED", code=0)
            while self.called:
                self.answer_call()
            if not self.events:
                return
            while self.events:
                self.deliver(self.events.pop(0))

    def left(self) -> dict[str, Any]:
        """What of the run is still there."""
        access_points = [d["path"] for d in self.access_points.values() if d["path"] != "/layers"]
        found = {
            "access_points": access_points,
            "definitions": list(self.definitions),
            "objects": [key for key in self.objects if key.startswith("runs/")],
            "jobs": [job.name for job in self.jobs.values() if not job.ended],
            "active": [key for key in self.items if key[0] == "ACTIVE"],
            "token": [key for key in self.items if key[1] == "TOKEN"],
            "session": [name for name in self.secrets if name.startswith("n/runs/")],
            "lease": [
                key
                for key, item in self.items.items()
                if key[1] == "LEASE" and float(item["expires_at"]["N"]) > self.clock
            ],
        }
        return {name: rows for name, rows in found.items() if rows}

    def taken(self) -> RunRecord:
        """The record of the run, as the node reads it."""
        record = RunStore(self.node()).read(RUN)
        assert record is not None
        return record

    def record(self) -> dict[str, Any]:
        item = self.items[f"RUN#{RUN}", "RUN"]
        found: dict[str, Any] = json.loads(Documents(self.node()).text_of(item))
        return found


class Reply:
    """An answer over HTTP."""

    status = 200

    def __init__(self, body: Any) -> None:
        self._body = json.dumps(body).encode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def read(self) -> bytes:
        return self._body


def error(
    request: urllib.request.Request, code: int, text: str, more: dict[str, Any] | None = None
) -> urllib.error.HTTPError:
    body = BytesIO(json.dumps({"message": text, **(more or {})}).encode())
    return urllib.error.HTTPError(request.full_url, code, text, Message(), body)
