"""What runs took, in words: of one run, of a batch, of all together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pennsieve_agent.cli.run.estimate_views import cost_words, time_words
from pennsieve_agent.console import cost_documents, offer_documents
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.console.words import UNKNOWN, count, size, span, usd
from pennsieve_agent.domain.cost_sums import CostSum, cost_sum
from pennsieve_agent.domain.forecast import Forecast
from pennsieve_agent.domain.forecast_limits import money
from pennsieve_agent.domain.prices import price_words
from pennsieve_agent.domain.runs import RunStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.forecast import Band
    from pennsieve_agent.domain.metrics import Counters, RunMetrics
    from pennsieve_agent.domain.runs import Run, RunState

Pairs = list[tuple[str, str]]


def of_run(context: Context, run: Run, state: RunState, metrics: RunMetrics | None) -> Shown:
    """What a run took and cost, beside what was said of it before."""
    document = cost_documents.run(run, state, metrics, context.now())
    said = run.details.estimate if run.details else None
    pairs: Pairs = [("run", run.label), ("status", state.status.label)]
    if metrics is None:
        pairs += [
            ("took so far", span(state.seconds(context.now())) if state.started_at else ""),
            ("cost so far", "" if state.spent is None else money(state.spent)),
            *_said(said),
        ]
        return Shown(document, Details(pairs), [f"run '{run.label}' is not counted yet"])
    counted = document["metrics"]
    # What failed or was cancelled ended early, which holds nothing against the estimate.
    held = said if said and state.status is RunStatus.SUCCEEDED else Forecast()
    pairs += [
        ("took", _beside(counted["seconds"], held.seconds, span)),
        ("estimated cost", _beside(metrics.cost, held.usd, _usd)),
        *_parts(context, run, metrics),
        ("input", _input(counted)),
        *_said(said),
        *_prices(context, run),
    ]
    costs = run.details.step_costs if run.details else {}
    rows = [
        [
            step["id"],
            span(step["seconds"]),
            "" if (cost := costs.get(step["id"])) is None else money(cost),
            step["compute_type"] or "",
            "" if step["most_memory_mb"] is None else f"{step['most_memory_mb']:.0f} MB",
        ]
        for step in counted["steps"]
    ]
    text: list[Part] = [Details(pairs)]
    if rows:
        text += ["", Table(["STEP", "TOOK", "COST", "ON", "MOST MEMORY"], rows)]
    return Shown(document, text)


def of_batch(context: Context, located: LocatedBatch) -> Shown:
    """What the runs of a batch cost together, as far as they were counted."""
    from pennsieve_agent.cli.run.batch_views import counts_words
    from pennsieve_agent.console.words import duration

    value = located.batch
    costs = _costs(context, located)
    said, counts = value.estimate, value.counts
    # Before its end, and where runs failed, only the runs that were counted can be compared.
    is_whole = counts.succeeded == counts.total
    spent = "not counted yet" if value.cost is None else _usd(value.cost)
    if value.cost is not None and said and is_whole:
        spent = _beside(value.cost, said.usd, _usd)
    pairs: Pairs = [
        ("batch", value.name),
        ("subjects", counts_words(counts)),
        ("took", duration(value.created, value.ended, context.now())),
        ("estimated cost", spent),
        *((f"  {kind}", _usd(cost)) for kind, cost in (costs.kinds if costs else {}).items()),
    ]
    if not is_whole and costs and costs.estimate:
        words = _beside(costs.compared_usd, costs.estimate.usd, _usd)
        pairs.append((f"  of {count(costs.compared, 'run')} that succeeded", words))
    pairs += _said(said)
    text: list[Part] = [Details(pairs)]
    if costs is not None and costs.steps:
        text += ["", Table(["STEP", "COST"], [[s, money(c)] for s, c in costs.steps.items()])]
    return Shown(cost_documents.batch(value, located.backend.name, costs), text)


def _costs(context: Context, located: LocatedBatch) -> CostSum | None:
    """The sum of a batch's runs on an own node, in one listing; Pennsieve's lists tell no cost."""
    from pennsieve_agent.cli.run import places
    from pennsieve_agent.domain.run_filter import RunQuery

    token = located.backend.token
    node = next((one for one in context.own_nodes if token and one.token == token), None)
    if node is None:
        return None
    return cost_sum(places.backend_of(context, node).newest(RunQuery(batch=located.batch.id)))


def of_all(places: Sequence[tuple[str, Counters]], period: str, workflow_id: str | None) -> Shown:
    """All runs together, and by place."""
    from pennsieve_agent.domain.metrics import total

    sums = total(counters for _, counters in places)
    rows = [{"node": name, "total": c.total, "estimated_usd": c.cost} for name, c in places]
    pairs: Pairs = [
        ("runs", count(sums.total)),
        ("succeeded", count(sums.succeeded)),
        ("failed", count(sums.failed)),
        ("canceled", count(sums.canceled)),
        ("took", span(sums.seconds)),
        ("estimated cost", usd(sums.cost)),
    ]
    if len(places) > 1:
        pairs += [(f"  on {name}", f"{count(c.total, 'run')}, {usd(c.cost)}") for name, c in places]
    document = offer_documents.counters(sums, period, workflow_id)
    return Shown({**document, "places": rows}, Details(pairs))


def _beside(actual: float | None, said: Band | None, words: Any) -> str:
    """A figure, and where it is in the band that was said."""
    text: str = words(actual)
    if actual is None or said is None:
        return text
    if actual > said.high:
        return f"{text}, more than the estimate"
    return f"{text}, {'less than' if actual < said.low else 'within'} the estimate"


def _usd(amount: float | None) -> str:
    return UNKNOWN if amount is None else money(amount)


def _parts(context: Context, run: Run, metrics: RunMetrics) -> Pairs:
    """The parts of a run's cost; of what is kept after it, how much that is and until when."""
    from pennsieve_agent.cli.run.record_views import kept_cost_words
    from pennsieve_agent.domain.cost_kinds import KEPT

    costs = dict(metrics.parts)
    kept = kept_cost_words(context, run, costs.pop(KEPT, 0.0))
    pairs = [(f"  {name}", _usd(cost)) for name, cost in costs.items()]
    return [*pairs, *([(f"  {KEPT}", kept)] if kept else [])]


def _said(said: Forecast | None) -> Iterable[tuple[str, str]]:
    """What was said before the start."""
    if said is None:
        return [("estimate before", "none was recorded")]
    return [
        ("estimate before", f"{cost_words(said.usd)}; {time_words(said.seconds)}"),
        ("  estimated", said.basis),
    ]


def _prices(context: Context, run: Run) -> Iterable[tuple[str, str]]:
    """Whose prices were taken, for a run on an own node."""
    node = next((one for one in context.own_nodes if one.token == run.node_uuid), None)
    return [("prices", price_words(node.region))] if node else []


def _input(counted: Mapping[str, Any]) -> str:
    files, packages, amount = (counted[n] for n in ("input_files", "packages", "input_size"))
    what = count(packages, "package") if files is None else count(files, "file")
    return f"{what}, {'size ' + UNKNOWN if amount is None else size(amount)}"
