"""What a batch would start, as ``run start --each --dry-run`` shows it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pennsieve_agent.cli.run import estimate_views, mail_options, start_views
from pennsieve_agent.cli.run.start_views import LAYOUTS, left_out_words
from pennsieve_agent.cli.run.views import limits_words
from pennsieve_agent.console import documents, estimate_documents, tables
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.console.words import plural, size, usd
from pennsieve_agent.domain.figures import total
from pennsieve_agent.domain.forecast_limits import money

if TYPE_CHECKING:
    from pennsieve_agent.console.streams import Streams
    from pennsieve_agent.services.batches.prepare_batch import PreparedBatch

PLANNED_ROWS = 20
"""How many runs of a plan are shown on a terminal."""


def plan(ready: PreparedBatch) -> Shown:
    """What a batch would start."""
    first = ready.first
    estimate, sure, own = ready.estimate(), estimated(ready), ready.own_node
    pairs = [
        ("batch", ready.name),
        ("workflow", f"{first.plan.workflow_name} {first.version}".strip()),
        ("dataset", first.dataset.name),
        ("node", f"{first.node.name}{'' if ready.own_node else ', run by Pennsieve'}"),
        ("runs", f"{len(ready.runs)}, up to {ready.parallel} at once"),
        ("input", _amount(ready)),
        ("left out", left_out_words(first.input)),
        ("done before", plural(len(ready.done), "subject") if ready.done else ""),
        ("layout", LAYOUTS.get(first.layout, first.layout)),
        ("results", f"{first.folder}/SUBJECT"),
        ("limits", limits_of(ready)),
        ("steps kept", kept_words(ready)),
        ("mail", mail_options.words(first.mail)),
        ("AWS allows", "; ".join(first.quotas)),
        *estimate_views.pairs(estimate, own.region if own else None),
        ("at least", _sure_words(sure)),
    ]
    return Shown(
        _document(ready, estimate_documents.planned(estimate, sure)),
        [
            Details(pairs),
            "",
            lambda streams: _plan_rows(ready, streams),
            *([""] if ready.done else []),
            *_done_rows(ready),
        ],
        notes=["nothing was started (--dry-run)"],
    )


def _amount(ready: PreparedBatch) -> str:
    files = sum(len(run.subject.files) for run in ready.runs)
    return f"{plural(files, 'file')}, {size(total(run.subject.size for run in ready.runs))}"


def limits_of(ready: PreparedBatch) -> str:
    """The limits of each run, and what all may cost together."""
    limits = ready.first.request.limits
    if not (words := limits_words(limits)):
        return ""
    count = len(ready.runs)
    most = f"; all {count} together up to {usd(limits.max_cost * count)}" if limits.max_cost else ""
    return f"for each run: {words}{most}"


def kept_words(ready: PreparedBatch) -> str:
    """For how long what steps made is kept, and at what price; empty where it is not."""
    return start_views.kept_words(ready.first, "of each run that fails or is cancelled")


def estimated(ready: PreparedBatch) -> dict[str, float] | None:
    """What all runs cost by list prices, as a single run's estimate; None where not known."""
    from pennsieve_agent.domain.prices import region_of_prices
    from pennsieve_agent.domain.run_estimate import estimate

    own, first = ready.own_node, ready.first
    gpu = any(step.compute_type == "gpu" for step in first.request.workflow.steps)
    if own is None or gpu or not region_of_prices(own.region):
        return None
    if any(run.subject.size is None for run in ready.runs):
        return None
    spot = first.request.limits.spot
    sums = {"once": 0.0, "files": 0.0, "hour": 0.0}
    try:
        for run in ready.runs:
            cost = estimate(
                first.plan, run.subject.size or 0, mode=own.mode, region=own.region, spot=spot
            )
            for name, value in asdict(cost).items():
                sums[name] += value
    except ValueError:
        return None
    return {name: round(value, 6) for name, value in sums.items()}


def _sure_words(sure: dict[str, float] | None) -> str:
    if sure is None:
        return ""
    return (
        f"{money(sure['once'])} whatever the steps do, and {sure['hour']:.3f} USD if each run "
        "takes an hour"
    )


def _plan_rows(ready: PreparedBatch, streams: Streams) -> str:
    """The runs; on a terminal the first ones, and how many more there are."""
    runs = ready.runs[:PLANNED_ROWS] if streams.out_is_terminal else ready.runs
    rows = [
        [
            run.subject.name,
            str(len(run.subject.files)),
            size(run.subject.size),
            ", ".join(
                f"{name}={value}"
                for name, value in sorted(
                    {pair for values in run.parameters.values() for pair in values.items()}
                )
            ),
        ]
        for run in runs
    ]
    columns: list[str | Column] = [Column("SUBJECT", Cut.MIDDLE), "FILES", "SIZE"]
    if any(row[3] for row in rows):
        columns.append(Column("PARAMETERS", Cut.WRAP))
    else:
        rows = [row[:3] for row in rows]
    text = tables.table(columns, rows, streams)
    more = len(ready.runs) - len(runs)
    return f"{text}\n... and {plural(more, 'more run')} (all: --json)" if more else text


def _done_rows(ready: PreparedBatch) -> list[Part]:
    """The subjects that are left out, and which run did them."""
    columns: list[str | Column] = [Column("LEFT OUT", Cut.MIDDLE), "DONE BY"]
    rows = [[run.subject.name, label] for run, label in ready.done]
    return [Table(columns, rows)] if rows else []


def _document(ready: PreparedBatch, estimate: dict[str, Any] | None) -> dict[str, Any]:
    """What a batch would start."""
    first = ready.first
    limit = first.request.limits.max_cost
    return {
        "name": ready.name,
        "workflow": first.plan.workflow_name,
        "workflow_version": first.version or None,
        "node": first.node.name,
        "node_kind": "own" if ready.own_node else "pennsieve",
        "dataset": first.dataset.name,
        "dataset_id": first.dataset.id,
        "folder": first.folder,
        "parallel": ready.parallel,
        "layout": first.layout or None,
        "results_left_out": first.input.left_out,
        "differences": list(first.differences),
        "quotas": list(first.quotas),
        "mail": documents.mail(first.mail),
        "limits": documents.limits(first.request.limits),
        "kept_usd_per_gb": start_views.kept_price(first),
        "max_cost_usd_of_all": limit * len(ready.runs) if limit else None,
        "estimate": estimate,
        "runs": [
            {
                "subject": run.subject.name,
                "files": [documents.file(file) for file in run.subject.files],
                "size": run.subject.size,
                "parameters": {step: dict(values) for step, values in run.parameters.items()},
            }
            for run in ready.runs
        ],
        "done": [{"subject": run.subject.name, "done_by": label} for run, label in ready.done],
    }
