"""How the node is, as the platform's health checker reads it (``contracts/resources.md`` 3.3)."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.node.journal import Journal
from pennsieve_agent.node.node import Node, aws_code


def health(node: Node) -> dict[str, Any]:
    """``{status, issues, resources}``; an issue is one sentence."""
    issues: list[str] = []
    active = 0
    try:
        active = len(Journal(node).active())
    except Exception as error:
        if not aws_code(error):
            raise
        issues.append(f"the journal cannot be read: {aws_code(error)}")
    issues += _queues(node)
    return {
        "status": "WARNING" if issues else "HEALTHY",
        "issues": issues,
        "resources": {
            "activeRuns": active,
            "version": node.settings.version,
            "mode": node.settings.mode,
        },
    }


def _queues(node: Node) -> list[str]:
    settings = node.settings
    names = [n for n in (settings.fargate_queue, settings.spot_queue, settings.gpu_queue) if n]
    try:
        answer = node.client("batch").describe_compute_environments(computeEnvironments=names)
    except Exception as error:
        if not aws_code(error):
            raise
        return [f"the queues cannot be looked at: {aws_code(error)}"]
    found = {row["computeEnvironmentName"]: row for row in answer["computeEnvironments"]}
    issues = []
    for name in names:
        row = found.get(name)
        if row is None:
            issues.append(f"compute environment {name} is gone")
        elif row.get("status") == "INVALID":
            issues.append(f"compute environment {name} is invalid: {row.get('statusReason', '')}")
        elif row.get("state") == "DISABLED":
            issues.append(f"compute environment {name} is turned off")
    return issues
