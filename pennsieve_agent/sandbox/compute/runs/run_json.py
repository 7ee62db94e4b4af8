"""Runs as they are sent (``contracts/workflows.md`` 3.2 and 3.9)."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.sandbox.compute.runs.run_states import step_json
from pennsieve_agent.sandbox.compute.times import parse
from pennsieve_agent.sandbox.host.store import Row

_FREE = {
    "lambda": {"invocationCount": 0, "totalGBSeconds": 0, "estimatedCost": 0},
    "ecs": {"taskCount": 0, "vcpuHours": 0, "memoryGBHours": 0, "estimatedCost": 0},
    "stepFunctions": {"stateTransitions": 0, "estimatedCost": 0},
    "data": {"inputBytes": 0, "estimatedCost": 0},
    "efsThroughput": {"readBytes": 0, "writeBytes": 0, "estimatedCost": 0},
    "cloudWatchLogs": {"estimatedIngestGB": 0, "estimatedCost": 0},
    "llm": {
        "lastModel": "",
        "requestCount": 0,
        "inputTokens": 0,
        "outputTokens": 0,
        "estimatedCost": 0,
    },
    "pricingVersion": "sandbox",
}
"""What a run in a sandbox costs in USD: nothing, for none of these is used (3.9)."""


def run_json(run: Row, steps: list[Row]) -> dict[str, Any]:
    """A whole run; what it took is shown when it has ended."""
    states = {step["node_id"]: step_json(step) for step in steps}
    dag: list[dict[str, Any]] = json.loads(run["dag"])
    body = {
        **run_item(run),
        "dag": [{**node, **states.get(node["id"], {})} for node in dag],
        "nodes": [
            {"id": n["id"], "sourceUrl": n["sourceUrl"], "dependsOn": n["dependsOn"]}
            for n in dag
            if n["type"] == "processor"
        ],
        **json.loads(run["request"]),
        "outputs": json.loads(run["outputs"]),
    }
    ended = RunStatus.of(run["status"]).is_final
    return {**body, "metrics": _metrics(run, dag, steps)} if ended else body


def run_item(run: Row) -> dict[str, Any]:
    """A run in a list."""
    organization = run["organization_id"]
    return {
        "uuid": run["uuid"],
        "name": run["name"],
        "status": run["status"],
        "workflowUuid": run["workflow_uuid"],
        "workflowName": run["workflow_name"],
        "computeNodeUuid": run["node_uuid"],
        "datasetId": run["dataset_id"],
        **({"organizationId": organization} if organization else {}),
        "createdBy": run["created_by"],
        "createdAt": run["created_at"],
        "startedAt": run["started_at"],
        "completedAt": run["completed_at"],
        "interactive": False,
    }


def status_json(run: Row, steps: list[Row]) -> dict[str, Any]:
    """How far a run is."""
    return {
        "uuid": run["uuid"],
        "status": run["status"],
        "startedAt": run["started_at"],
        "completedAt": run["completed_at"],
        "dag": [step_json(step) for step in steps],
    }


def _metrics(run: Row, dag: list[dict[str, Any]], steps: list[Row]) -> dict[str, Any]:
    kinds = Counter(node["type"] for node in dag)
    places = {node["id"]: node.get("computeType", "standard") for node in dag}
    sources = json.loads(run["request"])["dataSources"].values()
    return {
        "executionTimeSec": _seconds(run),
        "totalEstimatedCost": 0,
        "packagesProcessed": sum(len(source["packageIds"]) for source in sources),
        "processorCount": kinds["processor"],
        "targetCount": kinds["data-target"],
        "costEstimate": _FREE,
        "nodeMetrics": [
            {
                "nodeId": step["node_id"],
                "computeType": places.get(step["node_id"], "standard"),
                "durationSec": _seconds(step),
                "status": step["status"],
            }
            for step in steps
        ],
    }


def _seconds(row: Row) -> float:
    start, end = parse(row["started_at"]), parse(row["completed_at"])
    return round(max(end - start, 0), 3) if start is not None and end is not None else 0
