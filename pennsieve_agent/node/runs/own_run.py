"""An own run: a request and a registered version become a record that is ready to run.

Everything that executes comes from the registry: steps, images, resources. The caller chooses a
version, files, parameters, targets and limits, within what the owner has granted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pennsieve_agent.domain.fingerprints import fingerprint
from pennsieve_agent.domain.parameters import Parameter
from pennsieve_agent.domain.plans import JobKind as PlanKind
from pennsieve_agent.domain.plans import RunPlan
from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.domain.target_types import LAYER_TARGET
from pennsieve_agent.domain.workflows import Step, StepKind
from pennsieve_agent.engine.compile import compile_run
from pennsieve_agent.engine.run_parameters import declares_none, merged
from pennsieve_agent.errors import AgentError
from pennsieve_agent.node.identity.workflow_registry import READ, WRITE
from pennsieve_agent.node.jobs.gpu_steps import withheld
from pennsieve_agent.node.jobs.step_command import too_long
from pennsieve_agent.node.jobs.step_parameters import too_many
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.callers import Caller
from pennsieve_agent.node.records.run_record import JobKind, Origin, RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.records.start_document import Start
from pennsieve_agent.node.records.version_document import rows_of, workflow_of, writes
from pennsieve_agent.node.runs.plan_jobs import (
    CannotRun,
    Code,
    check_budget,
    encoded,
    hosts,
    jobs_of,
)
from pennsieve_agent.node.runs.transitions import GROWS

Json = Mapping[str, Any]
Targets = dict[str, dict[str, str]]
"""The parameters of each target."""


@dataclass(frozen=True, slots=True)
class Who:
    """Whose run it is: an identity of AWS, and the person whom the caller claims to be."""

    caller: Caller
    claimed: Mapping[str, str]


def access_needed(version: Json) -> str:
    """What the workflow must be granted on the dataset of a run."""
    return WRITE if writes(version) else READ


def record_of(node: Node, store: RunStore, start: Start, version: Json, who: Who) -> RunRecord:
    """The record of a run that was asked for.

    Raises:
        CannotRun: it cannot be executed here; the text says why.

    """
    check_budget(node, store, start.id)
    return fitting(node, start, version, who)


def fitting(node: Node, start: Start, version: Json, who: Who) -> RunRecord:
    """The record of a run that fits the node; the month's budget is not asked.

    Raises:
        CannotRun: it cannot be executed here; the text says why.

    """
    try:
        record = planned(node, start, version, who)
    except AgentError as error:
        raise CannotRun("; ".join(filter(None, (error.message, error.hint)))) from None
    if (
        why := withheld(node, record)
        or _cannot_grow(record)
        or too_many(node, record)
        or too_long(record)
    ):
        raise CannotRun(why)
    return record


def _cannot_grow(record: RunRecord) -> str:
    """Why no step can be repeated with more memory; empty where one can, or that is not wanted."""
    steps = [job for job in record.jobs if job.kind is JobKind.PROCESS]
    if not record.limits.get(GROWS) or not steps or not all(job.gpu for job in steps):
        return ""
    return (
        "all steps of this workflow use a GPU and have all the memory of its machine already; "
        "start the run without --memory-on-oom"
    )


def planned(node: Node, start: Start, version: Json, who: Who) -> RunRecord:
    """The record of a run as its version and its request say; nothing outside of them is asked.

    Raises:
        UsageProblem: the request does not fit the version.
        CannotRun: no machine fits a step, or a target has no place.

    """
    if why := why_not_kept(node, start.limits):
        raise CannotRun(why)
    targets = _targets(start, version)
    request = _request(start, version, targets)
    plan = _with_names(compile_run(start.id, request, hosts(node)), start, node)
    code = _code_of(version)
    layout = start.layout or str(version.get("layout") or "tree")
    parameters = _parameters(request)
    return RunRecord(
        start.id,
        node.now(),
        origin=Origin.OWN,
        name=start.name,
        caller=who.caller.arn,
        person=who.caller.owner,
        claimed=dict(who.claimed),
        content=start.content,
        workflow=_workflow(start, version),
        dataset=start.dataset,
        organization=node.settings.organization,
        limits=dict(start.limits),
        estimate=dict(start.estimate),
        layers=list(start.layers),
        mail={"to": start.mail} if start.mail else {},
        input=_input(start, layout),
        plan=encoded(plan, code)
        | _choices(start, version, targets, layout)
        | {"parameters": parameters, "nodeVersion": node.settings.version}
        | {"nodeDigests": _digests(node)},
        jobs=jobs_of(node, plan, code),
        fingerprint=_fingerprint(start, version, parameters, layout),
    )


def why_not_kept(node: Node, limits: Json) -> str:
    """Why a node cannot keep what steps make; empty where it can, or is not asked to."""
    if not limits.get("keepSteps") or node.settings.mode != "compliant":
        return ""
    return (
        "a compliant compute node keeps no step's outputs after the end of a run; leave out "
        "--keep-steps"
    )


def _digests(node: Node) -> dict[str, str]:
    """What the node was made of when the run was started, for its receipt."""
    settings = node.settings
    digests = {
        "codeDigest": settings.code_key.rpartition("/")[2].removesuffix(".zip"),
        "stackDigest": settings.stack_digest,
        "policyDigest": settings.policy_digest,
    }
    return {name: digest for name, digest in digests.items() if digest}


def _fingerprint(
    start: Start, version: Json, parameters: Mapping[str, Mapping[str, str]], layout: str
) -> str:
    # Without the names of all files nobody knows what is read, and layers change.
    if start.layers or start.sources or (start.packages and not start.files):
        return ""
    return fingerprint(version, parameters, layout, start.files)


def _choices(start: Start, version: Json, targets: Targets, layout: str) -> dict[str, Any]:
    """What was chosen for a run, to be shown, and to start the same run again."""
    return {
        "sources": _sources(start, version),
        "targets": targets,
        "layout": layout,
        "needsPennsieve": str(version.get("needsPennsieve") or ""),
    }


def _parameters(request: RunRequest) -> dict[str, dict[str, str]]:
    """The parameters of each processor as its program gets them, defaults included.

    A later version of the workflow may have other defaults; these are those that were used.
    """
    undeclared = request.undeclared or declares_none(request.workflow)
    values = {
        step.id: merged(step, request.parameters.get(step.id, {}), undeclared=undeclared)
        for step in request.workflow.processors
    }
    return {step: named for step, named in values.items() if named}


def _code_of(version: Json) -> dict[str, Code]:
    """The code of each processor of a version."""
    return {
        name: Code(
            str(row["image"]),
            str(row.get("commit") or ""),
            str(row.get("computeType") or ""),
            row.get("command") or (),
        )
        for name, row in rows_of(version).items()
        if StepKind.of(row["kind"]) is StepKind.PROCESSOR
    }


def _workflow(start: Start, version: Json) -> dict[str, str]:
    return {"id": start.workflow, "name": str(version["name"]), "version": start.version}


def _input(start: Start, layout: str) -> dict[str, Any]:
    # A package may hold many files, so without their names nobody knows how many there are.
    if not start.files:
        return {
            "layout": layout,
            **dict.fromkeys(("count", "bytes"), None if start.packages else 0),
        }
    return {"layout": layout, "count": len(start.files), "bytes": start.bytes}


def _request(start: Start, version: Json, targets: Targets) -> RunRequest:
    workflow = workflow_of(version)
    # A version whose steps declare no parameter at all accepts any name.
    open_names = start.undeclared or not any(row.get("parameters") for row in version["steps"])
    if open_names:
        steps = tuple(_with_any_parameter(step, start.parameters) for step in workflow.steps)
        workflow = replace(workflow, steps=steps)
    return RunRequest(
        workflow=workflow,
        node_uuid="",
        dataset_id=start.dataset,
        package_ids=start.packages,
        name=start.name,
        parameters=start.parameters,
        target_params=targets,
    )


def _with_any_parameter(step: Step, parameters: Mapping[str, Mapping[str, str]]) -> Step:
    """A step that takes whatever it is given."""
    known = {parameter.name for parameter in step.parameters}
    more = (Parameter(name) for name in parameters.get(step.id, {}) if name not in known)
    return replace(step, parameters=(*step.parameters, *more))


def _targets(start: Start, version: Json) -> Targets:
    """The parameters of each target: the version's own, and over them the run's."""
    targets = {step: dict(values) for step, values in start.targets.items()}
    for row in version["steps"]:
        if StepKind.of(row["kind"]) is not StepKind.TARGET:
            continue
        values = {**(row.get("defaults") or {}), **targets.get(row["id"], {})}
        if row["targetType"] == LAYER_TARGET and not values.get("layerName"):
            raise CannotRun(f"target '{row['id']}' writes to a layer, and no layer is named")
        targets[row["id"]] = values
    return targets


def _sources(start: Start, version: Json) -> dict[str, list[str]]:
    """The packages of each step that reads the dataset."""
    names = [
        str(row["id"]) for row in version["steps"] if StepKind.of(row["kind"]) is StepKind.SOURCE
    ]
    if unknown := set(start.sources) - set(names):
        raise CannotRun(f"no data source of the workflow is called '{min(unknown)}'")
    return {name: list(start.sources.get(name) or start.packages) for name in names}


def _with_names(plan: RunPlan, start: Start, node: Node) -> RunPlan:
    """The plan with the dataset's and the workspace's id in each step's environment.

    A run of this node is not on Pennsieve, so a step cannot look its dataset up there.
    """
    names = {"DATASET_ID": start.dataset, "ORGANIZATION_ID": node.settings.organization}
    variables = {name: value for name, value in names.items() if value}
    jobs = (
        job
        if job.kind is PlanKind.STAGE_IN
        else replace(job, environment={**job.environment, **variables})
        for job in plan.jobs
    )
    return replace(plan, jobs=tuple(jobs))
