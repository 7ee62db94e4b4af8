"""Why a job waits or failed, in words for whoever started the run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pennsieve_agent.node.records.run_record import JobRecord

Json = Mapping[str, Any]

DEPENDENCY = "a step before it failed"
STOPPED = "the run was ended"
"""The reason that the node gives Batch when it terminates a job, and Batch reports back."""
TIME_LIMIT = "the time limit was reached"
UNPULLED, UNSTARTED = "its image could not be pulled", "its container could not be started"
_OUT_OF_MEMORY = 137
_RAN_OUT, _KILLED = "ran out of memory", "was killed (exit code 137)"
_WORDS: tuple[tuple[str, str], ...] = (
    (r"Dependent Job failed", DEPENDENCY),
    (r"JobStateTimeLimit action due to reason: CAPACITY",
     "AWS had no machine for it for a day; start the run again later, or give it other resources"),
    (r"JobStateTimeLimit action due to reason: MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
     "it needs more processors than the compute node may use at once (--max-vcpus)"),
    (r"JobStateTimeLimit action due to reason: MISCONFIGURATION",
     "none of the compute node's machines fits it; give the step other resources"),
    (r"OutOfMemory", f"{_RAN_OUT}; give the step more with its memory setting"),
    (r"(i/o timeout|[Cc]onnection timed out|connection issue|VPC endpoint policy)",
     "its network does not lead to an AWS service that it needs before it can start"),
    (r"CannotPull.*", UNPULLED),
    (r"Job attempt duration exceeded timeout", TIME_LIMIT),
    (r"(Host EC2.*terminated|Your Spot Task was interrupted|.*Spot.*)",
     "AWS took its machine back, several times"),
    (r"ResourceInitializationError.*(secret|Secret)", "a secret could not be read"),
    (r"ResourceInitializationError.*(S3 Files|mount)", "the file system could not be mounted"),
    (r"(ResourceInitializationError|CannotStart|CannotCreate|Task failed to start)",
     UNSTARTED),
)  # fmt: skip


def failure(job: Json) -> str:
    """Why a job of Batch's failed.

    A job that a time limit of its queue ended says why in ``statusReason``
    (https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_capacity.html).
    """
    container: Json = job.get("container") or {}
    said = str(container.get("reason") or "")
    about = str(job.get("statusReason") or "")
    code = container.get("exitCode")
    if about == STOPPED:
        return STOPPED
    if job.get("isCall"):
        return about
    for pattern, words in _WORDS:
        for text in (said, about):
            if re.search(pattern, text):
                return f"{words}{_detail(text, words)}"
    if code == _OUT_OF_MEMORY:
        return f"{_KILLED}, most likely because it needed more memory"
    if code is not None:
        return f"it ended with exit code {code}"
    return said or about or "AWS Batch gives no reason"


def is_out_of_memory(reason: str) -> bool:
    """Whether this reason (:func:`failure`) says that the memory of a job was not enough.

    AWS says ``OutOfMemoryError`` of a container over its memory; a program that the kernel killed
    inside of it has exit code 137 alone
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html).
    What a time limit, a person or the loss of a machine ended has another reason.
    """
    return reason.startswith((_RAN_OUT, _KILLED))


def attempts(job: Json, record: JobRecord, ready: float = 0.0) -> list[dict[str, Any]]:
    """The attempts of a job of Batch's: when, with which exit code, and why they ended.

    Batch lists an attempt when it has ended; a job that ended without any being listed had the one
    that the job itself tells of. Times are in unix seconds; ``ready`` is when the jobs before this
    one had ended. ``queued`` and ``startup`` are seconds, None where the node did not see when a
    machine was there. What was measured of an attempt is kept.
    """
    rows = _ended(job, record)
    since = max(float(job.get("createdAt") or 0) / 1000, ready)
    for number, row in enumerate(rows):
        row.update(waits(row, since, record.starting.get(str(number))))
        row.update(_before(record, row))
        since = row["ended"]
    return rows


def waits(row: Json, since: float, starting: float | None) -> dict[str, float | None]:
    """How long an attempt was in the queue ``since`` it could run, and how long it started."""
    if starting is None:
        return {"queued": None, "startup": None}
    startup = row["started"] - starting if row["started"] else None
    return {
        "queued": round(max(starting - since, 0.0), 3) if since else None,
        "startup": None if startup is None else round(max(startup, 0.0), 3),
    }


def _before(record: JobRecord, row: Json) -> Json:
    """What is known of an attempt that was noted before, found by its log."""
    same = (old for old in record.attempts if row["log"] and old.get("log") == row["log"])
    old = next(same, {})
    return {"measured": old.get("measured"), **({"reads": old["reads"]} if "reads" in old else {})}


def _ended(job: Json, record: JobRecord) -> list[dict[str, Any]]:
    rows = [
        {
            "started": float(row.get("startedAt") or 0) / 1000,
            "ended": float(row.get("stoppedAt") or 0) / 1000,
            "exitCode": (row.get("container") or {}).get("exitCode"),
            "reason": _why(row),
            "log": str((row.get("container") or {}).get("logStreamName") or ""),
            **({"meter": row["meter"]} if row.get("meter") else {}),
        }
        for row in job.get("attempts") or ()
    ]
    if rows or not record.ended or not record.started:
        return rows
    return [
        {
            "started": record.started,
            "ended": record.stopped,
            "exitCode": record.exit_code,
            "reason": record.reason,
            "log": record.log,
            **({"meter": job["meter"]} if job.get("meter") else {}),
        }
    ]


def _why(attempt: Json) -> str:
    """Why an attempt ended; nothing, where its program ended well."""
    return "" if (attempt.get("container") or {}).get("exitCode") == 0 else failure(attempt)


def _detail(text: str, words: str) -> str:
    """AWS's own words, where they tell more."""
    _, colon, rest = text.partition(": ")
    return f" ({rest.strip()[:200]})" if colon and "image" in words else ""


def waiting(job: Json, environment: Json | None, used: float, most: float) -> str:
    """Why a job that Batch has does not run yet; empty when it waits for other steps alone.

    ``environment`` is the compute environment behind its queue, ``used`` the processors that run
    there and ``most`` how many may.
    """
    status = str(job.get("status") or "")
    if status != "RUNNABLE":
        return "its image is being pulled" if status == "STARTING" else ""
    said = str(job.get("statusReason") or "")
    place = environment or {}
    why = place.get("statusReason") or "AWS gives no reason"
    rows = (
        (place.get("status") == "INVALID", f"the machines' settings are invalid: {why}"),
        (place.get("state") == "DISABLED", "its job queue is disabled"),
        ("CAPACITY" in said.upper(), f"AWS has no such machine available now: {said}"),
        ("MISCONFIGURATION" in said.upper(), f"no machine fits it: {said}"),
        (bool(most) and used >= most, f"its queue is at its limit of {most:g} processors"),
    )
    return next((words for holds, words in rows if holds), said or "waiting for a machine")


def processors(jobs: Sequence[JobRecord]) -> float:
    """How many processors the jobs take that have a machine."""
    on = {"STARTING", "RUNNING"}
    return sum(job.vcpus for job in jobs if job.status in on and not job.calls)
