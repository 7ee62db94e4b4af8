"""The names that a shell completes: what Pennsieve lists, and what own nodes have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pennsieve_agent.domain.run_filter import RunQuery
from pennsieve_agent.errors import AgentError
from pennsieve_agent.services.workflows.node_versions import on_nodes

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.runs.all_runs import AllRuns
    from pennsieve_agent.services.workflows.find_workflow import Nodes

_RUNS = 50


def collect(
    platform: Platform, organization_id: str, nodes: Nodes, runs: AllRuns
) -> dict[str, list[str]]:
    """The names by kind. What cannot be asked is left out.

    Raises:
        AgentError: nobody is signed in.
    """
    platform.workspace_id()
    kinds: dict[str, Callable[[], Iterable[str]]] = {
        "datasets": lambda: (dataset.name for dataset in platform.datasets.list()),
        "workflows": lambda: (
            *(w.name for w in platform.workflows.list(organization_id) if w.is_active),
            *(row.name for row in on_nodes(nodes)[0]),
        ),
        "nodes": lambda: (node.name for node in platform.compute.nodes(organization_id)),
        "runs": lambda: (run.name for run in runs.newest(RunQuery(limit=_RUNS))),
    }
    return {kind: _names(ask) for kind, ask in kinds.items()}


def _names(ask: Callable[[], Iterable[str]]) -> list[str]:
    try:
        return sorted({name for name in ask() if name})
    except AgentError:
        return []
