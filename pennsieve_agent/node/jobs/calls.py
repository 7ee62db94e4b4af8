"""Transfers that are calls of functions, not jobs on AWS Batch.

A machine on Fargate takes most of a minute to start, a function about a second. So what a function
can do within ten minutes (:mod:`pennsieve_agent.node.transfer`) is tried as a call first; what it
says does not fit, and whatever happens to it, a job of the same code goes on with.

A call is asynchronous: AWS hands its answer, or what happened to it, to the relay (AWS Lambda,
"Retaining records of asynchronous invocations": destinations), which writes it down here. To the
rest of the node it is then a row as of a job of Batch's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from pennsieve_agent.node.jobs.tasks import step_slug
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_record import JobKind, JobRecord
from pennsieve_agent.node.runs.transitions import UNFIT
from pennsieve_agent.node.table import Items, expiry

PREFIX = "call:"
"""What the id of a call begins with; that of a job of Batch's never does."""
LATEST_SECONDS = 1800.0
"""After which a call is given up of which AWS tells nothing; it takes a quarter of an hour at most.
One that has not begun by then must not begin any more."""
KEPT_SECONDS = 120 * 86_400
_EXISTS = "ResourceAlreadyExistsException"


class Part(StrEnum):
    """Which of the two functions is called."""

    FILES = "files"
    TRANSFER = "transfer"


def parts_of(node: Node, kind: JobKind) -> list[str]:
    """The calls that a task takes, in order; none where a job does it."""
    if not node.settings.transfer_function:
        return []
    parts = {
        JobKind.STAGE: [Part.TRANSFER],
        JobKind.MERGE: [Part.FILES],
        JobKind.DELIVER: [Part.FILES, Part.TRANSFER],
        JobKind.CLEAN: [Part.FILES],
        JobKind.CLEAR: [Part.FILES],
    }
    return [part.value for part in parts.get(kind, ())]


def begun_key(run: str, job: str) -> str:
    """What says in the bucket that a call has begun."""
    return f"runs/{run}/{job}.begun"


def stop_key(run: str) -> str:
    """What says in the bucket that the calls of a run are to end."""
    return f"runs/{run}/stop"


def archive_key(run: str, step: str) -> str:
    """Where results lie in the bucket between the two calls of a delivery."""
    return f"runs/{run}/{step_slug(step)}.results.tar"


def stream_of(run: str, step: str, job: str) -> str:
    """The stream of logs of a call; ``step`` is the slug of one."""
    return f"run/{run}/{step}/call/{job}"


def is_call(job: JobRecord) -> bool:
    """Whether a job was submitted as a call."""
    return job.id.startswith(PREFIX)


def invoke(node: Node, run: str, job: JobRecord, task: str) -> str:
    """Begin the next call of a job; its id."""
    part = job.calls[0]
    settings = node.settings
    names = {Part.FILES: settings.files_function, Part.TRANSFER: settings.transfer_function}
    event = {"run": run, "job": job.name, "task": task, "part": part}
    node.client("lambda").invoke(
        FunctionName=names[Part(part)],
        InvocationType="Event",
        Payload=json.dumps(event).encode(),
    )
    return f"{PREFIX}{job.name}"


def note_ended(node: Node, event: Mapping[str, Any]) -> str:
    """Write down what AWS tells of a call that has ended; its run."""
    request = event["requestPayload"]
    run, name = str(request["run"]), str(request["job"])
    answer = event.get("responsePayload")
    condition = str(event["requestContext"]["condition"])
    if condition != "Success" or not isinstance(answer, Mapping):
        answer = {"ended": UNFIT, "reason": condition, "lines": []}
    if answer.get("ended") != "REPEATED":
        _keep_lines(node, run, request, answer.get("lines") or ())
        row = {key: value for key, value in answer.items() if key != "lines"}
        kept = {"body": {"S": json.dumps(row)}, **expiry(node.now() + KEPT_SECONDS)}
        Items(node).put(f"RUN#{run}", f"CALL#{name}", kept)
    return run


def rows_of(node: Node, run: str, jobs: Sequence[JobRecord]) -> dict[str, Any]:
    """What is known of calls, by their ids, as Batch would tell of jobs."""
    return {job.id: _row(node, run, job) for job in jobs if is_call(job)}


def _row(node: Node, run: str, job: JobRecord) -> dict[str, Any]:
    item = Items(node).get(f"RUN#{run}", f"CALL#{job.name}")
    if item is None:
        is_lost = bool(job.called) and node.now() - job.called > LATEST_SECONDS
        if is_lost:
            bucket, key = node.settings.bucket, begun_key(run, job.name)
            node.client("s3").put_object(Bucket=bucket, Key=key, Body=b"")
        return {
            "jobId": job.id,
            "status": UNFIT if is_lost else "RUNNING",
            "startedAt": int(job.called * 1000),
        }
    answer = json.loads(item["body"]["S"])
    status = str(answer["ended"])
    code = 0 if status == "SUCCEEDED" else 1
    return {
        "jobId": job.id,
        "isCall": True,
        "status": status,
        "statusReason": answer.get("reason", ""),
        "startedAt": int(float(answer.get("started", job.called)) * 1000),
        "stoppedAt": int(float(answer.get("stopped", node.now())) * 1000),
        "container": {
            "exitCode": code,
            "reason": answer.get("reason", ""),
            "logStreamName": stream_of(run, step_slug(job.step), job.name),
        },
    }


def stop(node: Node, run: str) -> None:
    """Ask the calls of a run to end; they look every two seconds."""
    node.client("s3").put_object(Bucket=node.settings.bucket, Key=stop_key(run), Body=b"")


def _keep_lines(node: Node, run: str, request: Mapping[str, Any], lines: Sequence[Any]) -> None:
    """Write what a call said into the log of its step, as a job would have done."""
    step = str(request["task"]).rpartition("/")[2].rpartition(".")[0].rpartition(".")[0]
    if not lines:
        return
    logs = node.client("logs")
    where = {
        "logGroupName": node.settings.log_group,
        "logStreamName": stream_of(run, step, str(request["job"])),
    }
    try:
        logs.create_log_stream(**where)
    except Exception as error:
        if aws_code(error) != _EXISTS:
            raise
        return  # it was told before
    ordered = sorted((int(at), str(text) or " ") for at, text in lines)
    events = [{"timestamp": at, "message": text} for at, text in ordered]
    logs.put_log_events(**where, logEvents=events)
