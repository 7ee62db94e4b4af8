"""Totals of runs (v2, ``contracts/workflows.md`` 3.9)."""

from __future__ import annotations

from pennsieve_agent.domain.cost_kinds import COST_KINDS
from pennsieve_agent.domain.metrics import Counters, Period, RunMetrics, StepMetrics
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.surface import Surface

_METRICS = "/compute/workflows/metrics"


class Metrics:
    """What a workspace's runs came to, for its members."""

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def counters(
        self,
        organization_id: str,
        period: Period = Period.ALL,
        *,
        workflow_uuid: str = "",
        source_url: str = "",
    ) -> Counters:
        """Totals of a workspace, of one workflow or of one repository, about 15 minutes old.

        Route: GET v2 /compute/workflows/metrics/counters

        The answer stands under ``allTime`` whatever the period was (trap 37), or in no bucket.
        """
        scope = "workflow" if workflow_uuid else "application" if source_url else None
        query = {
            "organization_id": organization_id,
            "range": period.value,
            "scope": scope,
            "id": workflow_uuid or source_url or None,
        }
        answer = self._v2.get_record(f"{_METRICS}/counters", query)
        for name in (period.value, Period.ALL.value):
            if isinstance(answer.raw(name), dict):
                return _counters(answer.record(name))
        return _counters(answer)

    def export(self, organization_id: str) -> tuple[str, ...]:
        """Addresses of Parquet files with a row for each step; they are valid for a short time.

        Route: GET v2 /compute/workflows/metrics/export
        """
        query = {"organization_id": organization_id}
        answer = self._v2.get_record(f"{_METRICS}/export", query)
        one = answer.text("url")
        return answer.texts("urls") or ((one,) if one else ())


def _counters(item: Fields) -> Counters:
    return Counters(
        total=item.integer("totalRuns"),
        succeeded=item.integer("succeeded"),
        failed=item.integer("failed"),
        canceled=item.integer("canceled", "cancelled"),
        seconds=item.number("totalDurationSec"),
        cost=item.number("totalCost"),
    )


def _parts(estimate: Fields) -> tuple[tuple[str, float], ...]:
    costs = (
        (word, _part(estimate, key).number("estimatedCost")) for key, word in COST_KINDS.items()
    )
    return tuple((word, cost) for word, cost in costs if cost)


def _part(item: Fields, key: str) -> Fields:
    """What stands under a key; an older service says nothing there."""
    return item.record(key) if isinstance(item.raw(key), dict) else Fields({}, item.where)


def decode_run_metrics(item: Fields) -> RunMetrics | None:
    """What a run took; None before the platform counted it."""
    if not isinstance(item.raw("metrics"), dict):
        return None
    metrics = item.record("metrics")
    estimate = _part(metrics, "costEstimate")
    packages = metrics.integer("packagesProcessed")
    size = _part(estimate, "data").integer("inputBytes")
    return RunMetrics(
        seconds=metrics.number("executionTimeSec"),
        cost=metrics.number("totalEstimatedCost"),
        packages=packages,
        # Packages hold at least a byte each: 0 says that nobody measured it.
        input_bytes=None if packages and not size else size,
        parts=_parts(estimate),
        steps=tuple(
            StepMetrics(
                step_id=row.text("nodeId"),
                seconds=row.number("durationSec"),
                compute_type=row.text("computeType"),
                most_memory_mb=row.number("maxMemoryUsedMiB"),
                cost=row.number("estimatedCost"),
            )
            for row in metrics.records("nodeMetrics")
        ),
    )
