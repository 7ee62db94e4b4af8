"""The platform's run as what the engine compiles (``contracts/workflows.md`` 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.domain.workflows import Step, StepKind, Workflow

Json = Mapping[str, Any]


def request_of(run: Json) -> RunRequest:
    """What is to be executed. The defaults of targets are ignored at run time (trap 27)."""
    params: Json = run.get("processorParams") or {}
    steps = tuple(_step(node, params.get(node["id"], {})) for node in run.get("dag") or ())
    return RunRequest(
        workflow=Workflow(
            uuid=str(run.get("workflowUuid") or ""),
            name=str(run.get("workflowName") or ""),
            steps=steps,
        ),
        node_uuid=str(run.get("computeNodeUuid") or ""),
        dataset_id=str(run.get("datasetId") or ""),
        package_ids=tuple(dict.fromkeys(p for ids in packages(run).values() for p in ids)),
        name=str(run.get("name") or ""),
        parameters={step: dict(values) for step, values in params.items()},
        target_params=targets(run),
    )


def packages(run: Json) -> dict[str, tuple[str, ...]]:
    """The packages of each data-source."""
    sources: Json = run.get("dataSources") or {}
    return {name: tuple(source.get("packageIds") or ()) for name, source in sources.items()}


def targets(run: Json) -> dict[str, dict[str, str]]:
    """The parameters of each data-target."""
    rows: Json = run.get("dataTargets") or {}
    return {name: dict(target.get("params") or {}) for name, target in rows.items()}


def _step(node: Json, params: Json) -> Step:
    runtime: Json = node.get("runtimeConfig") or {}
    kind = StepKind.of(node.get("type") or "processor")
    known = [_parameter(row) for row in node.get("paramSchema") or ()]
    names = {parameter.name for parameter in known}
    step = Step(
        id=str(node["id"]),
        kind=kind,
        depends_on=tuple(parent for parent in node.get("dependsOn") or () if parent),
        source_url=str(node.get("sourceUrl") or ""),
        tag=str(node.get("tag") or ""),
        target_type=str(node.get("targetType") or ""),
        compute_type=str(node.get("computeType") or ""),
        cpu=int(node.get("cpu") or runtime.get("cpu") or 0),
        memory=int(node.get("memory") or runtime.get("memory") or 0),
        parameters=(*known, *(Parameter(name) for name in params if name not in names)),
        default_params=dict(node.get("defaultParams") or {}),
    )
    return replace(step, default_params={}) if kind is StepKind.TARGET else step


def _parameter(row: Json) -> Parameter:
    return Parameter(
        name=str(row["name"]),
        type=ParameterType.of(row.get("type")),
        default=row.get("defaultValue"),
        required=bool(row.get("required")),
        allowed=tuple(row.get("validValues") or row.get("allowedValues") or ()),
        minimum=row.get("min"),
        maximum=row.get("max"),
    )
