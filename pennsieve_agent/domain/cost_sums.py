"""What several runs cost together: by kind, by step, and by what they have in common. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pennsieve_agent.domain.cost_kinds import OWN_COST_KINDS
from pennsieve_agent.domain.forecast import Forecast
from pennsieve_agent.domain.forecast_method import of_batch
from pennsieve_agent.domain.runs import Run, RunStatus, seconds_between


@dataclass(frozen=True, slots=True)
class CostSum:
    """The runs of a batch that were counted: USD in all, by kind and by step.

    ``compared`` of them succeeded and came to ``compared_usd``, for which ``estimate`` is what was
    said of these runs alone: what failed ended early, and others may go on. It is None where it was
    not said of each.
    """

    counted: int = 0
    usd: float = 0.0
    compared: int = 0
    compared_usd: float = 0.0
    kinds: Mapping[str, float] = field(default_factory=dict)
    steps: Mapping[str, float] = field(default_factory=dict)
    estimate: Forecast | None = None


def cost_sum(runs: Iterable[Run]) -> CostSum:
    """The sum of those runs that were counted."""
    kinds = dict.fromkeys(OWN_COST_KINDS.values(), 0.0)
    steps: dict[str, float] = {}
    counted = [run for run in runs if run.details and run.details.cost is not None]
    rows = [run.details for run in counted if run.details]
    whole = [run.details for run in counted if run.details and run.status is RunStatus.SUCCEEDED]
    for row in rows:
        _add(kinds, row.costs)
        _add(steps, row.step_costs)
    return CostSum(
        len(rows),
        sum(row.cost or 0.0 for row in rows),
        len(whole),
        sum(row.cost or 0.0 for row in whole),
        {kind: usd for kind, usd in kinds.items() if usd},
        steps,
        _together([row.estimate for row in whole]),
    )


def _add(sums: dict[str, float], more: Mapping[str, float]) -> None:
    for name, usd in more.items():
        sums[name] = sums.get(name, 0.0) + usd


def _together(estimates: Sequence[Forecast | None]) -> Forecast | None:
    bands = [one.usd for one in estimates if one is not None and one.usd is not None]
    first = estimates[0] if estimates else None
    if first is None or len(bands) < len(estimates):
        return None
    texts = first.basis, first.runs, first.prices_date, first.region
    return Forecast(of_batch(bands), None, *texts)


@dataclass(slots=True)
class CostGroup:
    """Runs that have something in common. ``uncounted`` are those whose cost nobody told."""

    id: str
    name: str
    runs: int = 0
    uncounted: int = 0
    seconds: float = 0.0
    usd: float = 0.0


def grouped(runs: Iterable[Run], key: Callable[[Run], tuple[str, str]]) -> list[CostGroup]:
    """Runs by id and name, the dearest first. A run that goes on counts without a cost."""
    groups: dict[str, CostGroup] = {}
    for run in runs:
        id_, name = key(run)
        group = groups.setdefault(id_ or name, CostGroup(id_, name))
        group.runs += 1
        group.seconds += seconds_between(run.started_at, run.completed_at) or 0.0
        cost = run.details.cost if run.details else None
        group.uncounted += cost is None
        group.usd += cost or 0.0
    return sorted(groups.values(), key=lambda group: (-group.usd, -group.runs, group.name))
