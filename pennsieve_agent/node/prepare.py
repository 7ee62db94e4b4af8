"""From a run's id to what it will execute: read, checked, images pinned, jobs laid out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pennsieve_agent.domain.plans import Job, RunPlan
from pennsieve_agent.domain.plans import JobKind as PlanKind
from pennsieve_agent.engine.compile import compile_run
from pennsieve_agent.errors import AgentError
from pennsieve_agent.node.journal import Journal
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.reading import packages, request_of, targets
from pennsieve_agent.node.record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.sizes import MOVER_CPU, MOVER_MEMORY, fit
from pennsieve_agent.node.web import RUNS, Refused, Web

_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)(?::([^@]+))?")
_WRITES = "read-write"
Json = Mapping[str, Any]


class Unfit(Exception):  # noqa: N818 - a verdict
    """The run cannot be executed here; the text says why."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The packages, target parameters and images of a run besides its record."""

    record: RunRecord
    packages: Mapping[str, tuple[str, ...]]
    targets: Mapping[str, Mapping[str, str]]


def prepare(node: Node, journal: Journal, record: RunRecord, web: Web) -> None:
    """Fill a record with everything that its execution needs.

    Raises:
        Unfit: it may not, or cannot, run here.
        Down: the platform does not answer.

    """
    try:
        run = web.ask("GET", f"{RUNS}/{record.run}")
    except Refused as refused:
        raise Unfit(f"Pennsieve does not show the run: {refused}") from None
    if not isinstance(run, dict) or not run.get("dag"):
        raise Unfit("Pennsieve shows a run without steps")
    request = request_of(run)
    _check_grant(run, writes=request.workflow.writes)
    record.dataset, record.limits = request.dataset_id, dict(run.get("limits") or {})
    record.person, record.layers = str(run.get("createdBy") or ""), list(run.get("layers") or ())
    record.organization = str(run.get("organizationId") or "")
    _check_budget(node, journal, record)
    try:
        plan = compile_run(record.run, request, _hosts(node))
    except AgentError as error:
        raise Unfit(error.message) from None
    _check_allowed(journal, plan)
    record.plan = _encoded(plan)
    record.plan["sources"] = {name: list(ids) for name, ids in packages(run).items()}
    record.plan["targets"] = targets(run)
    compute = {str(row["id"]): str(row.get("computeType") or "") for row in run["dag"]}
    record.jobs = [job for each in plan.jobs for job in _jobs(node, web, each, compute)]


def _encoded(plan: RunPlan) -> dict[str, Any]:
    """A plan as JSON values. Fields that say nothing are left out of a job."""
    jobs = [
        {name: value for name, value in asdict(job).items() if value or name == "id"}
        for job in plan.jobs
    ]
    return {"workflow_name": plan.workflow_name, "dataset_id": plan.dataset_id, "jobs": jobs}


def _check_grant(run: Json, *, writes: bool) -> None:
    """Once more at the very place of execution: a grant may have been taken back."""
    access = str((run.get("grant") or {}).get("access") or "")
    if run.get("datasetId") and not access:
        raise Unfit("the workflow has no grant on the dataset")
    if run.get("datasetId") and writes and access != _WRITES:
        raise Unfit("the workflow may only read the dataset, and it writes results there")


def _check_budget(node: Node, journal: Journal, record: RunRecord) -> None:
    budget = float(node.settings.monthly_budget or 0)
    if not budget:
        return
    spent = journal.cost_of(month(node.now()), but=record.run)
    if spent >= budget:
        raise Unfit(f"this month's budget of the compute node, {budget:.2f} USD, is used up")


def month(now: float) -> str:
    """The month of a time, as it is counted by."""
    import time  # noqa: PLC0415 - only here

    return time.strftime("%Y-%m", time.gmtime(now))


def _check_allowed(journal: Journal, plan: RunPlan) -> None:
    allowed = set(journal.allowed())
    for job in plan.jobs:
        if job.kind is PlanKind.PROCESSOR and allowed:
            names = {job.source_url, f"{job.source_url}:{job.tag}"}
            if not names & allowed:
                raise Unfit(f"this compute node does not allow {job.source_url}")


def _hosts(node: Node) -> dict[str, str]:
    return {
        "PENNSIEVE_API_HOST": node.settings.api,
        "PENNSIEVE_API_HOST2": node.settings.api2,
        "REGION": node.settings.region,
        "DEPLOYMENT_MODE": node.settings.mode,
    }


def _jobs(node: Node, web: Web, job: Job, compute: Mapping[str, str]) -> list[JobRecord]:
    """The jobs of a step: itself, and before it a merge where several steps lead to it."""
    parents = list(job.depends_on)
    mover = {"vcpus": MOVER_CPU / 1024, "memory": MOVER_MEMORY}
    after = [_last(parent) for parent in parents]
    match job.kind:
        case PlanKind.STAGE_IN:
            return [JobRecord(_last(job.id), job.id, JobKind.STAGE, after, **mover)]  # type: ignore[arg-type]
        case PlanKind.TARGET:
            return [JobRecord(_last(job.id), job.id, JobKind.DELIVER, after, **mover)]  # type: ignore[arg-type]
        case PlanKind.PROCESSOR:
            pass
    found = []
    if len(parents) > 1:
        key = f"{job.id}/merge"
        found.append(JobRecord(key, job.id, JobKind.MERGE, after, **mover))  # type: ignore[arg-type]
        after = [key]
    gpu = compute.get(job.id) == "gpu"
    if gpu and not node.settings.gpu_queue:
        raise Unfit(f"step '{job.id}' needs a GPU, and the compute node has none")
    try:
        vcpus, memory = fit(job.cpu, job.memory)
    except ValueError as error:
        raise Unfit(f"step '{job.id}': {error}") from None
    image = _pinned(node, _image(web, job))
    found.append(
        JobRecord(_last(job.id), job.id, JobKind.PROCESS, after, image, vcpus, memory, gpu)
    )
    return found


def _last(step: str) -> str:
    """The key of the job that makes a step's output."""
    return step


def _image(web: Web, job: Job) -> str:
    """The image of code (``contracts/workflows.md`` 1.6)."""
    query = {"sourceUrl": job.source_url, "version": job.tag}
    try:
        answer = web.ask("GET", "/applications/store/registry", query)
    except Refused as refused:
        raise Unfit(f"the image of {job.source_url} {job.tag} cannot be had: {refused}") from None
    image = str((answer or {}).get("imageUrl") or "")
    if not image:
        raise Unfit(f"Pennsieve names no image for {job.source_url} {job.tag}")
    return image


def _pinned(node: Node, image: str) -> str:
    """The image as it is now, by its digest: what is pushed later does not run."""
    found = _ECR.fullmatch(image)
    if found is None or "@" in image:
        return image
    account, region, repository, tag = found.groups()
    try:
        answer = node.client("ecr").batch_get_image(
            registryId=account,
            repositoryName=repository,
            imageIds=[{"imageTag": tag or "latest"}],
        )
    except Exception as error:
        if not aws_code(error):
            raise
        raise Unfit(f"the image {image} cannot be looked up: {aws_code(error)}") from None
    for row in answer.get("images") or ():
        host = f"{account}.dkr.ecr.{region}.amazonaws.com"
        return f"{host}/{repository}@{row['imageId']['imageDigest']}"
    raise Unfit(f"the image {image} is not in its registry")
