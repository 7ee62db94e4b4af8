"""How often workflows were run, and how the last run ended, on Pennsieve and own nodes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pennsieve_agent.domain.runs import Run, RunStatus
from pennsieve_agent.domain.workflows import Workflow, WorkflowUse


def use_of_runs(runs: Iterable[Run]) -> dict[str, WorkflowUse]:
    """What runs say of their workflows, by the workflows' ids."""
    uses: dict[str, WorkflowUse] = {}
    for run in runs:
        one = WorkflowUse(
            runs=1,
            ended=int(run.status.is_final),
            succeeded=int(run.status is RunStatus.SUCCEEDED),
            last_at=run.started_at or run.created_at,
            last_status=run.status.value,
        )
        before = uses.get(run.workflow_uuid)
        uses[run.workflow_uuid] = one if before is None else both(before, one)
    return uses


def both(one: WorkflowUse, other: WorkflowUse) -> WorkflowUse:
    """The runs of two places together."""
    latest = max(one, other, key=lambda use: use.last_at)
    return WorkflowUse(
        runs=one.runs + other.runs,
        ended=one.ended + other.ended,
        succeeded=one.succeeded + other.succeeded,
        last_at=latest.last_at,
        last_status=latest.last_status,
    )


def with_runs(workflow: Workflow, uses: Mapping[str, WorkflowUse]) -> Workflow:
    """A workflow with the runs of own nodes added to those that Pennsieve counts."""
    here = uses.get(workflow.uuid)
    if here is None:
        return workflow
    return replace(workflow, use=both(workflow.use, here) if workflow.use else here)


def fits(text: str, name: str, description: str = "") -> bool:
    """Whether a workflow is one that is searched for, in whatever letter case."""
    return text.casefold() in f"{name}\n{description}".casefold()
