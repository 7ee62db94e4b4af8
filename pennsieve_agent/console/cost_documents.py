"""What runs cost, as JSON documents.

See :mod:`pennsieve_agent.console.documents` for what scripts may rely on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pennsieve_agent.console import batch_documents, offer_documents
from pennsieve_agent.console.estimate_documents import estimate
from pennsieve_agent.domain.step_advice import StepAdvice, manifest_lines, peak_mb

if TYPE_CHECKING:
    from pennsieve_agent.domain.batches import Batch
    from pennsieve_agent.domain.cost_sums import CostGroup, CostSum
    from pennsieve_agent.domain.forecast import Forecast
    from pennsieve_agent.domain.metrics import RunMetrics
    from pennsieve_agent.domain.runs import Run, RunState


def run(value: Run, state: RunState, metrics: RunMetrics | None, now: float) -> dict[str, Any]:
    """What a run took, beside what was said of it before."""
    return {
        **offer_documents.run_metrics(value, state, metrics, now),
        "status": state.status.label,
        "spent_usd": state.spent if metrics is None else metrics.cost,
        "estimate": _said(value.details.estimate if value.details else None),
    }


def batch(value: Batch, node: str, costs: CostSum | None) -> dict[str, Any]:
    """What the runs of a batch took together; ``costs`` are there for own nodes."""
    return {
        **batch_documents.summary(value, node),
        "estimate": _said(value.estimate),
        "runs_counted": costs and costs.counted,
        "runs_compared": costs and costs.compared,
        "compared_usd": costs and round(costs.compared_usd, 6),
        "estimate_of_compared": _said(costs.estimate if costs else None),
        "estimated_usd_by_part": dict(costs.kinds) if costs else {},
        "estimated_usd_by_step": dict(costs.steps) if costs else {},
    }


def groups(by: str, period: str, rows: Sequence[CostGroup]) -> dict[str, Any]:
    """All runs by what they have in common."""
    return {
        "by": by,
        "period": period,
        "groups": [
            {
                "id": row.id or None,
                "name": row.name,
                "total": row.runs,
                "not_counted": row.uncounted,
                "seconds": round(row.seconds, 3),
                "estimated_usd": round(row.usd, 6),
            }
            for row in rows
        ],
    }


def advice(value: Run, runs: int, rows: Sequence[StepAdvice]) -> dict[str, Any]:
    """Which sizes to declare next time."""
    saves = sum(row.saves for row in rows)
    return {
        "run_id": value.uuid,
        "workflow": value.workflow_name or None,
        "workflow_version": (value.details.workflow_version if value.details else "") or None,
        "runs": runs,
        "saves_usd_per_run": round(saves, 6),
        "saves_usd_per_100_runs": round(100 * saves, 4),
        "steps": [
            {
                "id": row.step,
                "source_url": row.code or None,
                "cpu": row.cpu,
                "memory": row.memory,
                "next_cpu": row.next_cpu,
                "next_memory": row.next_memory,
                "most_memory_mb": peak_mb(row),
                "cores": None if row.cores is None else round(row.cores, 3),
                "attempts": row.samples,
                "saves_usd_per_run": round(row.saves, 6),
                "why_not": row.why or None,
                "manifest": manifest_lines(row) if row.changes else [],
            }
            for row in rows
        ],
    }


def _said(value: Forecast | None) -> Mapping[str, Any] | None:
    return None if value is None else estimate(value)
