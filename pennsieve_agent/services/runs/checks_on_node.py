"""Asking an own node what hinders a run there, before it starts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pennsieve_agent.errors import (
    Invalid,
    NodeError,
    NodeOlder,
    NotFound,
    together,
)
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.workflows.run_codec import without_empty
from pennsieve_agent.services.nodes.node_documents import (
    WorkflowVersion,
)
from pennsieve_agent.services.runs import run_request
from pennsieve_agent.services.runs.start_run import limit_error, limits_document

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
from pennsieve_agent.services.runs.own_node_context import OwnNodeContext

_LOOK = {
    "unhealthy": "see what to do with: pennsieve compute doctor",
    "no-image": "put it there again with: pennsieve workflow update WORKFLOW",
    "unfit": "see the node's limits with: pennsieve compute show",
}
"""What is typed next, by the word of what hinders a run on the node."""


def check_on_node(
    context: OwnNodeContext,
    known: WorkflowVersion,
    dataset: Dataset,
    parameters: Mapping[str, Mapping[str, str]],
    options: run_request.RunOptions,
) -> run_request.Checked:
    """Ask the node what hinders the run there: keys, images, budget, queues, sizes of machines.

    A node that was made before it could be asked answers when the run is started.

    Raises:
        NodeError: something does; SeveralProblems where several things do.
    """
    body = {
        "id": str(uuid.UUID(int=0)),
        "workflow": known.workflow.uuid,
        "version": known.version,
        "dataset": dataset.id,
        "parameters": {step: without_empty(values) for step, values in parameters.items()},
        "undeclared": True,
        "limits": limits_document(options.limits),
        **({"from": options.goes_on.document()} if options.goes_on else {}),
    }
    try:
        answer = context.calls.ask("POST", "/checks", body=body, admin=context.node.is_owned)
    except (NotFound, NodeOlder):
        return run_request.Checked()
    except Invalid as error:
        raise limit_error(error, context.node.name) from error
    said = Fields(dict(answer), context.where)
    rows = said.records("problems")
    hindrances = [
        NodeError(f"{context.where}: {row.text('message')}", hint=_LOOK.get(row.text("code")))
        for row in rows
    ]
    if hindrances:
        raise together(hindrances)
    quotas = tuple(
        f"up to {row.number('processors') or 0:g} processors at once ({row.text('name')})"
        for row in said.records("quotas")
    )
    return run_request.Checked(said.number("budgetLeft"), quotas)
