"""``pennsieve`` alone: who is signed in, on which nodes, what runs, and what to type next.

It asks three questions at most: of own nodes, where this machine knows some; else of Pennsieve,
where signing in is two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.domain.run_filter import RunQuery
from pennsieve_agent.domain.runs import Run, RunStatus

if TYPE_CHECKING:
    from pennsieve_agent.domain.own_node import OwnNode

MOST_NODES = 3
_READ, _LISTED = 50, 5


def home(context: Context) -> Shown:
    """The state of things.

    Raises:
        AgentError: nobody is signed in, or no answer came.
    """
    from pennsieve_agent.cli.run.views import runs_table

    profile, nodes = context.profile, context.own_nodes
    runs = _runs(context, nodes)
    active = [run for run in runs if not run.status.is_final]
    failed = [run for run in runs if run.status is RunStatus.FAILED]
    names = ", ".join(f"{node.name} ({node.region})" for node in nodes)
    pairs = [
        ("profile", f"{profile.name}, {profile.hosts.api}"),
        ("nodes", names or "none of your own is known here"),
        ("running", _count(active, runs, nodes)),
        ("failed", _count(failed, runs, nodes)),
    ]
    text: list[Part] = [Details(pairs)]
    if active or failed:
        table: Table = runs_table(context, [*active[:_LISTED], *failed[:_LISTED]])
        text += ["", table]
    notes = [f"next: {_next(nodes, runs)}", "all commands: pennsieve --help"]
    if nodes:
        notes.insert(0, "runs on other nodes are not counted here; all runs: pennsieve run list")
    return Shown(text=text, notes=notes)


def _count(some: Sequence[Run], runs: Sequence[Run], nodes: Sequence[OwnNode]) -> str:
    """How many runs, and of which: no others were asked for."""
    newest = f" of the newest {len(runs)}" if len(runs) >= _READ else ""
    few = f" {', '.join(n.name for n in nodes[:MOST_NODES])}" if len(nodes) > MOST_NODES else ""
    where = f" on your own nodes{few}" if nodes else ""
    return f"{len(some) or 'no run'}{newest}{where}"


def _runs(context: Context, nodes: Sequence[OwnNode]) -> list[Run]:
    if not nodes:
        platform = context.platform
        page = islice(platform.runs.list(platform.workspace_id()), _READ)
        return sorted(page, key=lambda run: run.age_key, reverse=True)
    from pennsieve_agent.cli.run.places import me
    from pennsieve_agent.services.runs.all_runs import AllRuns
    from pennsieve_agent.services.runs.node_runs import NodeRuns

    def runs_of(node: OwnNode) -> NodeRuns:
        # Who asks is not said: Pennsieve would have to be asked first.
        calls = context.calls_with(context.aws(node.region, node.aws_profile or None), claims=False)
        return NodeRuns(node, calls(node), context.now)

    places = AllRuns(
        [runs_of(node) for node in nodes[:MOST_NODES]],
        me=partial(me, context),
        note=context.streams.note,
    )
    return places.newest(RunQuery(limit=_READ))


def _next(nodes: Sequence[OwnNode], runs: Sequence[Run]) -> str:
    """What is most likely typed now."""
    if runs and not runs[0].status.is_final:
        return f"pennsieve run logs {runs[0].typed} --follow"
    if runs and runs[0].status is RunStatus.FAILED:
        return f"pennsieve run show {runs[0].typed}"
    if runs:
        return f"pennsieve run show {runs[0].typed} --outputs"
    if nodes:
        return "pennsieve run start --dataset DATASET"
    return "pennsieve compute list, or: pennsieve compute register"
