"""A run of Pennsieve's: from its id to what it will execute, with images pinned by digest."""

from __future__ import annotations

import re

from pennsieve_agent.domain.plans import Job, RunPlan
from pennsieve_agent.domain.plans import JobKind as PlanKind
from pennsieve_agent.engine.compile import compile_run
from pennsieve_agent.errors import AgentError
from pennsieve_agent.node.identity.pennsieve_api import RUNS, PennsieveApi, Refused
from pennsieve_agent.node.jobs.gpu_steps import withheld
from pennsieve_agent.node.jobs.step_parameters import too_many
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.runs.pennsieve_run_document import packages, request_of, targets
from pennsieve_agent.node.runs.plan_jobs import (
    CannotRun,
    Code,
    check_budget,
    encoded,
    hosts,
    jobs_of,
)

_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)(?::([^@]+))?")


def prepare(node: Node, store: RunStore, record: RunRecord, web: PennsieveApi) -> None:
    """Fill a record with everything that executing the run needs.

    Raises:
        CannotRun: it may not, or cannot, run here.
        Down: the platform does not answer.

    """
    try:
        run = web.ask("GET", f"{RUNS}/{record.run}")
    except Refused as refused:
        raise CannotRun(f"Pennsieve does not show the run: {refused}") from None
    if not isinstance(run, dict) or not run.get("dag"):
        raise CannotRun("Pennsieve shows a run without steps")
    request = request_of(run)
    record.dataset = request.dataset_id
    record.person, record.layers = str(run.get("createdBy") or ""), list(run.get("layers") or ())
    record.organization = str(run.get("organizationId") or "")
    check_budget(node, store, record.run)
    try:
        plan = compile_run(record.run, request, hosts(node))
    except AgentError as error:
        raise CannotRun(error.message) from None
    _check_allowed(store, plan)
    compute = {str(row["id"]): str(row.get("computeType") or "") for row in run["dag"]}
    code = {
        job.id: Code(_pinned(node, _image(web, job)), compute_type=compute.get(job.id, ""))
        for job in plan.jobs
        if job.kind is PlanKind.PROCESSOR
    }
    record.plan = encoded(plan, code)
    record.plan["sources"] = {name: list(ids) for name, ids in packages(run).items()}
    record.plan["targets"] = targets(run)
    record.plan["layout"] = "tree"
    record.jobs = jobs_of(node, plan, code)
    if why := withheld(node, record) or too_many(node, record):
        raise CannotRun(why)


def _check_allowed(store: RunStore, plan: RunPlan) -> None:
    allowed = set(store.allowed())
    for job in plan.jobs:
        if job.kind is PlanKind.PROCESSOR and allowed:
            names = {job.source_url, f"{job.source_url}:{job.tag}"}
            if not names & allowed:
                raise CannotRun(f"this compute node does not allow {job.source_url}")


def _image(web: PennsieveApi, job: Job) -> str:
    """The image of code (``contracts/workflows.md`` 1.6)."""
    query = {"sourceUrl": job.source_url, "version": job.tag}
    try:
        answer = web.ask("GET", "/applications/store/registry", query)
    except Refused as refused:
        raise CannotRun(f"cannot get the image of {job.source_url} {job.tag}: {refused}") from None
    image = str((answer or {}).get("imageUrl") or "")
    if not image:
        raise CannotRun(f"Pennsieve names no image for {job.source_url} {job.tag}")
    return image


def _pinned(node: Node, image: str) -> str:
    """The image as it is now, by its digest: what is pushed later does not run.

    It is looked up where it is, which need not be the node's region.
    """
    match = _ECR.fullmatch(image)
    if match is None or "@" in image:
        return image
    account, region, repository, tag = match.groups()
    try:
        answer = node.client("ecr", region).batch_get_image(
            registryId=account,
            repositoryName=repository,
            imageIds=[{"imageTag": tag or "latest"}],
        )
    except Exception as error:
        if not aws_code(error):
            raise
        raise CannotRun(f"the image {image} cannot be looked up: {aws_code(error)}") from None
    for row in answer.get("images") or ():
        host = f"{account}.dkr.ecr.{region}.amazonaws.com"
        return f"{host}/{repository}@{row['imageId']['imageDigest']}"
    raise CannotRun(f"the image {image} is not in its registry")
