"""Workflows, their code and its builds as JSON documents.

See :mod:`pennsieve_agent.console.documents` for what scripts may rely on.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pennsieve_agent.console.documents import time
from pennsieve_agent.domain.image_builds import BuildState

if TYPE_CHECKING:
    from pennsieve_agent.domain.image_builds import NodeBuild
    from pennsieve_agent.domain.image_findings import StepScan
    from pennsieve_agent.domain.parameters import Parameter
    from pennsieve_agent.domain.platform_offers import Build, TargetType
    from pennsieve_agent.domain.sharing import AppSharing
    from pennsieve_agent.domain.workflows import Application, Step, Version, Workflow


def workflow_summary(value: Workflow) -> dict[str, Any]:
    """A workflow in a list."""
    return {
        "id": value.uuid,
        "name": value.name,
        "description": value.description or None,
        "status": "active" if value.is_active else "archived",
        "created_at": time(value.created_at),
    }


def workflow(value: Workflow) -> dict[str, Any]:
    """A workflow with its steps."""
    return {
        **workflow_summary(value),
        "visibility": value.visibility or None,
        "steps": [step(one) for one in value.steps],
    }


def step(value: Step) -> dict[str, Any]:
    """One step of a workflow."""
    return {
        "id": value.id,
        "type": value.kind.value,
        "depends_on": list(value.depends_on),
        "source_url": value.source_url or None,
        "tag": value.tag or None,
        "target_type": value.target_type or None,
        "cpu": value.cpu or None,
        "memory": value.memory or None,
        "image": value.image or None,
        "command": list(value.command.words) if value.command else None,
        "parameters": [_parameter(one) for one in value.parameters],
    }


def _parameter(value: Parameter) -> dict[str, Any]:
    return {
        "name": value.name,
        "type": value.type.value,
        "default": value.default,
        "required": value.default is None,
        "allowed": list(value.allowed),
        "description": value.description,
    }


def application(value: Application) -> dict[str, Any]:
    """Registered code with its versions."""
    return {
        "id": value.uuid,
        "name": value.name or None,
        "source_url": value.source_url,
        "description": value.description,
        "owner": _person(value.owner_id),
        "visibility": value.visibility.casefold() or None,
        "status": value.status.casefold() or None,
        "versions": [version(one) for one in value.versions],
    }


def version(value: Version) -> dict[str, Any]:
    """A registered tag of an application."""
    return {
        "id": value.uuid,
        "tag": value.tag,
        "status": value.status.value,
        "problem": value.problem or None,
        "created_at": time(value.created_at),
    }


def build(step_id: str, tag: Version, run: Build | None) -> dict[str, Any]:
    """A build of the code of a step; its fields are null before it has begun."""
    return {
        "id": run.id if run else None,
        "status": run.status.casefold() if run else None,
        "step": step_id,
        "tag": tag.tag,
        "version_status": tag.status.value,
        "failed": run.failed if run else None,
        "problem": (run.reason if run else "") or tag.problem or None,
        "started_at": time(run.started_at) if run else None,
        "completed_at": time(run.stopped_at) if run else None,
        **dict.fromkeys(("node", "source", "commit", "archive", "size", "cost_usd")),
    }


def node_build(value: NodeBuild, node: str) -> dict[str, Any]:
    """A build on an own node."""
    return {
        "id": value.id,
        "status": _STATUS.get(value.state, value.state.value),
        **dict.fromkeys(("step", "tag", "version_status")),
        "failed": value.state.is_final and value.state is not BuildState.SUCCEEDED,
        "problem": value.problem or None,
        "started_at": time(time_text(value.started_at)),
        "completed_at": time(time_text(value.ended_at)),
        "node": node,
        "source": value.source or None,
        "commit": value.commit or None,
        "archive": value.archive or None,
        "size": value.size.value,
        "cost_usd": value.cost,
    }


def image_scan(value: StepScan) -> dict[str, Any]:
    """The scan of a step's image on an own node."""
    scan = value.scan
    return {
        "node": value.node,
        "step": value.step,
        "image": value.image,
        "status": scan.status.lower(),
        "problem": scan.problem or None,
        "scanned_at": time(time_text(scan.scanned_at)),
        "counts": {severity.lower(): number for severity, number in scan.counts.items()},
        "worst": [
            {
                "name": finding.name,
                "severity": finding.severity.lower(),
                "package": finding.package or None,
                "version": finding.version or None,
                "url": finding.url or None,
            }
            for finding in scan.worst
        ],
    }


def time_text(seconds: float) -> str:
    """A time in unix seconds as Pennsieve writes it; empty for none."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else ""


_STATUS = {
    BuildState.RUNNING: "in_progress",
    BuildState.CANCELLED: "stopped",
    BuildState.TIMED_OUT: "timed_out",
}
"""CodeBuild's words, as Pennsieve has them."""


def target_type(value: TargetType) -> dict[str, Any]:
    """Something a data target can do."""
    return {
        "name": value.name,
        "label": value.label or None,
        "compute_types": list(value.compute_types),
        "parameters": [
            {"name": p.name, "type": p.type.value, "default": p.default} for p in value.parameters
        ],
    }


def app_sharing(value: AppSharing) -> dict[str, Any]:
    """Who may see an application."""
    return {
        "visibility": value.visibility.value or None,
        "owner": _person(value.owner_id),
        "access": [
            {
                "type": access.kind,
                "id": access.id,
                "is_owner": access.is_owner,
                "created_by": _person(access.granted_by) if access.granted_by else None,
                "created_at": time(access.granted_at),
            }
            for access in value.access
        ],
    }


def _person(id_: str) -> dict[str, Any]:
    """Somebody of whom Pennsieve says the id alone."""
    return {"id": id_ or None, "name": None}
