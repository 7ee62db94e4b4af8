"""The end of a run: delete what was created for it."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from pennsieve_agent.node.jobs import calls
from pennsieve_agent.node.jobs.job_definitions import definition_name
from pennsieve_agent.node.jobs.job_submission import job_name
from pennsieve_agent.node.jobs.step_parameters import forget_parameters
from pennsieve_agent.node.jobs.tasks import object_key, state_key
from pennsieve_agent.node.jobs.transfer_tasks import TASK_KINDS
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord

log = logging.getLogger(__name__)

MOST_KEYS = 1000
"""Objects that one request deletes."""

_NOT_FOUND = {"NoSuchKey", "ResourceNotFoundException", "ClientException"}


class NotDeleted(Exception):  # noqa: N818 - what it says
    """Something that was created for a run is still there."""


def tidy(node: Node, record: RunRecord) -> None:
    """Delete everything that was created for a run; what is deleted already is fine."""
    forget_parameters(node, record)
    for key, access_point in list(record.access_points.items()):
        if access_point and key != "layers":  # they are the node's, for all runs
            with _ignore_missing():
                node.client("s3files").delete_access_point(accessPointId=access_point)
        del record.access_points[key]
    for job in record.jobs:
        if calls.is_call(job):
            continue  # all its submissions were: what a call cannot do is a job from then on
        # Each submission registered a definition, whose name follows from its number.
        for number in range(1, job.submissions + 1):
            _deregister(node, record, job, number)
    tasks = (job for job in record.jobs if job.kind in TASK_KINDS)
    _delete(node, sorted({key for job in tasks for key in _keys(record, job)}))
    record.tidied = True


def _delete(node: Node, keys: list[str]) -> None:
    """Delete objects of the bucket; what is not there is fine.

    Raises:
        NotDeleted: AWS refused one of them, which it says beside those that it deleted
            (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).

    """
    for start in range(0, len(keys), MOST_KEYS):
        objects = [{"Key": key} for key in keys[start : start + MOST_KEYS]]
        answer = node.client("s3").delete_objects(
            Bucket=node.settings.bucket, Delete={"Objects": objects, "Quiet": True}
        )
        for row in answer.get("Errors", ()):
            raise NotDeleted(f"{row.get('Key')}: {row.get('Code')}: {row.get('Message')}")


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
