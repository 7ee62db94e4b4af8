"""A run plan as JSON: what ``--dry-run --json`` shows, and what can be stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.domain.plans import Job, JobKind, RunPlan

_TEXTS = ("source_url", "tag", "target_type", "target_folder")
_LISTS = ("depends_on", "package_ids")
_NUMBERS = ("cpu", "memory")
_MAPPINGS = ("environment", "layers")


def encode_plan(plan: RunPlan) -> dict[str, Any]:
    """The plan as JSON values. Fields that say nothing are left out of a job."""
    return {
        "run_id": plan.run_id,
        "workflow_name": plan.workflow_name,
        "dataset_id": plan.dataset_id,
        "jobs": [_encode_job(job) for job in plan.jobs],
    }


def decode_plan(data: Mapping[str, Any]) -> RunPlan:
    """The plan that :func:`encode_plan` wrote.

    Raises:
        KeyError, ValueError: it is something else.

    """
    return RunPlan(
        run_id=data["run_id"],
        workflow_name=data["workflow_name"],
        dataset_id=data["dataset_id"],
        jobs=tuple(_decode_job(job) for job in data["jobs"]),
    )


def _encode_job(job: Job) -> dict[str, Any]:
    fields: dict[str, Any] = {
        **{name: list(getattr(job, name)) for name in _LISTS},
        **{name: getattr(job, name) for name in (*_TEXTS, *_NUMBERS)},
        **{name: dict(getattr(job, name)) for name in _MAPPINGS},
    }
    said = {name: value for name, value in fields.items() if value}
    return {"id": job.id, "kind": job.kind.value, **said}


def _decode_job(data: Mapping[str, Any]) -> Job:
    fields: dict[str, Any] = {
        **{name: tuple(data.get(name, ())) for name in _LISTS},
        **{name: data.get(name, "") for name in _TEXTS},
        **{name: data.get(name, 0) for name in _NUMBERS},
        **{name: dict(data.get(name, {})) for name in _MAPPINGS},
    }
    return Job(id=data["id"], kind=JobKind(data["kind"]), **fields)
