"""What a run costs by the node's own estimate: one sum for its limits, the budget and the receipt.

Not measured are images (their download through a NAT, and from another region), what steps send to
the internet themselves, and what people who follow a run ask of the node.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pennsieve_agent.domain.prices import (
    JobUsage,
    files_cost,
    job_cost,
    kept_cost,
    log_cost,
    network_cost,
    overhead_cost,
    wakes,
)
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord

_GB = 1024**3
_DAY = 86_400.0
_RUNNING = "RUNNING"


@dataclass(frozen=True, slots=True)
class NodeLimits:
    """The node's own limits, processors in one queue and USD a month, 0 is none; and its prices.

    ``mode`` and ``region`` say what leaves the network how, ``gpu_type`` is that of GPU machines.
    """

    vcpus: float = 0.0
    budget: float = 0.0
    mode: str = ""
    region: str = ""
    gpu_type: str = ""


@dataclass(frozen=True, slots=True)
class RunCost:
    """The parts of a run's cost, in USD."""

    machines: float = 0.0
    files: float = 0.0
    logs: float = 0.0
    functions: float = 0.0
    network: float = 0.0
    kept: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        work = self.machines + self.files + self.logs + self.functions + self.network
        return work + self.kept


def run_cost(record: RunRecord, limits: NodeLimits, now: float) -> RunCost:
    """What a run has cost so far. Before its start it has cost nothing."""
    if not record.started:
        return RunCost()
    seconds = run_seconds(record, now)
    staged, read, delivered = moved(record)
    return RunCost(
        machines=sum(
            job_cost(usage) for job in record.jobs for usage in usages(record, job, limits, now)
        ),
        files=files_cost((staged + delivered) * seconds / 3600, staged, read, delivered),
        logs=log_cost(record.log_bytes / _GB),
        functions=overhead_cost(wakes(len(record.jobs), seconds)),
        kept=kept_cost(kept_days(record)) * kept_gb(record),
        network=network_cost(limits.mode, limits.region, staged, delivered, record.log_bytes / _GB),
    )


def run_seconds(record: RunRecord, now: float) -> float:
    """How long a run took, or takes until now."""
    return max((record.ended or now) - (record.started or now), 0.0)


def kept_days(record: RunRecord) -> float:
    """For how many days what its steps made is kept after its end; 0 for not at all.

    Those that were asked for, until another run takes it over or it is deleted.
    """
    end = float(record.kept.get("over") or record.kept.get("until") or record.ended)
    return max(end - record.ended, 0.0) / _DAY


def kept_rest(record: RunRecord, now: float) -> float:
    """What is taken off a run's cost, in USD, when another one takes over what is kept of it."""
    days = max(now - record.ended, 0.0) / _DAY
    return max(kept_cost(kept_days(record)) - kept_cost(days), 0.0) * kept_gb(record)


def kept_gb(record: RunRecord) -> float:
    """How much is kept, as far as it could be measured."""
    return float(record.kept.get("bytes") or 0) / _GB


def moved(record: RunRecord) -> tuple[float, float, float]:
    """GB that a run brought in, that its steps read of them, and that it delivered.

    Before the log has told what was brought in, it is what was chosen, once it is being brought.
    Each step that follows the input is taken to read it once; what the others read is not known.
    """
    stages = {job.key for job in record.work if job.kind is JobKind.STAGE}
    begun = any(record.job(key).started for key in stages)
    chosen = float(record.input.get("bytes") or 0) if begun else 0.0
    staged = (record.staged_bytes or chosen) / _GB
    readers = sum(bool(job.started and stages & _inputs(record, job)) for job in record.work)
    return staged, staged * readers, record.delivered_bytes / _GB


def _inputs(record: RunRecord, job: JobRecord) -> set[str]:
    """The jobs whose files a step reads; a merge stands for those before it."""
    if job.kind is not JobKind.PROCESS:
        return set()
    return {key for parent in job.after for key in _through(record, parent)}


def _through(record: RunRecord, key: str) -> Iterator[str]:
    job = record.job(key)
    yield from job.after if job.kind is JobKind.MERGE else (key,)


def usages(record: RunRecord, job: JobRecord, limits: NodeLimits, now: float) -> list[JobUsage]:
    """What a job took so far, by size: each attempt is a task, and may have had less memory."""
    # The attempts are what is shown of a step, too, so both tell the same time.
    rows = [row for row in (*job.past, *job.attempts) if row["started"]]
    size = job.vcpus, job.memory
    seconds, starts = {size: 0.0}, {size: 0}
    for row in rows:
        had = row.get("vcpus", job.vcpus), row.get("memory", job.memory)
        seconds[had] = seconds.get(had, 0.0) + max(row["ended"] - row["started"], 0.0)
        starts[had] = starts.get(had, 0) + 1
    runs = job.status == _RUNNING and job.started not in {row["started"] for row in rows}
    if runs and job.started:  # what still runs is counted until now
        seconds[size] += max(now - job.started, 0.0)
        starts[size] += 1
    # Only processors on Fargate are submitted to the Spot queue.
    spot = bool(record.limits.get("spot")) and job.kind is JobKind.PROCESS and not job.gpu
    return [
        JobUsage(
            seconds[vcpus, memory],
            vcpus,
            memory / 1024,
            spot=spot,
            gpu=limits.gpu_type or "unknown" if job.gpu else "",
            public_address=limits.mode == "basic",
            starts=starts[vcpus, memory],
            disk_gib=job.disk,
            calls=bool(job.calls),
        )
        for vcpus, memory in seconds
    ]
