"""Jobs of AWS Batch as data, and what follows from how an attempt ended."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from pennsieve_agent.domain.iam_policies import fits
from pennsieve_agent.sandbox.aws.batch.task_definitions import essential, others

DEPENDENT_FAILED = "Dependent Job failed"
CHILD_FAILED = "Array Child Job failed"
EXITED = "Essential container in task exited"
NOT_STARTED = "Task failed to start"
OUT_OF_TIME = "Job attempt duration exceeded timeout"
HOST_TERMINATED = "Host EC2 (instance i-0123456789abcdef0) terminated."
TOO_LARGE = (
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - "
    "CE(s) associated with the job queue cannot meet the CPU requirement of the job."
)
"""The texts of ``statusReason`` (AWS Batch, "Troubleshooting", and EventBridge's examples)."""


class Status(StrEnum):
    """A job's state."""

    SUBMITTED = "SUBMITTED"
    PENDING = "PENDING"
    RUNNABLE = "RUNNABLE"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """Whether the job can change no more."""
        return self in {Status.SUCCEEDED, Status.FAILED}

    @property
    def has_machine(self) -> bool:
        """Whether the job occupies capacity of its compute environment."""
        return self in {Status.STARTING, Status.RUNNING}


class Unstartable(Exception):  # noqa: N818 - a kind of end
    """The container cannot start; the text is the container's ``reason``."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended: ``code`` is None when no container ran.

    ``status_reason`` is about the attempt, ``reason`` about its container.
    """

    code: int | None
    status_reason: str = EXITED
    reason: str = ""


@dataclass(slots=True)
class Job:
    """A job. Times are unix milliseconds, 0 for never. ``container`` is as it will be run.

    ``stopping`` is why somebody ended it, while it still runs. ``ecs`` is the task that the
    container is of, if it has others; ``beside`` how they ended, by name, and where their logs are.
    """

    id: str
    arn: str
    name: str
    queue: str
    definition: str
    created: int
    container: dict[str, Any]
    depends_on: list[dict[str, str]] = field(default_factory=list)
    retry: dict[str, Any] = field(default_factory=dict)
    seconds: int | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    size: int | None = None
    index: int | None = None
    parent: str = ""
    status: Status = Status.SUBMITTED
    reason: str = ""
    started: int = 0
    stopped: int = 0
    attempts: list[dict[str, Any]] = field(default_factory=list)
    stopping: str = ""
    stream: str = ""
    task: str = ""
    ecs: dict[str, Any] = field(default_factory=dict)
    beside: dict[str, dict[str, Any]] = field(default_factory=dict)

    def dump(self) -> str:
        """As text, from which :meth:`load` makes it again."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Self:
        """The job that was dumped."""
        fields = json.loads(text)
        return cls(**{**fields, "status": Status(fields["status"])})

    @property
    def vcpus(self) -> float:
        """How many vCPUs the job takes of its compute environment."""
        own = float(requirement(self.container, "VCPU") or self.container.get("vcpus") or 1)
        return own + sum(float(requirement(one, "VCPU") or 0) for one in others(self.ecs))

    @property
    def region(self) -> str:
        """The AWS region that the job runs in."""
        return self.arn.split(":")[3]

    @property
    def account(self) -> str:
        """The AWS account that the job belongs to."""
        return self.arn.split(":")[4]


def requirement(container: Mapping[str, Any], kind: str) -> str:
    """What a container needs of VCPU, MEMORY (MiB) or GPU; empty if it does not say."""
    for entry in container.get("resourceRequirements") or ():
        if entry["type"] == kind:
            return str(entry["value"])
    return ""


def merged(container: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A job definition's container with what ``SubmitJob`` changes of it."""
    result = dict(container)
    for key, value in overrides.items():
        if key == "environment":
            result[key] = _merged(container.get(key), value, "name")
        elif key == "resourceRequirements":
            result[key] = _merged(container.get(key), value, "type")
        else:
            result[key] = value
    return result


def _merged(old: Any, new: Any, key: str) -> list[Any]:
    by_name = {item[key]: item for item in (*(old or ()), *(new or ()))}
    return list(by_name.values())


def with_parameters(command: Iterable[str], parameters: Mapping[str, str]) -> list[str]:
    """A command with each ``Ref::name`` replaced by the parameter's value."""
    words = []
    for word in command:
        for name, value in parameters.items():
            word = word.replace(f"Ref::{name}", value)  # noqa: PLW2901 - one after the other
        words.append(word)
    return words


def is_tried_again(job: Job, ended: Ended) -> bool:
    """Whether Batch makes another attempt (AWS Batch, "Automated job retries").

    Neither what somebody ended nor what ran out of time is tried again. The first condition that
    fits decides; when none does, it is tried again.
    """
    if ended.code == 0 or job.stopping or ended.status_reason == OUT_OF_TIME:
        return False
    if len(job.attempts) >= int(job.retry.get("attempts") or 1):
        return False
    actual = {
        "onStatusReason": ended.status_reason,
        "onReason": ended.reason,
        "onExitCode": "" if ended.code is None else str(ended.code),
    }
    for rule in job.retry.get("evaluateOnExit") or ():
        patterns = {name: rule[name] for name in actual if rule.get(name)}
        if all(fits(str(p), actual[name], fold=True) for name, p in patterns.items()):
            return str(rule["action"]).upper() == "RETRY"
    return True


def dependency(job: Job, statuses: Iterable[Status | None]) -> Status | None:
    """What a waiting job becomes, given what those it depends on are; None leaves it waiting.

    One that does not exist (any more) counts as failed.
    """
    states = list(statuses)
    if any(state in {Status.FAILED, None} for state in states):
        return Status.FAILED
    if all(state is Status.SUCCEEDED for state in states):
        return Status.RUNNABLE
    return Status.PENDING if job.status is Status.SUBMITTED else None


def last_container(job: Job) -> dict[str, Any]:
    """How the container of the last attempt ended; nothing where none has."""
    if not job.attempts:
        return {}
    last = job.attempts[-1]
    if not job.ecs:
        return dict(last["container"])
    name = essential(job.ecs)["name"]
    (task,) = last["taskProperties"]
    (row,) = [one for one in task["containers"] if one["name"] == name]
    return {"taskArn": task["taskArn"], **{k: v for k, v in row.items() if k != "name"}}


def summary(job: Job) -> dict[str, Any]:
    """A job as ``ListJobs`` shows it."""
    body: dict[str, Any] = {
        "jobId": job.id,
        "jobArn": job.arn,
        "jobName": job.name,
        "createdAt": job.created,
        "status": job.status.value,
        "jobDefinition": job.definition,
        **({"statusReason": job.reason} if job.reason else {}),
        **({"startedAt": job.started} if job.started else {}),
        **({"stoppedAt": job.stopped} if job.stopped else {}),
    }
    if job.attempts and not job.ecs:
        last = last_container(job)
        body["container"] = {k: last[k] for k in ("exitCode", "reason") if k in last}
    if job.index is not None:
        body["arrayProperties"] = {"index": job.index}
    return body


def attempt_of(job: Job, container: dict[str, Any]) -> dict[str, Any]:
    """What an attempt says of its containers; of a task with several, each by its name."""
    if not job.ecs:
        return {"container": container}
    rows = [{**container, "name": essential(job.ecs)["name"]}]
    rows += [{"name": one["name"], **job.beside.get(one["name"], {})} for one in others(job.ecs)]
    rows = [{key: value for key, value in row.items() if key != "taskArn"} for row in rows]
    task = {"taskArn": container.get("taskArn", ""), "containers": rows}
    return {"container": {}, "taskProperties": [task]}


def _shown(job: Job, container: Mapping[str, Any]) -> dict[str, Any]:
    """A job's container, or its task."""
    if not job.ecs:
        return {"container": container}
    state = {key: container[key] for key in _STATE if key in container}
    named = essential(job.ecs)
    rows = [{**named, **state}]
    rows += [{**one, **job.beside.get(one["name"], {})} for one in others(job.ecs)]
    above = {"taskArn": container["taskArn"]} if "taskArn" in container else {}
    return {"ecsProperties": {"taskProperties": [{**job.ecs, **above, "containers": rows}]}}


_STATE = ("exitCode", "reason", "logStreamName")


def detail(job: Job, children: Iterable[Job] = ()) -> dict[str, Any]:
    """A job as ``DescribeJobs`` and its events show it."""
    last = last_container(job)
    running = {
        **({"logStreamName": job.stream} if job.stream else {}),
        **({"taskArn": job.task} if job.task else {}),
    }
    container = {**job.container, **last, **running}
    body = {
        **summary(job),
        "jobQueue": job.queue,
        "attempts": job.attempts,
        "dependsOn": job.depends_on,
        "parameters": job.parameters,
        "tags": job.tags,
        **_shown(job, container),
        "isCancelled": False,
        "isTerminated": bool(job.stopping),
        "platformCapabilities": ["FARGATE"],
    }
    if job.retry:
        body["retryStrategy"] = job.retry
    if job.seconds:
        body["timeout"] = {"attemptDurationSeconds": job.seconds}
    if job.size is not None:
        states = [child.status for child in children]
        counts = {status.value: states.count(status) for status in Status}
        body["arrayProperties"] = {"size": job.size, "statusSummary": counts}
    return body
