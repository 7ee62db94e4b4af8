"""The operations of AWS Batch on jobs, over its protocol."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from pennsieve_agent.domain.iam_policies import fits
from pennsieve_agent.sandbox.aws.batch.batch import Batch
from pennsieve_agent.sandbox.aws.batch.jobs import Job, merged, summary
from pennsieve_agent.sandbox.aws.batch.task_definitions import TASK
from pennsieve_agent.sandbox.aws.rights.policy_check import Answer, failure
from pennsieve_agent.sandbox.aws.rights.role_sessions import Lock
from pennsieve_agent.sandbox.aws.wire import AwsRequest

MOST_DESCRIBED = 100
PAGE = 100
Operation = Callable[[AwsRequest], Mapping[str, Any]]


class Bad(Exception):  # noqa: N818 - a kind of answer
    """The request cannot be met: ``ClientException`` with this text."""


class BatchApi:
    """Answers for one account's jobs."""

    def __init__(self, batch: Batch, lock: Lock, account: str, now: Callable[[], float]) -> None:
        self._batch = batch
        self._lock = lock
        self._account = account
        self._now = now
        self._operations: dict[str, Operation] = {
            "SubmitJob": self._submit,
            "DescribeJobs": self._describe,
            "ListJobs": self._list,
            "TerminateJob": self._terminate,
            "CancelJob": self._cancel,
        }

    def answer(self, request: AwsRequest) -> Answer | None:
        """The answer to an operation on jobs, or a refusal; None for what is moto's."""
        operation = self._operations.get(request.operation)
        try:
            if operation is None:
                self._check_deletion(request)
                return None
            result = operation(request)
        except Bad as problem:
            return failure("batch", 400, "ClientException", str(problem))
        return Answer("200 OK", json.dumps(result).encode())

    def _check_deletion(self, request: AwsRequest) -> None:
        """Refuse to delete what is in use, as AWS does (DeleteJobQueue, DeleteComputeEnvironment).

        moto deletes it. CloudFormation, which disables first, does not come by here.
        """
        if request.operation not in {"DeleteJobQueue", "DeleteComputeEnvironment"}:
            return
        from moto.batch.models import batch_backends  # noqa: PLC0415 - slow

        with self._lock:
            backend = batch_backends[self._account][request.region]
            queue = backend.get_job_queue(str(request.parameters.get("jobQueue")))
            environment = backend.get_compute_environment(
                str(request.parameters.get("computeEnvironment"))
            )
            used = {
                row["computeEnvironment"]
                for other in backend.describe_job_queues()
                for row in other["computeEnvironmentOrder"]
            }
        for resource in (queue, environment):
            if resource is not None and resource.state == "ENABLED":
                raise Bad("Cannot delete, resource must be in DISABLED state")
        if environment is not None and environment.arn in used:
            raise Bad("Cannot delete, found existing JobQueue relationship")

    def _submit(self, request: AwsRequest) -> Mapping[str, Any]:
        before = request.parameters.get("dependsOn") or ()
        for depended in before:
            if self._batch.find(str(depended.get("jobId"))) is None:
                raise Bad(f"Job {depended.get('jobId')} does not exist")
        with self._lock:
            job = self._job(request)
        self._batch.submit(job)
        return {"jobId": job.id, "jobArn": job.arn, "jobName": job.name}

    def _job(self, request: AwsRequest) -> Job:
        from moto.batch.models import batch_backends  # noqa: PLC0415 - slow

        backend = batch_backends[self._account][request.region]
        definition = backend.get_job_definition(request.text("jobDefinition"))
        if definition is None or definition.status != "ACTIVE":
            raise Bad(f"JobDefinition not found: {request.text('jobDefinition')}")
        queue = backend.get_job_queue(request.text("jobQueue"))
        if queue is None:
            raise Bad(f"Job Queue {request.text('jobQueue')} not found")
        if queue.state == "DISABLED":
            raise Bad(f"Job Queue {queue.name} is not enabled")
        parameters = request.parameters
        overrides = parameters.get("containerOverrides") or {}
        timeout = parameters.get("timeout") or definition.timeout or {}
        size = (parameters.get("arrayProperties") or {}).get("size")
        job_id = str(uuid.uuid4())
        arn = f"arn:aws:batch:{request.region}:{self._account}:job/{job_id}"
        tags = dict(parameters.get("tags") or {})
        backend.tag_resource(arn, tags)
        container = merged(definition.container_properties or {}, overrides)
        task = container.pop(TASK, {})
        if task and overrides:
            raise Bad("containerOverrides should not be set: the job definition has ecsProperties")
        return Job(
            id=job_id,
            arn=arn,
            name=request.text("jobName"),
            queue=queue.arn,
            definition=definition.arn,
            created=int(self._now() * 1000),
            container=container,
            ecs=task,
            depends_on=list(parameters.get("dependsOn") or ()),
            retry=dict(parameters.get("retryStrategy") or definition.retry_strategy or {}),
            seconds=timeout.get("attemptDurationSeconds"),
            parameters={**definition.parameters, **(parameters.get("parameters") or {})},
            tags=tags,
            size=size,
        )

    def _describe(self, request: AwsRequest) -> Mapping[str, Any]:
        ids = list(request.parameters.get("jobs") or ())
        if len(ids) > MOST_DESCRIBED:
            raise Bad(f"Jobs list must have at most {MOST_DESCRIBED} elements")
        return {"jobs": self._batch.described(ids)}

    def _list(self, request: AwsRequest) -> Mapping[str, Any]:
        parameters = request.parameters
        jobs = self._batch.chosen(_chooser(parameters))
        start, size = (
            int(parameters.get("nextToken") or 0),
            int(parameters.get("maxResults") or PAGE),
        )
        page, rest = jobs[start : start + size], jobs[start + size :]
        more = {"nextToken": str(start + size)} if rest else {}
        return {"jobSummaryList": [summary(job) for job in page], **more}

    def _terminate(self, request: AwsRequest) -> Mapping[str, Any]:
        self._batch.end(request.text("jobId"), request.text("reason"), running=True)
        return {}

    def _cancel(self, request: AwsRequest) -> Mapping[str, Any]:
        self._batch.end(request.text("jobId"), request.text("reason"), running=False)
        return {}


def _chooser(parameters: Mapping[str, Any]) -> Callable[[Job], bool]:
    """Which jobs are listed: with a filter in whatever state, else the RUNNING ones."""
    parent, queue = parameters.get("arrayJobId"), str(parameters.get("jobQueue") or "")
    filters = {pair["name"]: pair["values"] for pair in parameters.get("filters") or ()}
    names = filters.get("JOB_NAME")
    status = None if filters else str(parameters.get("jobStatus") or "RUNNING")

    def fit(job: Job) -> bool:
        if job.parent != (parent or ""):
            return False
        if not parent and job.queue.rpartition("/")[2] != queue.rpartition("/")[2]:
            return False
        if names is not None:
            return any(fits(str(name), job.name, fold=True) for name in names)
        return status is None or job.status.value == status

    return fit


def room(account: str, lock: Lock) -> Callable[[Job], float | None]:
    """How many vCPUs the compute environment of a job's queue has (``maxvCpus``)."""

    def find(job: Job) -> float | None:
        from moto.batch.models import batch_backends  # noqa: PLC0415 - slow

        with lock:
            queue = batch_backends[account][job.region].get_job_queue(job.queue)
            if queue is None or queue.state == "DISABLED":
                return None
            on = [
                environment for environment in queue.environments if environment.state != "DISABLED"
            ]
            if not on:
                return None
            return sum(float((e.compute_resources or {}).get("maxvCpus") or 256) for e in on)

    return find
