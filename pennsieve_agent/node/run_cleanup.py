"""The end of a run: its log in one file, its receipt, and nothing left behind."""

from __future__ import annotations

import contextlib
import json
import logging
import tempfile
import zipfile
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.domain.prices import VERSION, files_cost, job_cost, log_cost
from pennsieve_agent.node.amounts import amount_in
from pennsieve_agent.node.job_submission import definition_name, job_name
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.run_logs import step_lines
from pennsieve_agent.node.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.step_secrets import hidden_of
from pennsieve_agent.node.tasks import TaskKind, object_key
from pennsieve_agent.node.transitions import Terms, usage

log = logging.getLogger(__name__)

_GB = 1024**3
_GONE = {"AccessPointNotFound", "NoSuchKey", "ResourceNotFoundException", "ClientException"}
_MOVES = {JobKind.STAGE, JobKind.DELIVER}
_KINDS = {
    JobKind.STAGE: TaskKind.STAGE_IN,
    JobKind.MERGE: TaskKind.MERGE,
    JobKind.DELIVER: TaskKind.DELIVER,
    JobKind.CLEAN: TaskKind.CLEAN,
}


def archive_key(run: str) -> str:
    """Where the archive of a run's logs lies in the bucket."""
    return f"logs/{run}.zip"


def archive(node: Node, record: RunRecord) -> None:
    """Keep the whole log as one zip. A log that is gone is left out; the run ends all the same."""
    hidden = hidden_of(node, record)
    movers = {job.step: job.kind for job in record.work if job.kind in _MOVES}
    moved: dict[str, int] = {}
    record.log_bytes = 0  # whoever was interrupted may have begun to count
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
            about = {"run": record.run, "outcome": record.outcome, "reason": record.reason}
            made.writestr("run.json", json.dumps({**about, "plan": _plan(record)}, indent=1))
            for step in dict.fromkeys(job.step for job in record.work):
                with made.open(f"{step.replace('/', '_')}.log", "w") as part:
                    for line in step_lines(node, record.run, step, hidden):
                        text = f"{line['timestamp']} {line['message']}\n".encode()
                        record.log_bytes += len(text)
                        part.write(text)
                        if step in movers:
                            moved[step] = amount_in(str(line["message"])) or moved.get(step, 0)
        file.seek(0)
        node.client("s3").put_object(
            Bucket=node.settings.bucket, Key=archive_key(record.run), Body=file
        )
    by_kind = {kind: [moved.get(s, 0) for s, k in movers.items() if k is kind] for kind in _MOVES}
    record.staged_bytes, record.delivered_bytes = (
        sum(by_kind[kind]) for kind in (JobKind.STAGE, JobKind.DELIVER)
    )


def _plan(record: RunRecord) -> Mapping[str, Any]:
    return {key: value for key, value in record.plan.items() if key != "sources"}


def metrics_of(record: RunRecord, terms: Terms, now: float) -> dict[str, Any]:
    """What the run took and cost, in the platform's shape (``contracts/workflows.md`` 3.9).

    The file system's part is what the movers wrote and read there, kept for as long as the run
    took; what processors read and write themselves AWS tells of no run. Files come from and go to
    storage in the same region, which costs nothing (Amazon S3 pricing, "Data transfer"). Functions
    are left out: AWS tells of no run what they took, a small part of a cent.
    """
    used = {job.key: usage(record, job, terms, now) for job in record.jobs}
    machines = sum(job_cost(each) for each in used.values())
    logs = log_cost(record.log_bytes / _GB)
    seconds = max((record.ended or now) - (record.started or now), 0.0)
    staged, delivered = record.staged_bytes / _GB, record.delivered_bytes / _GB
    files = files_cost((staged + delivered) * seconds / 3600, delivered, staged)
    record.cost = machines + logs + files
    sources = record.plan.get("sources") or {}
    return {
        "executionTimeSec": round(seconds, 3),
        "totalEstimatedCost": round(record.cost, 6),
        "packagesProcessed": sum(len(ids) for ids in sources.values()),
        "processorCount": sum(job.kind is JobKind.PROCESS for job in record.work),
        "targetCount": sum(job.kind is JobKind.DELIVER for job in record.work),
        "nodeMetrics": [_row(job, used[job.key].seconds) for job in record.work],
        "costEstimate": {
            "lambda": {"invocationCount": 0, "totalGBSeconds": 0, "estimatedCost": 0},
            "ecs": {
                "taskCount": len(record.jobs),
                "vcpuHours": round(sum(each.vcpu_hours for each in used.values()), 6),
                "memoryGBHours": round(sum(each.gb_hours for each in used.values()), 6),
                "estimatedCost": round(machines, 6),
            },
            "stepFunctions": {"stateTransitions": 0, "estimatedCost": 0},
            "data": {"inputBytes": record.staged_bytes, "estimatedCost": 0},
            "efsThroughput": {
                "readBytes": record.delivered_bytes,
                "writeBytes": record.staged_bytes,
                "estimatedCost": round(files, 6),
            },
            "cloudWatchLogs": {
                "estimatedIngestGB": round(record.log_bytes / _GB, 6),
                "estimatedCost": round(logs, 6),
            },
            "llm": {
                "lastModel": "",
                "requestCount": 0,
                "inputTokens": 0,
                "outputTokens": 0,
                "estimatedCost": 0,
            },
            "pricingVersion": VERSION,
        },
    }


def _row(job: JobRecord, seconds: float) -> dict[str, Any]:
    return {
        "nodeId": job.step,
        "computeType": "gpu" if job.gpu else "standard",
        "durationSec": round(seconds, 3),
        "memoryConfiguredMiB": job.memory,
        "status": job.status,
    }


def tidy(node: Node, record: RunRecord) -> None:
    """Take back everything that was made for a run; what is gone already is fine."""
    for key, door in list(record.doors.items()):
        if door and key != "layers":  # they are the node's, for all runs
            with _gone():
                node.client("efs").delete_access_point(AccessPointId=door)
        del record.doors[key]
    for job in record.jobs:
        for number in range(1, job.asked + 1):
            _deregister(node, record, job, number)
        if job.kind in _KINDS:
            key = object_key(record.run, job.step, _KINDS[job.kind])
            with _gone():
                node.client("s3").delete_object(Bucket=node.settings.bucket, Key=key)


def _deregister(node: Node, record: RunRecord, job: JobRecord, number: int) -> None:
    named = JobRecord(job.key, job.step, job.kind, asked=number)
    named.name = job_name(record.run, named)
    batch = node.client("batch")
    name = definition_name(node.settings.token, named)
    found = batch.describe_job_definitions(jobDefinitionName=name, status="ACTIVE")
    for row in found["jobDefinitions"]:
        with _gone():
            batch.deregister_job_definition(jobDefinition=row["jobDefinitionArn"])


@contextlib.contextmanager
def _gone() -> Any:
    try:
        yield
    except Exception as error:
        if aws_code(error) not in _GONE:
            raise
        log.debug("it was gone already: %s", aws_code(error))
