"""``pennsieve run stats|metrics``: what runs came to."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.services.all_runs import Located

app = group("What runs came to.")


class Period(StrEnum):
    """The period of a count."""

    ALL = "all"
    YEAR = "year"
    MONTH = "month"


@app.command()
def stats(
    ctx: typer.Context,
    workflow: Annotated[
        str | None,
        typer.Option("--workflow", "-w", metavar="WORKFLOW", help="Only this workflow's runs."),
    ] = None,
    period: Annotated[Period, typer.Option(help="Period.")] = Period.ALL,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """How many runs there were, how they ended and what they took, on all nodes together.

    What Pennsieve counts is about 15 minutes old.
    """
    from pennsieve_agent.cli import run_places
    from pennsieve_agent.cli.found_workflow import found_workflow
    from pennsieve_agent.console import offer_documents
    from pennsieve_agent.console.tables import details
    from pennsieve_agent.console.words import plural, span
    from pennsieve_agent.domain import metrics

    context = options.use(ctx, profile, as_json=json)
    wire = {
        Period.ALL: metrics.Period.ALL,
        Period.YEAR: metrics.Period.YEAR,
        Period.MONTH: metrics.Period.MONTH,
    }
    uuid = "" if workflow is None else found_workflow(context, workflow).workflow.uuid
    places = run_places.everywhere(context).each(lambda b: b.counters(wire[period], uuid))
    found = metrics.total(counters for _, counters in places)
    if json:
        document = offer_documents.counters(found, period.value, uuid or None)
        rows = [{"node": b.name, "total": c.total, "estimated_usd": c.cost} for b, c in places]
        context.streams.document({**document, "places": rows})
        return
    pairs = [
        ("runs", str(found.total)),
        ("succeeded", str(found.succeeded)),
        ("failed", str(found.failed)),
        ("canceled", str(found.canceled)),
        ("took", span(found.seconds)),
        ("estimated cost", f"{found.cost:.2f} USD"),
    ]
    if len(places) > 1:
        pairs += [
            (f"  on {b.name}", f"{plural(c.total, 'run')}, {c.cost:.2f} USD") for b, c in places
        ]
    context.streams.result(details(pairs, context.streams))


@app.command()
def metrics(
    ctx: typer.Context,
    run: options.Run = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """What a run and its steps took, and what it cost by estimate."""
    from pennsieve_agent.cli import run_places
    from pennsieve_agent.console import offer_documents
    from pennsieve_agent.console.tables import details, table
    from pennsieve_agent.console.words import span

    context = options.use(ctx, profile, as_json=json)
    located = run_places.find(context, run)
    wanted, found = located.run, located.backend.metrics(located.run.uuid)
    if json:
        context.streams.document(offer_documents.run_metrics(wanted.uuid, found))
        return
    streams = context.streams
    if found is None:
        streams.note(f"run '{wanted.label}' was not counted yet")
        return
    pairs = [
        ("run", wanted.label),
        ("took", span(found.seconds)),
        ("estimated cost", _usd(found.cost)),
        *((f"  {name}", _usd(usd)) for name, usd in found.parts),
        ("packages", str(found.packages)),
    ]
    streams.result(details(pairs, streams))
    rows = [
        [
            step.step_id,
            span(step.seconds),
            step.compute_type,
            "" if step.most_memory_mb is None else f"{step.most_memory_mb:.0f} MB",
        ]
        for step in found.steps
    ]
    if rows:
        streams.result("")
        streams.result(table(["STEP", "TOOK", "ON", "MOST MEMORY"], rows, streams))


def save_archive(context: Context, located: Located, file: Path, *, alone: bool) -> None:
    """Save the archive of a run's logs, and say so; ``alone``: no other option was given."""
    from pennsieve_agent.cli import run_places
    from pennsieve_agent.console.words import size
    from pennsieve_agent.services import run_log_archive

    if not alone:
        raise UsageProblem(
            "--archive is all logs of a run that has ended", hint="leave the other options out"
        )
    run = located.run
    count = run_log_archive.save(
        located.backend, run, file, lambda url: run_places.fetch(context, url)
    )
    if context.as_json:
        context.streams.document({"run": run.uuid, "file": str(file), "size": count})
    else:
        context.streams.result(f"Saved the logs of run '{run.label}' to {file}")
        context.streams.note(size(count))


def _usd(cost: float) -> str:
    """A cost in words; a little is not nothing."""
    least = 0.0001
    return f"less than {least} USD" if 0 < cost < least else f"{cost:.4f} USD"
