"""``pennsieve run cost --by``: all runs by what they have in common."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.console import cost_documents, tables
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.console.tables import NAME
from pennsieve_agent.console.words import plural, span
from pennsieve_agent.domain.cost_sums import CostGroup, grouped
from pennsieve_agent.domain.forecast_limits import money

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pennsieve_agent.console.streams import Streams
    from pennsieve_agent.domain.runs import Run

_DAYS = {"YEAR": 365, "MONTH": 30}
_BAR = 24
"""Columns of the longest bar."""


def by(context: Context, what: str, workflow: str | None, period: str) -> Shown:
    """All runs on all nodes by ``what``: workflow, dataset or person."""
    from pennsieve_agent.cli.run import places
    from pennsieve_agent.cli.workflow.named import named_workflow
    from pennsieve_agent.domain.run_filter import RunQuery

    since = ""
    if days := _DAYS.get(period):
        at = datetime.fromtimestamp(context.now(), UTC) - timedelta(days=days)
        since = at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    uuid = "" if workflow is None else named_workflow(context, workflow).workflow.uuid
    runs = places.everywhere(context).newest(RunQuery(workflow=uuid, since=since))
    groups = grouped(runs, _key(context, what))
    if what == "workflow":
        _add_pennsieves(context, groups, runs, period)
        groups.sort(key=lambda group: -group.usd)
    notes = []
    if uncounted := sum(group.uncounted for group in groups):
        notes.append(
            f"{plural(uncounted, 'run')} without a cost: still running, never begun, or on nodes "
            "that Pennsieve runs (their sum: pennsieve run cost --total)"
        )
    document = cost_documents.groups(what, period.lower(), groups)
    if not groups:
        return Shown(document, notes=["there are no runs"])
    return Shown(document, lambda streams: _chart(what, groups, streams), notes)


def _add_pennsieves(
    context: Context, groups: Sequence[CostGroup], runs: Sequence[Run], period: str
) -> None:
    """Add what Pennsieve counts of a workflow's runs on its nodes; its lists tell no costs.

    Where it does not answer, they stay without a cost.
    """
    from pennsieve_agent.domain.metrics import Period
    from pennsieve_agent.errors import PlatformError
    from pennsieve_agent.services.side_by_side import side_by_side

    theirs = Counter(run.workflow_uuid for run in runs if run.details is None)

    def ask(workflow: str) -> float | None:
        metrics, workspace = context.platform.metrics, context.workspace_id
        try:
            return metrics.counters(workspace, Period[period], workflow_uuid=workflow).cost
        except PlatformError:
            return None

    costs = side_by_side([partial(ask, workflow) for workflow in theirs])
    known = dict(zip(theirs, costs, strict=True))
    for group in groups:
        if (usd := known.get(group.id)) is not None:
            group.usd += usd
            group.uncounted -= theirs[group.id]


def _key(context: Context, what: str) -> Callable[[Run], tuple[str, str]]:
    """Id and name of what a run is put together by."""
    if what == "workflow":
        return lambda run: (run.workflow_uuid, run.workflow_name or run.workflow_uuid)
    if what == "dataset":
        names = {dataset.id: dataset.name for dataset in context.platform.datasets.list()}
        return lambda run: (
            run.dataset_id,
            names.get(run.dataset_id, run.dataset_id) or "no dataset",
        )
    members = {one.id: one for one in context.platform.people.members(context.workspace_id)}
    # Own nodes know people by their addresses, and Pennsieve by their ids.
    addresses = {one.email.casefold(): one.id for one in members.values() if one.email}

    def person(run: Run) -> tuple[str, str]:
        if run.details is None:
            id_ = run.created_by
        else:
            email = run.details.person_email
            id_ = addresses.get(email.casefold(), email)
            if not id_:
                return run.created_by, run.details.person_name or run.created_by
        return id_, members[id_].name if id_ in members else id_

    return person


def _chart(what: str, groups: Sequence[CostGroup], streams: Streams) -> str:
    """A table; on a terminal with a bar for each row."""
    most = max(group.usd for group in groups)
    rows = [
        [
            group.name,
            str(group.runs),
            span(group.seconds),
            "unknown" if group.uncounted == group.runs else money(group.usd),
        ]
        for group in groups
    ]
    columns: list[str | tables.Column] = [
        tables.Column(what.upper(), NAME.cut),
        "RUNS",
        "TOOK",
        "ESTIMATED COST",
    ]
    if streams.out_is_terminal and most:
        columns.append("SHARE")
        for row, group in zip(rows, groups, strict=True):
            row.append("█" * max(round(_BAR * group.usd / most), 1 if group.usd else 0))
    return tables.table(columns, rows, streams)
