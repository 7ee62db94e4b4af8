"""The end of a run: archive its log, compute its metrics, delete what was created for it."""

from __future__ import annotations

import contextlib
import json
import logging
import tempfile
import zipfile
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.jobs import calls
from pennsieve_agent.node.jobs.job_definitions import definition_name
from pennsieve_agent.node.jobs.job_submission import job_name
from pennsieve_agent.node.jobs.step_parameters import forget_parameters
from pennsieve_agent.node.jobs.step_secrets import hidden_of
from pennsieve_agent.node.jobs.tasks import object_key, state_key
from pennsieve_agent.node.jobs.transfer_tasks import TASK_KINDS
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.amounts import amount_in
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.runs.run_logs import step_lines

log = logging.getLogger(__name__)

_GB = 1024**3
_NOT_FOUND = {"NoSuchKey", "ResourceNotFoundException", "ClientException"}
_MOVES = {JobKind.STAGE, JobKind.DELIVER}


def archive_key(run: str) -> str:
    """Where the archive of a run's logs lies in the bucket."""
    return f"logs/{run}.zip"


def archive(node: Node, record: RunRecord) -> None:
    """Keep the whole log as one zip. A log that is gone is left out; the run ends all the same."""
    hidden = hidden_of(node, record)
    transfers = {job.step: job.kind for job in record.work if job.kind in _MOVES}
    moved: dict[str, int] = {}
    record.log_bytes = 0  # whoever was interrupted may have begun to count
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive_file:
            about = {"run": record.run, "outcome": record.outcome, "reason": record.reason}
            archive_file.writestr(
                "run.json", json.dumps({**about, "plan": _plan(record)}, indent=1)
            )
            for step in dict.fromkeys(job.step for job in record.work):
                # Line by line: a log may be larger than the function's memory.
                with archive_file.open(f"{step.replace('/', '_')}.log", "w") as part:
                    for line in step_lines(node, record.run, step, hidden):
                        text = f"{line['timestamp']} {line['message']}\n".encode()
                        record.log_bytes += len(text)
                        part.write(text)
                        if step in transfers:
                            moved[step] = amount_in(str(line["message"])) or moved.get(step, 0)
        file.seek(0)
        node.client("s3").put_object(
            Bucket=node.settings.bucket, Key=archive_key(record.run), Body=file
        )
    by_kind = {
        kind: [moved.get(s, 0) for s, k in transfers.items() if k is kind] for kind in _MOVES
    }
    record.staged_bytes, record.delivered_bytes = (
        sum(by_kind[kind]) for kind in (JobKind.STAGE, JobKind.DELIVER)
    )


def _plan(record: RunRecord) -> Mapping[str, Any]:
    return {key: value for key, value in record.plan.items() if key != "sources"}


def tidy(node: Node, record: RunRecord) -> None:
    """Delete everything that was created for a run; what is deleted already is fine."""
    forget_parameters(node, record)
    for key, access_point in list(record.access_points.items()):
        if access_point and key != "layers":  # they are the node's, for all runs
            with _ignore_missing():
                node.client("s3files").delete_access_point(accessPointId=access_point)
        del record.access_points[key]
    # Each submission registered a definition, whose name follows from its number.
    for job in record.jobs:
        for number in range(1, job.submissions + 1):
            _deregister(node, record, job, number)
        if job.kind in TASK_KINDS:
            for key in _keys(record, job):
                with _ignore_missing():
                    node.client("s3").delete_object(Bucket=node.settings.bucket, Key=key)


def _keys(record: RunRecord, job: JobRecord) -> list[str]:
    """The objects in the bucket that a transfer was told by, or told of."""
    keys = [object_key(record.run, job.step, TASK_KINDS[job.kind])]
    if job.called:
        keys += [calls.begun_key(record.run, name) for name in _names(record, job)]
        keys += [calls.stop_key(record.run)]
    if job.called and job.kind is JobKind.DELIVER:
        keys += [calls.archive_key(record.run, job.step), state_key(record.run, job.step)]
    return keys


def _names(record: RunRecord, job: JobRecord) -> list[str]:
    """The names of all submissions of a job."""
    named = JobRecord(job.key, job.step, job.kind)
    names = []
    for number in range(1, job.submissions + 1):
        named.submissions = number
        names.append(job_name(record.run, named))
    return names


def _deregister(node: Node, record: RunRecord, job: JobRecord, number: int) -> None:
    named = JobRecord(job.key, job.step, job.kind, submissions=number)
    named.name = job_name(record.run, named)
    batch = node.client("batch")
    name = definition_name(node.settings.token, named)
    definitions = batch.describe_job_definitions(jobDefinitionName=name, status="ACTIVE")
    for row in definitions["jobDefinitions"]:
        with _ignore_missing():
            batch.deregister_job_definition(jobDefinition=row["jobDefinitionArn"])


@contextlib.contextmanager
def _ignore_missing() -> Any:
    try:
        yield
    except Exception as error:
        if aws_code(error) not in _NOT_FOUND:
            raise
        log.debug("it was gone already: %s", aws_code(error))
