"""``pennsieve run cost``: what runs took."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem


class Period(StrEnum):
    """The period of a count."""

    ALL = "all"
    YEAR = "year"
    MONTH = "month"


class By(StrEnum):
    """What runs are put together by."""

    WORKFLOW = "workflow"
    DATASET = "dataset"
    PERSON = "person"


@command(
    "run cost",
    answers=("run_cost", "run_totals", "batch_cost", "cost_groups", "run_advice"),
    examples=[
        "pennsieve run cost",
        "pennsieve run cost --total --period month",
        "pennsieve run cost --by workflow",
        "pennsieve run cost spike-rate-1c20 --advise",
    ],
)
def cost(
    context: Context,
    run: options.Run = None,
    total: Annotated[
        bool, typer.Option("--total", help="All runs together, on all nodes.")
    ] = False,
    by: Annotated[
        By | None,
        typer.Option("--by", metavar="WHAT", help="All runs by workflow, dataset or person."),
    ] = None,
    advise: Annotated[
        bool, typer.Option("--advise", help="CPU and memory to declare next time, and the saving.")
    ] = False,
    workflow: options.OfWorkflow = None,
    period: Annotated[
        Period | None, typer.Option(metavar="PERIOD", help="Only runs of this month or year.")
    ] = None,
) -> Shown:
    """The time and estimated cost of a run, or of all runs together.

    Of a run or a batch, the estimate from before its start is shown beside what it took and cost,
    with the cost by kind and by step. --advise looks at what the steps used and says which sizes to
    declare in their manifests.

    --workflow and --period choose the runs of --total and --by; alone, they mean --total. Figures
    that Pennsieve counts are about 15 minutes old.
    """
    of_all = bool(total or workflow or period or by)
    if run is not None and of_all:
        option = "--by" if by else "--total"
        raise UsageProblem(
            f"{option} counts all runs, not run '{run}' alone", hint="leave one of them out"
        )
    if advise and of_all:
        raise UsageProblem(
            "--advise is for one run or batch",
            hint="leave out --total, --by, --workflow and --period",
        )
    if total and by:
        raise UsageProblem("--total and --by cannot be given together", hint="leave one out")
    if advise:
        from pennsieve_agent.cli.run import cost_advice

        return cost_advice.advise(context, run)
    if by is not None:
        from pennsieve_agent.cli.run import cost_by

        return cost_by.by(context, by.value, workflow, (period or Period.ALL).name)
    if of_all:
        return _of_all(context, workflow, period or Period.ALL)
    return _of_one(context, run)


def _of_all(context: Context, workflow: str | None, period: Period) -> Shown:
    from pennsieve_agent.cli.run import cost_views
    from pennsieve_agent.cli.run import places as run_places
    from pennsieve_agent.cli.workflow.named import named_workflow
    from pennsieve_agent.domain import metrics

    wire = metrics.Period[period.name]
    uuid = "" if workflow is None else named_workflow(context, workflow).workflow.uuid
    places = run_places.everywhere(context).ask(lambda b: b.counters(wire, uuid))
    return cost_views.of_all([(b.name, c) for b, c in places], period.value, uuid or None)


def _of_one(context: Context, reference: str | None) -> Shown:
    from pennsieve_agent.cli.run import batch_places, cost_views
    from pennsieve_agent.cli.run import places as run_places

    located = batch_places.run_or_batch(context, reference)
    if isinstance(located, batch_places.LocatedBatch):
        return cost_views.of_batch(context, located)
    run, metrics = located.run, located.backend.metrics(located.run.uuid)
    return cost_views.of_run(context, run, run_places.state(located), metrics)
