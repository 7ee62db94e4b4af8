"""The receipt of a run on a node that Pennsieve runs, as far as Pennsieve tells of it.

It keeps neither commits nor digests, no version of the workflow, no attempts and no checksums
(``contracts/workflows.md`` 3.2 to 3.9): these are null.
"""

from __future__ import annotations

from typing import Any

from pennsieve_agent.domain.receipt import context
from pennsieve_agent.domain.receipt.context import Costs, Stated
from pennsieve_agent.domain.receipt.form import FORM, PENNSIEVE, RUN
from pennsieve_agent.domain.run_results import target_folders
from pennsieve_agent.domain.runs import Run, RunState, StepState

_KINDS = {"file system": "files", "data": "transfers"}
"""Kinds of cost that own nodes call otherwise."""


def receipt_of(run: Run, state: RunState, stated: Stated, spent: Costs) -> dict[str, Any]:
    """The receipt, without checksums. ``state`` is newer than what the run says of itself."""
    steps = {step.id: step for step in state.steps or run.states}
    parts = {_KINDS.get(kind, kind): usd for kind, usd in spent.parts.items()}
    spent = Costs(spent.usd, parts, spent.prices, spent.by_step)
    return {
        "form": FORM,
        "kind": RUN,
        **context.origin(stated),
        "id": run.uuid,
        "name": run.label,
        "status": state.status.label,
        "reason": state.reason or run.reason or None,
        "place": PENNSIEVE,
        "host": stated.host,
        "workspace": {"id": None, "name": None, **stated.workspace},
        "dataset": {
            "id": run.dataset_id or None,
            "name": stated.dataset or None,
            "folder": next(iter(sorted(target_folders(run))), None),
        },
        "workflow": {"id": run.workflow_uuid, "name": run.workflow_name or None, "version": None},
        "batch": None,
        "who": {
            "name": run.creator_name or None,
            "email": run.creator_email or None,
            "id": run.created_by or None,
            "caller": None,
            "verified": True,
        },
        "times": context.times(
            run.created_at,
            state.started_at or run.started_at,
            state.completed_at or run.completed_at,
        ),
        "node": context.node({"id": run.node_uuid, "name": run.node_name, **stated.node}),
        "steps": [_step(run, steps[id_], spent) for id_ in _order(run, steps)],
        "parameters": {step: dict(values) for step, values in run.parameters.items()},
        "targets": {step: dict(values) for step, values in run.target_params.items()},
        "layout": None,
        "layers": [],
        "limits": context.limits({}),
        "inputs": {**context.input_files(stated, None, None), "recorded": False},
        "outputs": context.output_files(stated),
        "cost": context.cost(spent, None),
        "fingerprint": None,
        "repeat": context.repeat(run.uuid),
    }


def _order(run: Run, steps: dict[str, StepState]) -> list[str]:
    """The ids of the steps in the order of the workflow, and then those that only the state has."""
    first = [step.id for step in run.steps if step.id in steps]
    return [*first, *(id_ for id_ in steps if id_ not in first)]


def _step(run: Run, state: StepState, spent: Costs) -> dict[str, Any]:
    step = next((one for one in run.steps if one.id == state.id), None)
    return context.step(
        state.id,
        kind=step.kind.value if step else "",
        depends_on=list(step.depends_on) if step else [],
        source_url=(step.source_url if step else "") or None,
        tag=(step.tag if step else "") or None,
        status=state.status.label,
        reason=state.reason or None,
        compute_type=(step.compute_type if step else "") or None,
        cpu=(step.cpu if step else 0) or None,
        memory_mb=(step.memory if step else 0) or None,
        started_at=state.started_at or None,
        completed_at=state.completed_at or None,
        seconds=state.seconds(float("nan")) if state.status.is_final else None,
        usd=spent.by_step.get(state.id),
    )
