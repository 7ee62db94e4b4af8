"""From a workflow and a request to a run plan; pure, so a dry run shows the very plan that runs."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from pennsieve_agent.domain.plans import Job, JobKind, RunPlan
from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.domain.workflows import Step, StepKind, Workflow
from pennsieve_agent.engine.run_parameters import (
    HOST_NAMES,
    declares_none,
    did_you_mean,
    is_processor,
    is_reserved,
    merged,
)
from pennsieve_agent.errors import UsageProblem

_FOLDER = "TARGET_FOLDER"


def compile_run(run_id: str, request: RunRequest, hosts_env: Mapping[str, str]) -> RunPlan:
    """The jobs of a run, none before one it depends on: one for each step of the workflow.

    A processor sees the documented environment (``contracts/workflows.md`` 5.2) without any
    token. Of ``hosts_env`` only the five names of the contract are taken
    (:data:`~pennsieve_agent.engine.run_parameters.HOST_NAMES`).

    Raises:
        UsageProblem: the graph has a cycle, an edge to nowhere or two steps of one name; files are
            needed and none chosen; a parameter is unknown, missing, reserved or does not fit.

    """
    workflow = request.workflow
    steps = _graph(workflow)
    _check_keys(request, steps)
    common = {
        "EXECUTION_RUN_ID": run_id,
        "INTEGRATION_ID": run_id,
        "WORKFLOW_INSTANCE_ID": run_id,
        **{name: hosts_env[name] for name in sorted(HOST_NAMES) if name in hosts_env},
    }
    jobs = tuple(_job(step, request, common) for step in steps.values())
    return RunPlan(
        run_id=run_id, workflow_name=workflow.name, dataset_id=request.dataset_id, jobs=jobs
    )


def _graph(workflow: Workflow) -> dict[str, Step]:
    """The steps by id, in an order in which none comes before one it depends on."""
    steps: dict[str, Step] = {}
    for step in workflow.steps:
        if step.id in steps or not step.id:
            what = f"two steps called '{step.id}'" if step.id else "a step without a name"
            raise UsageProblem(f"the workflow has {what}", where=workflow.name)
        steps[step.id] = step
    for step in steps.values():
        for parent in _parents(step):
            if parent not in steps:
                raise UsageProblem(
                    f"step '{step.id}' depends on '{parent}', which the workflow does not have",
                    where=workflow.name,
                    hint=did_you_mean(parent, steps, "its steps"),
                )
    try:
        order = list(TopologicalSorter({i: _parents(s) for i, s in steps.items()}).static_order())
    except CycleError as error:
        # graphlib lists the circle backwards: each step after the one that depends on it.
        circle = " -> ".join(reversed(error.args[1]))
        raise UsageProblem(
            f"steps of the workflow depend on each other in a circle: {circle}", where=workflow.name
        ) from None
    return {step_id: steps[step_id] for step_id in order}


def _parents(step: Step) -> tuple[str, ...]:
    """What a step depends on, each once; old definitions carry empty names."""
    return tuple(dict.fromkeys(parent for parent in step.depends_on if parent))


def _check_keys(request: RunRequest, steps: Mapping[str, Step]) -> None:
    """Every step named in the request is there and is of the right kind."""
    processors = [step.id for step in steps.values() if is_processor(step)]
    targets = [step.id for step in steps.values() if step.kind is StepKind.TARGET]
    for kind, named, known in (
        ("processor", request.parameters, processors),
        ("data target", request.target_params, targets),
    ):
        for step_id in named:
            if step_id not in known:
                raise UsageProblem(
                    f"no {kind} of the workflow is called '{step_id}'",
                    where=request.workflow.name,
                    hint=did_you_mean(step_id, known, f"its {kind}s"),
                )


def _job(step: Step, request: RunRequest, common: Mapping[str, str]) -> Job:
    match step.kind:
        case StepKind.SOURCE:
            return _stage_in(step, request)
        case StepKind.TARGET:
            return _target(step, request, common)
        case StepKind.PROCESSOR | StepKind.UNKNOWN:
            return _processor(step, request, common)


def _stage_in(step: Step, request: RunRequest) -> Job:
    if not request.package_ids:
        raise UsageProblem(
            "the workflow reads files, but no file was chosen",
            where=request.workflow.name,
            hint="choose some with --files, for example --files '**/*'",
        )
    return Job(
        id=step.id,
        kind=JobKind.STAGE_IN,
        depends_on=_parents(step),
        package_ids=request.package_ids,
    )


def _processor(step: Step, request: RunRequest, common: Mapping[str, str]) -> Job:
    if not step.source_url:
        raise UsageProblem(f"step '{step.id}' names no repository", where=request.workflow.name)
    return Job(
        id=step.id,
        kind=JobKind.PROCESSOR,
        depends_on=_parents(step),
        source_url=step.source_url,
        tag=step.tag,
        environment={**_parameters(step, request), **common},
        cpu=step.cpu,
        memory=step.memory,
        disk=step.disk,
    )


def _parameters(step: Step, request: RunRequest) -> dict[str, str]:
    undeclared = request.undeclared or declares_none(request.workflow)
    return merged(step, request.parameters.get(step.id, {}), undeclared=undeclared)


def _target(step: Step, request: RunRequest, common: Mapping[str, str]) -> Job:
    """A target sees only the run's own parameters, never the definition's defaults.

    The platform stores and shows such defaults, and ignores them (``contracts/workflows.md`` 8.27).
    """
    params = dict(request.target_params.get(step.id, {}))
    for name in params:
        if is_reserved(name):
            raise UsageProblem(
                f"'{name}' cannot be a parameter of step '{step.id}': the platform uses that name"
            )
    folder = _folder(params.get(_FOLDER, ""), step)
    if _FOLDER in params:
        params[_FOLDER] = folder
    return Job(
        id=step.id,
        kind=JobKind.TARGET,
        depends_on=_parents(step),
        target_type=step.target_type,
        target_folder=folder,
        environment={
            **params,
            **common,
            "DATASET_ID": request.dataset_id,
            "TARGET_TYPE": step.target_type,
        },
    )


def _folder(text: str, step: Step) -> str:
    """A folder of the dataset, relative and with ``/``; empty is the dataset's top."""
    parts = [part for part in text.replace("\\", "/").split("/") if part not in {"", "."}]
    if ".." in parts or "\0" in text:
        raise UsageProblem(
            f"{_FOLDER} of step '{step.id}' must stay inside the dataset, not '{text}'",
            hint="give a folder such as results/2024",
        )
    return posixpath.join(*parts) if parts else ""
