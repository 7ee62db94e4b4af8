"""What a run on an own node will cost, as far as that is known before it starts. Pure.

Nobody knows how long its steps take, so an estimate is what it costs whatever they do, and what
each hour costs in which they run.
"""

from __future__ import annotations

from dataclasses import dataclass

from pennsieve_agent.domain.job_sizes import CALL_BYTES, TRANSFER_CPU, TRANSFER_MEMORY, VCPU, fit
from pennsieve_agent.domain.plans import Job, JobKind, RunPlan
from pennsieve_agent.domain.prices import (
    JobUsage,
    files_cost,
    job_cost,
    network_cost,
    overhead_cost,
    wakes,
)

_GB = 1024**3
_HOUR = 3600.0
BYTES_A_SECOND = 100_000_000
"""What a transfer job is taken to move. Not measured on AWS."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """In USD: ``once`` whatever the steps do, of which ``files`` is for the input.

    ``hour`` is for each hour in which all steps run at once.
    """

    once: float
    files: float
    hour: float


def estimate(
    plan: RunPlan, input_bytes: int, *, mode: str, region: str, spot: bool = False
) -> Estimate:
    """What a run of a plan costs on a node of a mode in a region.

    Raises:
        ValueError: a step is larger than any machine.

    """
    public = mode == "basic"
    gb = input_bytes / _GB
    stages = {job.id for job in plan.jobs if job.kind is JobKind.STAGE_IN}
    steps = [job for job in plan.jobs if job.kind is JobKind.PROCESSOR]
    readers = sum(bool(stages.intersection(job.depends_on)) for job in steps)
    moving = input_bytes / BYTES_A_SECOND if stages else 0.0
    files = files_cost(gb * moving / _HOUR, gb, gb * readers) if stages else 0.0
    files += network_cost(mode, region, gb if stages else 0.0, 0.0, 0.0)
    # Beside the steps: each transfer job, the one that cleans up, and one that makes the folders
    # before a step with several inputs or none.
    merges = sum(len(job.depends_on) != 1 for job in steps)
    transfers = len(plan.jobs) - len(steps) + 1 + merges
    memory = TRANSFER_MEMORY / VCPU
    is_large = input_bytes > CALL_BYTES  # more than a function brings; the rest is calls
    moves = [JobUsage(0.0 if is_large else moving, 0.0, 0.0, starts=transfers, calls=True)]
    if is_large:
        moves.append(JobUsage(moving, TRANSFER_CPU / VCPU, memory, public_address=public))
    starts = sum(job_cost(_usage(job, 0.0, spot=spot, public=public)) for job in steps)
    fixed = (
        sum(map(job_cost, moves)) + starts + overhead_cost(wakes(len(steps) + transfers, moving))
    )
    hours = (_usage(job, _HOUR, spot=spot, public=public, starts=0) for job in steps)
    return Estimate(fixed + files, files, sum(map(job_cost, hours)))


def _usage(job: Job, seconds: float, *, spot: bool, public: bool, starts: int = 1) -> JobUsage:
    vcpus, memory = fit(job.cpu, job.memory)
    return JobUsage(
        seconds,
        vcpus,
        memory / 1024,
        spot=spot,
        public_address=public,
        starts=starts,
        disk_gib=job.disk,
    )
