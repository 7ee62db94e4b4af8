"""``pennsieve run cost``: what runs took."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.errors import UsageProblem

_LEAST_USD = 0.0001


class Period(StrEnum):
    """The period of a count."""

    ALL = "all"
    YEAR = "year"
    MONTH = "month"


@command(
    "run cost",
    answers=("run_cost", "run_totals"),
    examples=["pennsieve run cost", "pennsieve run cost --total --period month"],
)
def cost(
    context: Context,
    run: options.Run = None,
    total: Annotated[
        bool, typer.Option("--total", help="All runs together, on all nodes.")
    ] = False,
    workflow: options.OfWorkflow = None,
    period: Annotated[
        Period | None, typer.Option(metavar="PERIOD", help="Only runs of this month or year.")
    ] = None,
) -> Shown:
    """What a run took and cost by estimate; or all runs together.

    --workflow and --period are for --total, and mean it. What Pennsieve counts is about 15 minutes
    old.
    """
    if not (total or workflow or period):
        return _of_one(context, run)
    if run is not None:
        raise UsageProblem(
            f"--total counts all runs, not run '{run}' alone", hint="leave one of them out"
        )
    return _of_all(context, workflow, period or Period.ALL)


def _of_all(context: Context, workflow: str | None, period: Period) -> Shown:
    from pennsieve_agent.cli.run import places as run_places
    from pennsieve_agent.cli.workflow.named import named_workflow
    from pennsieve_agent.console import offer_documents
    from pennsieve_agent.console.words import plural, span
    from pennsieve_agent.domain import metrics

    wire = metrics.Period[period.name]
    uuid = "" if workflow is None else named_workflow(context, workflow).workflow.uuid
    places = run_places.everywhere(context).ask(lambda b: b.counters(wire, uuid))
    count = metrics.total(counters for _, counters in places)
    rows = [{"node": b.name, "total": c.total, "estimated_usd": c.cost} for b, c in places]
    pairs = [
        ("runs", str(count.total)),
        ("succeeded", str(count.succeeded)),
        ("failed", str(count.failed)),
        ("canceled", str(count.canceled)),
        ("took", span(count.seconds)),
        ("estimated cost", f"{count.cost:.2f} USD"),
    ]
    if len(places) > 1:
        pairs += [
            (f"  on {b.name}", f"{plural(c.total, 'run')}, {c.cost:.2f} USD") for b, c in places
        ]
    document = offer_documents.counters(count, period.value, uuid or None)
    return Shown({**document, "places": rows}, Details(pairs))


def _of_one(context: Context, reference: str | None) -> Shown:
    from pennsieve_agent.cli.run import places as run_places
    from pennsieve_agent.console import offer_documents
    from pennsieve_agent.console.words import span

    located = run_places.find(context, reference)
    run, metrics = located.run, located.backend.metrics(located.run.uuid)
    document = offer_documents.run_metrics(run.uuid, metrics)
    if metrics is None:
        return Shown(document, notes=[f"run '{run.label}' was not counted yet"])
    pairs = [
        ("run", run.label),
        ("took", span(metrics.seconds)),
        ("estimated cost", _usd(metrics.cost)),
        *((f"  {name}", _usd(usd)) for name, usd in metrics.parts),
        ("packages", str(metrics.packages)),
    ]
    rows = [
        [
            step.step_id,
            span(step.seconds),
            step.compute_type,
            "" if step.most_memory_mb is None else f"{step.most_memory_mb:.0f} MB",
        ]
        for step in metrics.steps
    ]
    text: list[Part] = [Details(pairs)]
    if rows:
        text += ["", Table(["STEP", "TOOK", "ON", "MOST MEMORY"], rows)]
    return Shown(document, text)


def _usd(cost: float) -> str:
    """A cost in words; a little is not nothing."""
    return f"less than {_LEAST_USD} USD" if 0 < cost < _LEAST_USD else f"{cost:.4f} USD"
