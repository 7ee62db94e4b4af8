"""``pennsieve run cost``: what runs took."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.errors import UsageProblem


class Period(StrEnum):
    """The period of a count."""

    ALL = "all"
    YEAR = "year"
    MONTH = "month"


@command(
    "run cost",
    answers=("run_cost", "run_totals", "batch_summary"),
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
    from pennsieve_agent.console.words import count, span, usd
    from pennsieve_agent.domain import metrics

    wire = metrics.Period[period.name]
    uuid = "" if workflow is None else named_workflow(context, workflow).workflow.uuid
    places = run_places.everywhere(context).ask(lambda b: b.counters(wire, uuid))
    sums = metrics.total(counters for _, counters in places)
    rows = [{"node": b.name, "total": c.total, "estimated_usd": c.cost} for b, c in places]
    pairs = [
        ("runs", count(sums.total)),
        ("succeeded", count(sums.succeeded)),
        ("failed", count(sums.failed)),
        ("canceled", count(sums.canceled)),
        ("took", span(sums.seconds)),
        ("estimated cost", usd(sums.cost)),
    ]
    if len(places) > 1:
        pairs += [(f"  on {b.name}", f"{count(c.total, 'run')}, {usd(c.cost)}") for b, c in places]
    document = offer_documents.counters(sums, period.value, uuid or None)
    return Shown({**document, "places": rows}, Details(pairs))


def _of_one(context: Context, reference: str | None) -> Shown:
    from pennsieve_agent.cli.run import batch_places, batch_views
    from pennsieve_agent.cli.run import places as run_places
    from pennsieve_agent.console import offer_documents
    from pennsieve_agent.console.words import span, usd

    located = batch_places.run_or_batch(context, reference)
    if isinstance(located, batch_places.LocatedBatch):
        return batch_views.cost(context, located)
    run, metrics = located.run, located.backend.metrics(located.run.uuid)
    state = run_places.state(located)
    document = offer_documents.run_metrics(run, state, metrics, context.now())
    if metrics is None:
        return Shown(document, notes=[f"run '{run.label}' was not counted yet"])
    counted = document["metrics"]
    pairs = [
        ("run", run.label),
        ("took", span(counted["seconds"])),
        ("estimated cost", usd(metrics.cost)),
        *((f"  {name}", usd(cost)) for name, cost in metrics.parts),
        ("input", _input(counted)),
    ]
    rows = [
        [
            step["id"],
            span(step["seconds"]),
            step["compute_type"] or "",
            "" if step["most_memory_mb"] is None else f"{step['most_memory_mb']:.0f} MB",
        ]
        for step in counted["steps"]
    ]
    text: list[Part] = [Details(pairs)]
    if rows:
        text += ["", Table(["STEP", "TOOK", "ON", "MOST MEMORY"], rows)]
    return Shown(document, text)


def _input(counted: dict[str, Any]) -> str:
    from pennsieve_agent.console.words import UNKNOWN, count, size

    files, packages, amount = (counted[n] for n in ("input_files", "packages", "input_size"))
    what = count(packages, "package") if files is None else count(files, "file")
    return f"{what}, {'size ' + UNKNOWN if amount is None else size(amount)}"
