"""A node's AWS account and its platform, in memory, in which everything can go wrong.

Each call may be the last of an invocation: :class:`Killed` is raised before or after it took
effect, as a process that is killed between any two writes sees it.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from io import BytesIO
from typing import Any, Self

from pennsieve_agent.node import gateway, reconciler
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.settings import NodeSettings

RUN = "11111111-2222-4333-8444-555555555555"
TOKEN = "run-token-0123456789abcdef"
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
    file_system="fs-1",
    fargate_queue="q-fargate",
    spot_queue="q-spot",
    execution_role="arn:execution",
    job_role="arn:job",
    mover_role="arn:mover",
    gateway="n-gateway",
    reconciler="n-reconciler",
    schedule="n-schedule",
    secret_prefix="n/",
    mover_image="python",
    api="http://api",
    api2="http://api2",
)
FINAL = {"SUCCEEDED", "FAILED", "CANCELED"}


class Killed(BaseException):
    """The process ends here."""


class Refusal(Exception):  # noqa: N818 - as AWS calls it
    """AWS says no, as botocore says it."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}, **more}


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
class Job:
    id: str
    name: str
    after: list[str]
    definition: dict[str, Any]
    status: str = "SUBMITTED"
    reason: str = ""
    code: int | None = None
    started: float = 0.0
    stopped: float = 0.0
    ran: int = 0

    @property
    def ended(self) -> bool:
        return self.status in {"SUCCEEDED", "FAILED"}


@dataclass
class World:
    """Everything around the node's code."""

    dag: list[dict[str, Any]] = field(default_factory=lambda: [dict(row) for row in CHAIN])
    run: dict[str, Any] = field(default_factory=dict)
    clock: float = 1_790_000_000.0
    kill_at: int = -1
    kill_after: bool = False
    kill_on: str = ""
    """A call after which the process is killed, once."""
    down: bool = False
    throttled: set[str] = field(default_factory=set)
    items: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    doors: dict[str, dict[str, Any]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    lines: list[tuple[str, int, str]] = field(default_factory=list)
    schedule: bool = False
    reports: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    status: str = "NOT_STARTED"
    events: list[dict[str, Any]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: NodeSettings = SETTINGS

    def node(self) -> Node:
        clients: dict[str, Any] = {
            "dynamodb": Table(self),
            "batch": Batch(self),
            "efs": Files(self),
            "s3": Bucket(self),
            "logs": Logs(self),
            "events": Rules(self),
            "lambda": Functions(self),
            "secretsmanager": Secrets(self),
            "ecr": Images(self),
        }
        return Node(self.settings, clients.__getitem__, self.now, self.sleep, self.open_url)

    def now(self) -> float:
        return self.clock

    def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def call(self, name: str, effect: Callable[[], Any]) -> Any:
        """Do a call, unless the process is killed just now."""
        self.calls[name] += 1
        if name.split(".", maxsplit=1)[0] in self.throttled or name in self.throttled:
            raise Refusal("ThrottlingException")
        if self.kill_at == 0 and not self.kill_after:
            self.kill_at = -1
            raise Killed
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
        return gateway.handle(event, self.node())

    def start(self) -> None:
        answer = self.ask("POST", "/runs", {"runId": RUN, "token": TOKEN, "nodeId": "n"})
        assert answer["status"] == 202

    def deliver(self, event: dict[str, Any]) -> bool:
        """An event reaches the reconciler; False when it was killed meanwhile."""
        try:
            reconciler.handle(event, self.node())
        except Killed:
            self.clock += 120  # its lease ends
            return False
        return True

    def tick(self) -> bool:
        self.clock += 300
        return self.deliver({"source": "aws.events"})

    def open_url(self, request: urllib.request.Request, seconds: float) -> Any:
        del seconds
        if self.down:
            raise urllib.error.URLError("refused")
        assert request.get_header("Authorization") == f"Callback workflow-service:{RUN}:{TOKEN}"
        return self.call("platform", lambda: self._answer(request))

    def _answer(self, request: urllib.request.Request) -> Any:
        path = request.full_url.removeprefix("http://api2").partition("?")[0]
        data = request.data
        body = json.loads(data) if isinstance(data, bytes) else None
        if path == "/applications/store/registry":
            return Reply({"imageUrl": "registry/image:1"})
        if request.get_method() == "GET":
            return Reply(self.shown())
        if self.status in FINAL:
            raise _error(request, 409, "run is already over")
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
            "grant": {"access": "read-write"},
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
        self._changed(job)

    def end(self, job: Job, status: str, reason: str = "", code: int | None = None) -> None:
        job.status, job.reason, job.code = status, reason, code
        job.stopped = self.clock
        self._changed(job)

    def _changed(self, job: Job) -> None:
        detail = {"jobName": job.name, "jobId": job.id, "status": job.status}
        self.events.append({"source": "aws.batch", "detail": detail})

    def finish_all(self) -> None:
        """Let every job that can run succeed, and deliver what happens."""
        for _ in range(100):
            for job in self.ready():
                self.begin(job)
                self.end(job, "SUCCEEDED", code=0)
            if not self.events:
                return
            while self.events:
                self.deliver(self.events.pop(0))

    def left(self) -> dict[str, Any]:
        """What of the run is still there."""
        doors = [d["path"] for d in self.doors.values() if d["path"] != "/layers"]
        found = {
            "doors": doors,
            "definitions": list(self.definitions),
            "objects": [key for key in self.objects if key.startswith("runs/")],
            "jobs": [job.name for job in self.jobs.values() if not job.ended],
            "active": [key for key in self.items if key[0] == "ACTIVE"],
            "token": [key for key in self.items if key[1] == "TOKEN"],
            "lease": [key for key in self.items if key[1] == "LEASE"],
        }
        return {name: rows for name, rows in found.items() if rows}

    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.items[f"RUN#{RUN}", "RUN"]["body"]["S"])
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


def _error(request: urllib.request.Request, code: int, text: str) -> urllib.error.HTTPError:
    body = BytesIO(json.dumps({"message": text}).encode())
    return urllib.error.HTTPError(request.full_url, code, text, Message(), body)


@dataclass
class _Client:
    world: World

    def _do(self, name: str, effect: Callable[[], Any]) -> Any:
        return self.world.call(f"{type(self).__name__.lower()}.{name}", effect)


class Table(_Client):
    def get_item(self, *, Key: Any, **_: Any) -> Any:  # noqa: N803 - boto3's names
        found = self.world.items.get((Key["pk"]["S"], Key["sk"]["S"]))
        return self._do("get_item", lambda: {"Item": found} if found else {})

    def put_item(self, *, Item: Any, **more: Any) -> Any:  # noqa: N803
        return self._do("put_item", lambda: self._put(Item, more))

    def _put(self, item: dict[str, Any], more: dict[str, Any]) -> Any:
        key = (item["pk"]["S"], item["sk"]["S"])
        old = self.world.items.get(key)
        condition = more.get("ConditionExpression", "")
        if condition and old is not None:
            values = more.get("ExpressionAttributeValues")
            mine = values and old["owner"] == values[":o"]
            over = values and float(old["until"]["N"]) < float(values[":now"]["N"])
            if not (mine or over):
                raise Refusal("ConditionalCheckFailedException")
        self.world.items[key] = item
        return {}

    def delete_item(self, *, Key: Any, **_: Any) -> Any:  # noqa: N803
        key = (Key["pk"]["S"], Key["sk"]["S"])
        return self._do("delete_item", lambda: self.world.items.pop(key, None))

    def query(self, *, ExpressionAttributeValues: Any, **_: Any) -> Any:  # noqa: N803
        pk = ExpressionAttributeValues[":pk"]["S"]
        rows = [item for key, item in self.world.items.items() if key[0] == pk]
        return self._do("query", lambda: {"Items": rows})


class Batch(_Client):
    def register_job_definition(self, **given: Any) -> Any:
        def effect() -> Any:
            arn = f"{given['jobDefinitionName']}:{len(self.world.definitions) + 1}"
            self.world.definitions[arn] = given
            return {"jobDefinitionArn": arn}

        return self._do("register_job_definition", effect)

    def describe_job_definitions(self, *, jobDefinitionName: str, **_: Any) -> Any:  # noqa: N803
        arns = [a for a in self.world.definitions if a.rpartition(":")[0] == jobDefinitionName]
        rows = [{"jobDefinitionArn": arn} for arn in arns]
        return self._do("describe_job_definitions", lambda: {"jobDefinitions": rows})

    def deregister_job_definition(self, *, jobDefinition: str) -> Any:  # noqa: N803
        pop = self.world.definitions.pop
        return self._do("deregister_job_definition", lambda: pop(jobDefinition, None))

    def submit_job(self, *, jobName: str, jobDefinition: str, dependsOn: Any, **_: Any) -> Any:  # noqa: N803
        def effect() -> Any:
            number = f"job-{len(self.world.jobs) + 1}"
            after = [each["jobId"] for each in dependsOn]
            made = Job(number, jobName, after, self.world.definitions[jobDefinition])
            self.world.jobs[number] = made
            return {"jobId": number}

        return self._do("submit_job", effect)

    def list_jobs(self, *, filters: Any, **_: Any) -> Any:
        (name,) = filters[0]["values"]
        rows = [{"jobId": j.id} for j in self.world.jobs.values() if j.name == name]
        return self._do("list_jobs", lambda: {"jobSummaryList": rows})

    def describe_jobs(self, *, jobs: list[str]) -> Any:
        assert len(jobs) <= 100
        rows = [_row(self.world.jobs[each]) for each in jobs if each in self.world.jobs]
        return self._do("describe_jobs", lambda: {"jobs": rows})

    def terminate_job(self, *, jobId: str, reason: str) -> Any:  # noqa: N803
        def effect() -> Any:
            job = self.world.jobs[jobId]
            if not job.ended:
                self.world.end(job, "FAILED", reason, 137 if job.started else None)
            return {}

        return self._do("terminate_job", effect)

    def describe_compute_environments(self, **_: Any) -> Any:
        rows = [
            {"computeEnvironmentName": name, "status": "VALID", "state": "ENABLED", **row}
            for name, row in {"q-fargate": {}, "q-spot": {}, **self.world.environments}.items()
        ]
        return self._do("describe_compute_environments", lambda: {"computeEnvironments": rows})


def _row(job: Job) -> dict[str, Any]:
    container = {} if job.code is None else {"exitCode": job.code}
    return {
        "jobId": job.id,
        "status": "RUNNABLE" if job.status == "SUBMITTED" else job.status,
        "statusReason": job.reason,
        "container": container,
        "startedAt": int(job.started * 1000),
        "stoppedAt": int(job.stopped * 1000),
    }


class Files(_Client):
    def create_access_point(self, *, ClientToken: str, RootDirectory: Any, **_: Any) -> Any:  # noqa: N803
        def effect() -> Any:
            for name, door in self.world.doors.items():
                if door["token"] == ClientToken:
                    raise Refusal("AccessPointAlreadyExists", AccessPointId=name)
            name = f"fsap-{len(self.world.calls)}-{self.world.calls['files.create_access_point']}"
            self.world.doors[name] = {"token": ClientToken, "path": RootDirectory["Path"]}
            return {"AccessPointId": name}

        return self._do("create_access_point", effect)

    def delete_access_point(self, *, AccessPointId: str) -> Any:  # noqa: N803
        def effect() -> Any:
            if self.world.doors.pop(AccessPointId, None) is None:
                raise Refusal("AccessPointNotFound")
            return {}

        return self._do("delete_access_point", effect)


class Bucket(_Client):
    def put_object(self, *, Key: str, Body: Any, **_: Any) -> Any:  # noqa: N803
        data = Body if isinstance(Body, bytes) else Body.read()
        return self._do("put_object", lambda: self.world.objects.__setitem__(Key, data))

    def delete_object(self, *, Key: str, **_: Any) -> Any:  # noqa: N803
        return self._do("delete_object", lambda: self.world.objects.pop(Key, None))

    def generate_presigned_url(self, _: str, *, Params: Any, **__: Any) -> str:  # noqa: N803
        return f"https://signed/{Params['Key']}"


class Logs(_Client):
    def filter_log_events(self, *, logStreamNamePrefix: str, limit: int, **more: Any) -> Any:  # noqa: N803
        start, since = int(more.get("nextToken") or 0), int(more.get("startTime") or 0)
        rows = [
            {"logStreamName": stream, "timestamp": at, "message": text}
            for stream, at, text in sorted(self.world.lines, key=lambda row: row[1])
            if stream.startswith(logStreamNamePrefix) and at >= since
        ]
        page: dict[str, Any] = {"events": rows[start : start + limit]}
        if start + limit < len(rows):
            page["nextToken"] = str(start + limit)
        return self._do("filter_log_events", lambda: page)


class Rules(_Client):
    def enable_rule(self, **_: Any) -> Any:
        return self._do("enable_rule", lambda: setattr(self.world, "schedule", True))

    def disable_rule(self, **_: Any) -> Any:
        return self._do("disable_rule", lambda: setattr(self.world, "schedule", False))


class Functions(_Client):
    def invoke(self, *, InvocationType: str, Payload: bytes, **_: Any) -> Any:  # noqa: N803
        assert InvocationType == "Event"
        return self._do("invoke", lambda: self.world.events.append(json.loads(Payload)))


class Secrets(_Client):
    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803
        def effect() -> Any:
            name = SecretId.removeprefix("arn:")
            if name not in self.world.secrets:
                raise Refusal("ResourceNotFoundException")
            return {"ARN": f"arn:{name}", "SecretString": self.world.secrets[name]}

        return self._do("get_secret_value", effect)

    def create_secret(self, *, Name: str, SecretString: str, **_: Any) -> Any:  # noqa: N803
        return self._do("create_secret", lambda: self._set(Name, SecretString))

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> Any:  # noqa: N803
        name = SecretId.removeprefix("arn:")
        return self._do("put_secret_value", lambda: self._set(name, SecretString))

    def delete_secret(self, *, SecretId: str, **_: Any) -> Any:  # noqa: N803
        pop = self.world.secrets.pop
        return self._do("delete_secret", lambda: pop(SecretId.removeprefix("arn:"), None))

    def _set(self, name: str, text: str) -> Any:
        self.world.secrets[name] = text
        return {}


class Images(_Client):
    def batch_get_image(self, *, imageIds: Any, **_: Any) -> Any:  # noqa: N803
        tag = re.sub(r"[^0-9a-f]", "0", imageIds[0]["imageTag"])
        rows = [{"imageId": {"imageDigest": f"sha256:{tag:0>64}"}}]
        return self._do("batch_get_image", lambda: {"images": rows})
