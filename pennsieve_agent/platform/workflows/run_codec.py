"""Runs on the wire (``contracts/workflows.md`` 3.1, 3.2 and 3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pennsieve_agent.domain.runs import (
    Run,
    RunRequest,
    RunState,
    RunStatus,
    StepState,
    settled,
)
from pennsieve_agent.domain.workflows import Step, StepKind
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.times import iso
from pennsieve_agent.platform.workflows.graph import decode_steps


def encode_request(request: RunRequest) -> dict[str, object]:
    """The body that starts a run.

    The definition's defaults for a data target are ignored by the platform at run time (section 8,
    trap 27), so they are sent with the run. Empty values are dropped, as the web app does.
    """
    workflow = request.workflow
    sources = workflow.of_kind(StepKind.SOURCE)
    parameters = {
        step_id: kept
        for step_id, values in request.parameters.items()
        if (kept := without_empty(values))
    }
    targets = {
        step.id: {"params": kept}
        for step in workflow.of_kind(StepKind.TARGET)
        if (
            kept := without_empty({**step.default_params, **request.target_params.get(step.id, {})})
        )
    }
    # A target has an entry with a compute type, or none at all (upstream-2026-11.md 8).
    runnable = [
        *workflow.processors,
        *(t for t in workflow.of_kind(StepKind.TARGET) if t.compute_type),
    ]
    body: dict[str, object] = {
        "workflowInstanceConfiguration": {
            "workflowId": workflow.uuid,
            "computeNodeId": request.node_uuid,
            "processorConfigs": [_config(step) for step in runnable],
        },
        "datasetId": request.dataset_id,
        "dataSources": {s.id: {"packageIds": list(request.package_ids)} for s in sources},
    }
    optional = {
        "name": request.name,
        "processorParams": parameters,
        "dataTargets": targets,
    }
    return body | {name: value for name, value in optional.items() if value}


def _config(step: Step) -> dict[str, str]:
    is_processor = step.kind is StepKind.PROCESSOR
    fields = {
        "nodeId": step.id,
        "executionTarget": step.compute_type or ("standard" if is_processor else ""),
        "version": step.tag if is_processor else "",
        "cpu": str(step.cpu) if step.cpu and is_processor else "",
        "memory": str(step.memory) if step.memory and is_processor else "",
    }
    return {name: value for name, value in fields.items() if value}


def without_empty(values: Mapping[str, str]) -> dict[str, str]:
    """Parameters without those that have no value, as the web app sends them (3.1)."""
    return {name: value for name, value in values.items() if value}


def decode_run(item: Fields, *, request: RunRequest | None = None) -> Run:
    """A run. What an answer to a start leaves out is filled from what was ``asked`` for."""
    sources = item.maps("dataSources")
    packages = (id_ for source in sources.values() for id_ in source.texts("packageIds"))
    steps = decode_steps(item)
    status = item.text("status")
    run = Run(
        uuid=item.need_text("uuid"),
        status=RunStatus.of(status),
        name=item.text("name"),
        workflow_uuid=item.text("workflowUuid", "workflowId"),
        workflow_name=item.text("workflowName"),
        node_uuid=item.text("computeNodeUuid", "computeNodeId"),
        dataset_id=item.text("datasetId"),
        organization_id=item.text("organizationId"),
        created_by=item.text("createdBy"),
        created_at=iso(item.raw("createdAt")),
        started_at=iso(item.raw("startedAt")),
        completed_at=iso(item.raw("completedAt")),
        steps=steps,
        states=settled(RunStatus.of(status), _states(item)),
        package_ids=tuple(dict.fromkeys(packages)),
        parameters=_nested(item, "processorParams"),
        target_params={
            name: target.text_map("params") for name, target in item.maps("dataTargets").items()
        },
        outputs=item.text_map("outputs"),
    )
    return run if request is None else _filled(run, request, status)


def _filled(run: Run, request: RunRequest, status: str) -> Run:
    workflow = request.workflow
    return replace(
        run,
        status=run.status if status else RunStatus.NOT_STARTED,
        name=run.name or request.name,
        workflow_uuid=run.workflow_uuid or workflow.uuid,
        workflow_name=run.workflow_name or workflow.name,
        node_uuid=run.node_uuid or request.node_uuid,
        dataset_id=run.dataset_id or request.dataset_id,
        organization_id=run.organization_id or workflow.organization_id,
        steps=run.steps or workflow.steps,
        package_ids=run.package_ids or request.package_ids,
        parameters=run.parameters or request.parameters,
        target_params=run.target_params or request.target_params,
    )


def _nested(item: Fields, name: str) -> dict[str, dict[str, str]]:
    value = item.record(name)
    return {key: value.text_map(key) for key in item.maps(name)}


def decode_state(item: Fields) -> RunState:
    """How far a run is."""
    status = RunStatus.of(item.text("status"))
    return RunState(
        status=status,
        started_at=iso(item.raw("startedAt")),
        completed_at=iso(item.raw("completedAt")),
        steps=settled(status, _states(item)),
    )


def _states(item: Fields) -> tuple[StepState, ...]:
    """How far the steps are; one without a status has not started."""
    if not isinstance(item.raw("dag"), list):
        return ()
    return tuple(
        StepState(
            id=node.text("id") or f"step-{number}",
            status=RunStatus.of(node.text("status") or RunStatus.NOT_STARTED),
            started_at=iso(node.raw("startedAt")),
            completed_at=iso(node.raw("completedAt")),
        )
        for number, node in enumerate(item.records("dag"), start=1)
    )
