"""What the transfer jobs of a run are to do, put into the node's bucket where they read it."""

from __future__ import annotations

from collections.abc import Mapping

from pennsieve_agent.domain.input_layout import Layout
from pennsieve_agent.node.jobs.access_points import uid_of
from pennsieve_agent.node.jobs.step_command import continued
from pennsieve_agent.node.jobs.tasks import Task, TaskKind, object_key
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord

TASK_KINDS = {
    JobKind.STAGE: TaskKind.STAGE_IN,
    JobKind.MERGE: TaskKind.MERGE,
    JobKind.DELIVER: TaskKind.DELIVER,
    JobKind.CLEAN: TaskKind.CLEAN,
    JobKind.CLEAR: TaskKind.CLEAR,
}


def put_task(node: Node, record: RunRecord, job: JobRecord) -> str:
    """Write the task of a transfer into the bucket; its key."""
    task = task_of(record, job)
    key = object_key(record.run, job.step, task.kind)
    body = task.to_json().encode()
    node.client("s3").put_object(Bucket=node.settings.bucket, Key=key, Body=body)
    return key


def task_of(record: RunRecord, job: JobRecord) -> Task:
    """What a transfer job is to do. Pure."""
    kind = TASK_KINDS[job.kind]
    if kind is TaskKind.CLEAN:
        return Task(kind, record.run, job.step, files=record.files)
    if kind is TaskKind.CLEAR:
        return _clearing(record, job)
    plan = record.planned_step(job.step)
    sources: Mapping[str, list[str]] = record.plan.get("sources") or {}
    every = [package for ids in sources.values() for package in ids]
    own = sources.get(job.step) or plan.get("package_ids") or every
    before = _steps_before(record, job.step)
    staged = {job.step for job in record.work if job.kind is JobKind.STAGE}
    return Task(
        kind,
        record.run,
        job.step,
        dataset=record.dataset,
        packages=tuple(dict.fromkeys(own if kind is TaskKind.STAGE_IN else every)),
        parents=tuple(plan.get("depends_on") or ()),
        target=str(plan.get("target_type") or ""),
        params=(record.plan.get("targets") or {}).get(job.step) or {},
        layout=Layout(record.plan.get("layout", Layout.TREE)),
        steps=_steps(record),
        before=before,
        sources=tuple(step for step in before if step in staged),
        uid=uid_of(record),
        continues=bool(continued(plan.get("command"))),
        files=record.files,
    )


def _clearing(record: RunRecord, job: JobRecord) -> Task:
    """What the run before has made in the steps that are repeated is removed."""
    steps = _steps(record)
    taken = record.taken.get("steps") or ()
    again = tuple(step for step in steps if step not in taken)
    uid = uid_of(record)
    return Task(
        TaskKind.CLEAR,
        record.run,
        job.step,
        parents=again,
        steps=steps,
        uid=uid,
        files=record.files,
    )


def _steps(record: RunRecord) -> tuple[str, ...]:
    work = (job for job in record.work if job.kind is not JobKind.CLEAR)
    return tuple(dict.fromkeys(job.step for job in work))


def _steps_before(record: RunRecord, step: str) -> tuple[str, ...]:
    """All steps that have ended when a step begins, the nearest first."""
    waiting, before = [step], dict[str, None]()
    while waiting:
        parents = record.planned_step(waiting.pop()).get("depends_on") or ()
        waiting += [parent for parent in parents if parent not in before]
        before |= dict.fromkeys(parents)
    return tuple(before)
