"""The Batch jobs of a compiled plan, and the plan as it is stored; for both kinds of runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from time import gmtime, strftime
from typing import Any
from urllib.parse import urlsplit

from pennsieve_agent.domain.job_sizes import TRANSFER_CPU, TRANSFER_MEMORY, fit, fit_gpu
from pennsieve_agent.domain.plans import Job, RunPlan
from pennsieve_agent.domain.plans import JobKind as PlanKind
from pennsieve_agent.domain.target_types import LAYER_TARGET
from pennsieve_agent.node.jobs.calls import parts_of
from pennsieve_agent.node.jobs.step_command import continued
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import JobKind, JobRecord
from pennsieve_agent.node.records.run_store import RunStore


class CannotRun(Exception):  # noqa: N818 - a verdict
    """The run cannot be executed here; the text says why."""


@dataclass(frozen=True, slots=True)
class Code:
    """What a processor runs: an image by its digest, where it is from, and on what machine.

    ``command`` is instead of the image's own arguments, as the version's document has it.
    """

    image: str
    commit: str = ""
    compute_type: str = ""
    command: Any = ()


def hosts(node: Node) -> dict[str, str]:
    """What a node tells every step about the platform (``contracts/workflows.md`` 5.2)."""
    return {
        "PENNSIEVE_API_HOST": node.settings.api,
        "PENNSIEVE_API_HOST2": node.settings.api2,
        "ENVIRONMENT": deployment_of(node.settings.api),
        "REGION": node.settings.region,
        "DEPLOYMENT_MODE": node.settings.mode,
    }


def deployment_of(api: str) -> str:
    """Which of its two deployments Pennsieve is (``contracts/workflows.md``, top).

    Public processors take a missing one as ``local``, their author's own machine.
    """
    host = urlsplit(api).hostname or ""
    return "dev" if host.endswith(".pennsieve.net") else "prod"


def encoded(plan: RunPlan, code: Mapping[str, Code]) -> dict[str, Any]:
    """A plan as JSON values. Fields that say nothing are left out of a job.

    Packages are left out, too: ``sources`` beside the jobs has them once.
    """
    return {
        "workflow_name": plan.workflow_name,
        "dataset_id": plan.dataset_id,
        "jobs": [_row(job, code.get(job.id)) for job in plan.jobs],
    }


def _row(job: Job, code: Code | None) -> dict[str, Any]:
    values = {**asdict(job), **(asdict(code) if code is not None else {})}
    del values["package_ids"]
    return {name: value for name, value in values.items() if value or name == "id"}


def jobs_of(node: Node, plan: RunPlan, code: Mapping[str, Code]) -> list[JobRecord]:
    """The jobs of a plan.

    Raises:
        CannotRun: the node has no machine for one of them.

    """
    return [job for planned in plan.jobs for job in _jobs(node, planned, code.get(planned.id))]


def _jobs(node: Node, job: Job, code: Code | None) -> list[JobRecord]:
    """The jobs of a step: itself, and before it a merge where not just one step leads to it."""
    parents = list(job.depends_on)
    match job.kind:
        case PlanKind.STAGE_IN:
            return [_transfer(node, job.id, job.id, JobKind.STAGE, parents)]
        case PlanKind.TARGET:
            target = _transfer(node, job.id, job.id, JobKind.DELIVER, parents)
            if job.target_type == LAYER_TARGET:
                target.calls = []  # the layers are mounted by jobs alone
            return [target]
        case PlanKind.PROCESSOR:
            pass
    jobs = []
    # With none before it, this makes the folders of the run's steps; and it puts what one step made
    # into the output of another that goes on with it.
    if len(parents) != 1 or (code is not None and continued(code.command)):
        merge = _transfer(node, f"{job.id}/merge", job.id, JobKind.MERGE, parents)
        jobs.append(merge)
        parents = [merge.key]
    gpu = code is not None and code.compute_type == "gpu"
    if gpu and not node.settings.gpu_queue:
        raise CannotRun(f"step '{job.id}' needs a GPU, and the compute node has none")
    try:
        if gpu:
            vcpus, memory = fit_gpu(job.cpu, job.memory, node.settings.gpu_type)
        else:
            vcpus, memory = fit(job.cpu, job.memory)
    except ValueError as error:
        raise CannotRun(f"step '{job.id}': {error}") from None
    most = float(node.settings.max_vcpus or 0)
    if not gpu and most and vcpus > most:
        raise CannotRun(
            f"step '{job.id}' needs {vcpus:g} processors, and the compute node uses at most "
            f"{most:g} at once"
        )
    image = code.image if code is not None else ""
    jobs.append(
        JobRecord(
            job.id,
            job.id,
            JobKind.PROCESS,
            parents,
            image,
            vcpus,
            memory,
            gpu,
            0 if gpu else job.disk,
        )
    )
    return jobs


def _transfer(node: Node, key: str, step: str, kind: JobKind, after: list[str]) -> JobRecord:
    return JobRecord(
        key,
        step,
        kind,
        after,
        vcpus=TRANSFER_CPU / 1024,
        memory=TRANSFER_MEMORY,
        calls=parts_of(node, kind),
    )


def check_budget(node: Node, store: RunStore, run: str) -> None:
    """Refuse a run when the month's budget is used up.

    Raises:
        CannotRun: it is.

    """
    budget = float(node.settings.monthly_budget or 0)
    month = strftime("%Y-%m", gmtime(node.now()))
    if budget and store.cost_of(month, but=run) >= budget:
        raise CannotRun(f"this month's budget of the compute node, {budget:.2f} USD, is used up")
