"""Submitting a run's jobs to AWS Batch: what each runs, its queue, and what it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.node.jobs import calls
from pennsieve_agent.node.jobs.job_definitions import REFUSED, register_definition, shortened
from pennsieve_agent.node.jobs.metered_task import has_meter
from pennsieve_agent.node.jobs.tasks import step_slug
from pennsieve_agent.node.jobs.transfer_tasks import put_task
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.runs.transitions import awaited


@dataclass(frozen=True, slots=True)
class JobSubmitter:
    """Submits one run's jobs. Everything may be repeated."""

    node: Node
    record: RunRecord

    def submit(self, job: JobRecord) -> str:
        """Submit a job whose name is chosen; its id.

        A step that AWS refuses with a meter is submitted without.
        """
        # Before the job: it may start at once.
        if job.kind is not JobKind.PROCESS:
            task = put_task(self.node, self.record, job)
            if job.calls:
                job.called = self.node.now()
                return calls.invoke(self.node, self.record.run, job, task)
        ids = [parent.id for parent in awaited(self.record, job)]
        try:
            return self._submit(job, ids)
        except Exception as error:
            if aws_code(error) != REFUSED or not has_meter(job):
                raise
            job.unmetered = True
            return self._submit(job, ids)

    def _submit(self, job: JobRecord, before: Sequence[str]) -> str:
        answer = self._batch.submit_job(
            jobName=job.name,
            jobQueue=self._queue(job),
            jobDefinition=register_definition(self.node, self.record, job),
            dependsOn=[{"jobId": parent} for parent in before],
            tags=self.node.settings.run_tags(self.record.run),
            propagateTags=True,
        )
        return str(answer["jobId"])

    def find(self, job: JobRecord) -> str:
        """The id of a job whose submission was cut off; empty when there is none.

        A call is made again: one of the name that has begun is not begun twice.
        """
        if job.calls:
            return ""
        answer = self._batch.list_jobs(
            jobQueue=self._queue(job), filters=[{"name": "JOB_NAME", "values": [job.name]}]
        )
        return str(answer["jobSummaryList"][0]["jobId"]) if answer["jobSummaryList"] else ""

    def known(self) -> list[JobRecord]:
        """The run's jobs that Batch has, where the node's own record of them is lost.

        A filter that ends with ``*`` is the beginning of names
        (https://docs.aws.amazon.com/batch/latest/APIReference/API_ListJobs.html).
        """
        settings = self.node.settings
        names = [{"name": "JOB_NAME", "values": [f"{self.record.run}-*"]}]
        jobs = []
        for queue in filter(
            None, (settings.fargate_queue, settings.spot_queue, settings.gpu_queue)
        ):
            for page in self._batch.get_paginator("list_jobs").paginate(
                jobQueue=queue, filters=names
            ):
                jobs += [
                    JobRecord(row["jobName"], row["jobName"], JobKind.PROCESS, id=row["jobId"])
                    for row in page["jobSummaryList"]
                ]
        return jobs

    def _queue(self, job: JobRecord) -> str:
        settings = self.node.settings
        if job.gpu:
            return settings.gpu_queue
        spot = self.record.limits.get("spot") and job.kind is JobKind.PROCESS
        return settings.spot_queue if spot else settings.fargate_queue

    @property
    def _batch(self) -> Any:
        return self.node.client("batch")


def job_name(run: str, job: JobRecord) -> str:
    """The name of a job's next submission: no other job has it."""
    return shortened(f"{run}-{step_slug(job.key)}-{job.submissions}")
