"""The documents of a run that callers get: a summary for lists, and the full one. Pure.

Times are ISO 8601 in UTC, empty when not reached; ``cost`` is in USD, null before it is counted.
An attempt's seconds in the queue, of its start and of its program are told apart, null where nobody
saw them; so is what it used (:class:`~pennsieve_agent.domain.measured.Measured`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pennsieve_agent.domain.cost_kinds import OWN_COST_KINDS
from pennsieve_agent.domain.node_protocol import PROTOCOL
from pennsieve_agent.node.node_settings import NodeSettings
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, Phase, RunRecord
from pennsieve_agent.node.runs.transitions import step_states

_OVER = {Phase.REPORTING, Phase.DONE}
CLEANINGS_AWAITED = 12
"""A run whose files cannot be deleted is called ended after so many tries, of an hour."""
_KINDS = {"stage-in": "data-source"}
FOLDER = "TARGET_FOLDER"
Json = Mapping[str, Any]


def is_over(record: RunRecord) -> bool:
    """Whether a run is called ended."""
    # What was kept beyond the end of a run is deleted later, when all know how it ended.
    is_awaited = (
        record.phase is Phase.CLEANING and record.cleanings < CLEANINGS_AWAITED and not record.kept
    )
    return not is_awaited and record.phase in {Phase.CLEANING, *_OVER}


def status_of(record: RunRecord) -> str:
    """A run's state in the platform's words (``contracts/workflows.md`` 3.4)."""
    if is_over(record):
        return record.outcome
    if record.phase in {Phase.ENDING, Phase.CLEANING} and record.outcome == "CANCELED":
        return "CANCELING"
    if record.phase in {Phase.FINALIZING, Phase.CLEANING}:
        return "FINALIZING"
    return "STARTED" if record.started else "NOT_STARTED"


def summary_of(record: RunRecord) -> dict[str, Any]:
    """What a list says of a run."""
    return {
        "id": record.run,
        "name": record.name,
        "status": status_of(record),
        "phase": record.phase.value,
        "reason": record.reason,
        "workflow": dict(record.workflow),
        "dataset": record.dataset,
        "folder": _folder(record),
        "input": {name: value for name, value in record.input.items() if name != "files"},
        "caller": record.caller,
        "owner": record.person,
        "person": dict(record.claimed),
        "created": timestamp(record.created),
        "started": timestamp(record.started),
        "ended": timestamp(record.ended) if is_over(record) else "",
        "cost": round(record.cost, 6) if record.metrics else None,
        **_costs(record),
        "fingerprint": record.fingerprint,
        **({"batch": _batch(record)} if record.batch else {}),
    }


def _costs(record: RunRecord) -> dict[str, Any]:
    """What the estimates of later runs are made of: the cost by kind, and the estimate itself."""
    parts = record.metrics.get("costEstimate") or {}
    costs = {
        kind: parts[name]["estimatedCost"] for name, kind in OWN_COST_KINDS.items() if name in parts
    }
    steps: dict[str, float] = {}
    for row in record.metrics.get("nodeMetrics") or ():
        steps[row["nodeId"]] = steps.get(row["nodeId"], 0.0) + row.get("estimatedCost", 0.0)
    return {
        **({"costs": costs, "stepCosts": steps} if costs else {}),
        **({"spot": True} if record.limits.get("spot") else {}),
        "estimate": dict(record.estimate) or None,
    }


def _batch(record: RunRecord) -> dict[str, Any]:
    return {name: record.batch[name] for name in ("id", "name", "subject", "attempt")}


def shown_summary(row: Json) -> dict[str, Any]:
    """A stored summary as it is answered: whose it is in the node's own limits stays inside."""
    return {name: value for name, value in row.items() if name != "owner"}


def run_document(record: RunRecord, settings: NodeSettings) -> dict[str, Any]:
    """Everything that is known of a run but its files."""
    plan = record.plan
    return {
        **shown_summary(summary_of(record)),
        "steps": steps_of(record),
        "parameters": plan.get("parameters") or {},
        "targets": plan.get("targets") or {},
        "limits": dict(record.limits),
        "layers": list(record.layers),
        "metrics": dict(record.metrics),
        **_kept(record),
        **({"mail": mail_document(record.mail)} if record.mail else {}),
        "node": {
            # The node may have been updated since; this is what the run was started by.
            "version": plan.get("nodeVersion") or settings.version,
            "protocol": PROTOCOL,
            "token": settings.token,
            **(plan.get("nodeDigests") or {}),
        },
    }


def mail_document(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Who is told of an end, when that was, and why not where it was given up."""
    abandoned = bool(kept.get("abandoned"))
    return {
        "to": kept["to"],
        "sent": timestamp(float(kept.get("sent") or 0)),
        "reason": str(kept.get("why") or "") if abandoned else "",
    }


def _kept(record: RunRecord) -> dict[str, Any]:
    """Until when its files are kept, and from which run it has taken which steps over."""
    until, taken = record.kept.get("until"), record.taken
    return {
        **(
            {"keptUntil": timestamp(float(until)), "keptBytes": record.kept.get("bytes")}
            if until
            else {}
        ),
        **({"taken": {name: taken[name] for name in ("run", "name", "steps")}} if taken else {}),
    }


def steps_of(record: RunRecord) -> list[dict[str, Any]]:
    """The steps of a run, in the order of its plan."""
    states = step_states(record)
    jobs: dict[str, JobRecord] = {}
    for job in record.work:
        if job.kind is not JobKind.MERGE:
            jobs[job.step] = job
    return [_step(row, jobs.get(row["id"]), record, states) for row in record.plan.get("jobs", ())]


def _step(
    row: Json, job: JobRecord | None, record: RunRecord, states: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    status, reason = states.get(row["id"], ("NOT_STARTED", ""))
    attempts = attempts_of(job) if job is not None else []
    kind = str(row.get("kind") or "processor")
    return {
        "id": row["id"],
        "kind": _KINDS.get(kind, kind),
        "status": status,
        "reason": reason or record.waiting.get(row["id"], "") or _taken_words(row["id"], record),
        "sourceUrl": row.get("source_url", ""),
        "tag": row.get("tag", ""),
        "dependsOn": list(row.get("depends_on") or ()),
        "commit": row.get("commit", ""),
        "digest": str(row.get("image") or "").rpartition("@")[2],
        "computeType": row.get("compute_type", ""),
        "cpu": int(job.vcpus * 1024) if job is not None else row.get("cpu", 0),
        "memory": job.memory if job is not None else row.get("memory", 0),
        "started": attempts[0]["started"] if attempts else "",
        "ended": timestamp(job.stopped) if job is not None and job.ended else "",
        "attempts": attempts,
    }


def _taken_words(step: str, record: RunRecord) -> str:
    if step not in (record.taken.get("steps") or ()):
        return ""
    return f"taken over from run '{record.taken['name'] or record.taken['run']}'; it cost nothing"


def attempts_of(job: JobRecord) -> list[dict[str, Any]]:
    """All attempts of a job, of all its submissions, in order; the last may still run."""
    rows = [*job.past, *job.attempts]
    if job.started and not job.ended and all(row["started"] != job.started for row in rows):
        rows.append({"started": job.started, "ended": 0.0, "exitCode": None, "reason": ""})
    return [
        {
            "started": timestamp(row["started"]),
            "ended": timestamp(row["ended"]),
            "exitCode": row["exitCode"],
            "reason": row["reason"],
            "memory": row.get("memory", job.memory),
            "queuedSeconds": row.get("queued"),
            "startupSeconds": row.get("startup"),
            "runningSeconds": _running(row),
            "measured": row.get("measured"),
        }
        for row in rows
    ]


def _running(row: Json) -> float | None:
    """How long the program of an attempt ran, in seconds; None where it has not ended."""
    begin, end = float(row["started"]), float(row["ended"])
    return round(max(end - begin, 0.0), 3) if begin and end else None


def timestamp(at: float) -> str:
    """A time in unix seconds as ISO 8601."""
    if not at:
        return ""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _folder(record: RunRecord) -> str:
    """The folder of the dataset in which the results are, where there is one such target."""
    targets: Json = record.plan.get("targets") or {}
    return next((str(target[FOLDER]) for target in targets.values() if target.get(FOLDER)), "")
