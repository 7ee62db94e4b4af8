"""The transitions of a run, decided from the state of its jobs. Pure: it changes a record.

Everything is derived from what is written down and what AWS shows now, so it does not matter which
event came, how late, how often, or that one never came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.domain.job_sizes import more_memory
from pennsieve_agent.node.jobs.metered_task import has_meter
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, Phase, RunRecord
from pennsieve_agent.node.runs.batch_reasons import (
    DEPENDENCY,
    STOPPED,
    TIME_LIMIT,
    UNPULLED,
    UNSTARTED,
    attempts,
    failure,
    is_out_of_memory,
    processors,
    waiting,
)
from pennsieve_agent.node.runs.run_costs import NodeLimits, run_cost

MOST_SUBMISSIONS = 4
"""Of a job that Batch no longer knows, again and again."""
HOST_LOSSES = 3
"""How often a job is tried again because of its machine, beside retries of its program."""
MOST_PARENTS = 20
"""Jobs that one may depend upon (AWS Batch, "Job dependencies")."""
Json = Mapping[str, Any]
_RUNNING = "RUNNING"
_CENT = 0.01
GROWS = "memoryOnOom"
"""The limit that says how many times the memory a step gets that ran out of it."""
UNFIT = "UNFIT"
"""The state of a call of a function that a job of Batch's has to go on with."""


@dataclass(frozen=True, slots=True)
class AwsState:
    """What AWS shows: jobs by id, and the compute environment of each job's queue by its key.

    ``month`` is what other runs of this month have cost, in USD; ``revoked`` says which grant the
    run needs and no longer has. ``starting`` are jobs that have a machine, by id: the number of
    the attempt, from 0, and since when.
    """

    jobs: Mapping[str, Json]
    environments: Mapping[str, Json] = field(default_factory=dict)
    cancelled: bool = False
    month: float = 0.0
    revoked: str = ""
    starting: Mapping[str, tuple[int, float]] = field(default_factory=dict)


def update_jobs(record: RunRecord, seen: AwsState) -> None:
    """Update the jobs with what AWS shows. A job that has ended does not change."""
    for job in record.jobs:
        row = seen.jobs.get(job.id) if job.id else None
        if row is None or job.ended:
            continue
        if row["status"] == UNFIT:  # a job goes on with it
            job.calls = []
            resubmit(job)
            continue
        if row["status"] == "SUCCEEDED" and len(job.calls) > 1:
            job.calls = job.calls[1:]  # of one attempt
            job.id, job.status = "", ""
            job.begun = job.begun or float(row["startedAt"]) / 1000
            continue
        if job.id in seen.starting:
            number, at = seen.starting[job.id]
            job.starting.setdefault(str(number), at)
        before = [record.job(key).stopped for key in job.after]
        _note(job, row, max(before, default=0.0))


def _note(job: JobRecord, row: Json, ready: float) -> None:
    """Note what Batch tells of a job; ``ready`` is when those before it had ended."""
    job.status = str(row["status"])
    job.started = job.begun or float(row.get("startedAt") or 0) / 1000
    job.stopped = float(row.get("stoppedAt") or 0) / 1000
    job.log = str((row.get("container") or {}).get("logStreamName") or "")
    if job.ended:
        code = (row.get("container") or {}).get("exitCode")
        job.exit_code = int(code) if code is not None else None
        job.reason = failure(row) if job.status == "FAILED" else ""
    job.attempts = attempts(row, job, ready)


def resubmit(job: JobRecord) -> None:
    """Reset a job so that it is submitted again; its attempts so far are kept."""
    job.past += job.attempts
    job.attempts, job.id, job.status, job.reason, job.log = [], "", "", "", ""
    job.starting = {}
    job.exit_code, job.started, job.stopped, job.begun = None, 0.0, 0.0, 0.0


def tries_again(record: RunRecord, job: JobRecord) -> bool:
    """Whether the program of a job failed, and the run allows another try.

    What happened to its machine is tried again by AWS Batch itself and is not counted here.
    """
    most = int(record.limits.get("retries") or 0)
    if job.kind is not JobKind.PROCESS or job.status != "FAILED" or not is_own_failure(job):
        return False
    grows = bool(record.limits.get(GROWS))  # then more memory is the answer to too little of it
    failures = [
        row
        for row in (*job.past, *job.attempts)
        if row["exitCode"] and not (grows and is_out_of_memory(row["reason"]))
    ]
    tried = not (grows and is_out_of_memory(job.reason))
    return tried and not record.outcome and len(failures) <= most


def repeats_with_more(record: RunRecord, job: JobRecord, limits: NodeLimits) -> bool:
    """Whether a job that ran out of memory is repeated with more: it then has that size.

    Where there is no larger size, its reason says so.
    """
    factor = float(record.limits.get(GROWS) or 0)
    is_short = job.status == "FAILED" and is_out_of_memory(job.reason)
    if not factor or job.kind is not JobKind.PROCESS or not is_short or record.outcome:
        return False
    size = None if job.gpu else more_memory(job.vcpus, job.memory, factor, limits.vcpus)
    if size is None:
        job.reason = f"ran out of memory with {job.memory} MB, and {_no_more(job, limits)}"
        return False
    for row in (*job.past, *job.attempts):
        row.setdefault("memory", job.memory)
        row.setdefault("vcpus", job.vcpus)
    resubmit(job)
    job.vcpus, job.memory = size
    return True


def _no_more(job: JobRecord, limits: NodeLimits) -> str:
    if job.gpu:
        return "a step with a GPU has all the memory of its machine already"
    if more_memory(job.vcpus, job.memory, 1.0) is None:
        return "no machine of AWS Fargate has more"
    return f"no size with more fits the {limits.vcpus:g} processors of the compute node"


def fails_with_meter(record: RunRecord, job: JobRecord) -> bool:
    """Whether a step never started with a meter beside it; it is submitted again without.

    Whatever keeps a task of two containers from starting must not be the end of a step.
    """
    never = job.status == "FAILED" and not job.started and job.exit_code is None
    is_own = job.reason.startswith(UNPULLED) and job.image.partition("@")[0] in job.reason
    could_be = job.reason.startswith((UNSTARTED, UNPULLED)) and not is_own
    return never and could_be and has_meter(job) and not record.outcome


def is_abandoned(record: RunRecord, job: JobRecord) -> bool:
    """Whether Batch abandoned a job because of one before it that is tried again."""
    is_failed = job.status == "FAILED" and job.reason == DEPENDENCY and not record.outcome
    return is_failed and all(record.job(key).status != "FAILED" for key in job.after)


def is_own_failure(job: JobRecord) -> bool:
    """Whether the program itself ended a job."""
    return (
        bool(job.exit_code)
        and job.reason not in {STOPPED, DEPENDENCY}
        and not (job.reason.startswith(TIME_LIMIT))
    )


def host_losses(job: JobRecord) -> int:
    """How often a job lost its machine, in all its submissions."""
    return sum(row["exitCode"] is None for row in (*job.past, *job.attempts))


def lost(record: RunRecord, seen: AwsState) -> list[JobRecord]:
    """The jobs that were submitted and that Batch does not know."""
    return [job for job in record.work if job.id and not job.ended and job.id not in seen.jobs]


def awaited(record: RunRecord, job: JobRecord) -> list[JobRecord]:
    """The jobs before this one that have not succeeded yet."""
    return [parent for parent in map(record.job, job.after) if parent.status != "SUCCEEDED"]


def next_to_submit(record: RunRecord) -> JobRecord | None:
    """The job that Batch can be given next; None where there is none now.

    What would depend upon more jobs than Batch takes is held back until enough of them have
    succeeded, and so is whatever comes after it: Batch can wait only for what it knows.
    """
    if record.submitting:
        return record.job(record.submitting)
    # What may be tried again is waited for here: Batch gives up what depends upon a failed job.
    retries = bool(record.limits.get("retries") or record.limits.get(GROWS))
    for job in record.work:
        before = awaited(record, job)
        # A call is made when all before it is done, and Batch knows of no calls.
        most = 0 if retries or job.calls else MOST_PARENTS
        is_known = all(parent.id and not parent.calls for parent in before)
        if not (job.id or job.ended) and len(before) <= most and is_known:
            return job
    return None


def decide(record: RunRecord, seen: AwsState, limits: NodeLimits, now: float) -> None:
    """Move a running run to its next phase; leave it where nothing has changed."""
    _try_again(record, seen, limits)
    failed = [job for job in record.work if job.status == "FAILED"]
    # The cause, not the jobs that Batch gave up because of it.
    first = [job for job in failed if job.reason != DEPENDENCY] or failed
    if first:
        record.end("FAILED", f"{_called(first[0])}: {first[0].reason}")
    elif all(job.status == "SUCCEEDED" for job in record.work):
        record.end("SUCCEEDED", "")
        record.phase = Phase.FINALIZING
        return
    if seen.cancelled:
        record.end("CANCELED", "")
    if seen.revoked:
        record.end("FAILED", seen.revoked)
    _limits(record, seen, limits, now)
    if record.outcome:
        record.phase = Phase.ENDING
    elif next_to_submit(record) is not None:
        record.phase = Phase.SUBMITTING


def _called(job: JobRecord) -> str:
    """A job in the sentence that says why a run failed."""
    if job.kind is JobKind.CLEAR:
        return "the folders of the steps that are repeated could not be emptied"
    return f"step '{job.step}'"


def _try_again(record: RunRecord, seen: AwsState, limits: NodeLimits) -> None:
    """Let jobs be submitted again: those that Batch lost, that may fail, or that need more."""
    for job in lost(record, seen):
        job.lost += 1
        if job.lost >= MOST_SUBMISSIONS:
            record.end("FAILED", f"step '{job.step}': AWS Batch lost its job several times")
        resubmit(job)
    for job in record.work:
        if seen.cancelled or repeats_with_more(record, job, limits):
            continue
        if tries_again(record, job):
            resubmit(job)
        elif fails_with_meter(record, job):
            resubmit(job)
            job.unmetered = True
        elif is_abandoned(record, job):
            resubmit(job)


def _limits(record: RunRecord, seen: AwsState, limits: NodeLimits, now: float) -> None:
    seconds = float(record.limits.get("timeoutSeconds") or 0)
    if seconds and now - record.started >= seconds:
        record.end("FAILED", f"the time limit of the run, {seconds:g} s, was reached")
    cost, most = run_cost(record, limits, now).total, float(record.limits.get("maxCost") or 0)
    if most and cost >= most:
        exact = f"{most:.2f}" if most >= _CENT else f"{most:.6f}".rstrip("0")
        record.end("FAILED", f"the cost limit of the run, {exact} USD, was reached")
    if limits.budget and seen.month + cost >= limits.budget:
        words = f"this month's budget of the compute node, {limits.budget:.2f} USD, is used up"
        record.end("FAILED", words)


def why_waiting(record: RunRecord, seen: AwsState, limits: NodeLimits) -> dict[str, str]:
    """Why steps wait that could run, by step."""
    used = processors(record.jobs)
    reasons = {}
    for job in record.work:
        row = seen.jobs.get(job.id) if job.id else None
        if row is None or job.ended:
            continue
        words = waiting(row, seen.environments.get(job.key), used, limits.vcpus)
        if words:
            reasons[job.step] = words
    return reasons


def step_states(record: RunRecord) -> dict[str, tuple[str, str]]:
    """How each step is in the platform's words (``contracts/workflows.md`` 3.4), and why.

    Emptying the folders of an earlier run is none of the workflow's steps.
    """
    states: dict[str, tuple[str, str]] = {}
    for job in record.work:
        if job.kind is JobKind.CLEAR:
            continue
        state, reason = _state(record, job)
        before = states.get(job.step)
        # A step is what its last job is; a merge before it only begins it.
        if before is not None and state == "NOT_STARTED" and before[0] != "NOT_STARTED":
            state, reason = ("STARTED", "") if before[0] == "SUCCEEDED" else before
        states[job.step] = state, reason
    return states


def _state(record: RunRecord, job: JobRecord) -> tuple[str, str]:
    if job.status == "SUCCEEDED":
        return "SUCCEEDED", ""
    if job.status == "FAILED":
        if job.reason == DEPENDENCY or (not job.started and record.outcome):
            return "NOT_STARTED", ""
        stopped = record.outcome == "CANCELED" or _was_stopped(record, job)
        return ("CANCELED", "") if stopped else ("FAILED", job.reason)
    # Between the two calls of a delivery, and between two attempts, it has no status of its own.
    if job.status == _RUNNING or ((job.past or job.begun) and not record.outcome):
        return "STARTED", ""
    return "NOT_STARTED", ""


def _was_stopped(record: RunRecord, job: JobRecord) -> bool:
    """Whether the node itself ended it, because of something else in the run."""
    return bool(record.outcome) and job.reason == STOPPED
