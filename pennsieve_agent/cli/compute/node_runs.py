"""The active runs of an own node, before it is changed or deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import AgentError

if TYPE_CHECKING:
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.runs.run_backend import RunBackend


def active_on(context: Context, node: OwnNode) -> tuple[RunBackend | None, tuple[Run, ...]]:
    """Where the runs of a node are, and those that have not ended.

    A node that does not answer has none: it is to be repaired or removed all the same, and that is
    said.
    """
    from pennsieve_agent.cli.run.places import backend_of
    from pennsieve_agent.services.runs import active_runs

    own = backend_of(context, node)
    try:
        return own, active_runs.active_runs(own)
    except AgentError as error:
        context.streams.note(f"cannot tell whether runs are active: {error.message}")
        return None, ()
