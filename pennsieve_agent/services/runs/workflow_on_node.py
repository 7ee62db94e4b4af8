"""Which workflow is meant, and its version: the node has the list of what may run there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.name_matching import pick
from pennsieve_agent.errors import (
    NotFound,
    UsageProblem,
)
from pennsieve_agent.services.nodes.node_documents import (
    NodeWorkflow,
    WorkflowVersion,
    decode_version,
)
from pennsieve_agent.services.runs import run_request
from pennsieve_agent.services.runs.run_versions import version_on_node
from pennsieve_agent.services.runs.start_problems import Problems
from pennsieve_agent.services.workflows.node_workflows import version_path, workflows_on

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
from pennsieve_agent.services.runs.own_node_context import OwnNodeContext


def known_workflow(
    context: OwnNodeContext,
    dataset: Dataset | None,
    options: run_request.RunOptions,
    problems: Problems,
) -> tuple[NodeWorkflow | None, WorkflowVersion | None]:
    """The workflow and its version, as far as the node can be asked for them."""
    if dataset is None and options.workflow is None:
        return None, None  # which one is meant depends on the dataset
    row = problems.of(lambda: _workflow(context, dataset, options.workflow))
    if row is None:
        return None, None
    return row, problems.of(lambda: _version(context, row, options.versions))


def _workflow(
    context: OwnNodeContext, dataset: Dataset | None, reference: str | None
) -> NodeWorkflow:
    """The workflow that is meant, which must be on the node."""
    here = workflows_on(context.node, context.calls)
    if reference is None:
        granted = [row for row in here if dataset and dataset.id in row.grants]
        if len(candidates := granted or list(here)) > 1:
            candidates = _without_archived(context, candidates)
        if len(candidates) == 1:
            return candidates[0]
        raise run_request.which_workflow(row.name for row in candidates)
    on_node = {row.uuid for row in here}
    # A name is looked for in both places: one that is elsewhere must not be taken for another here.
    known = list(context.platform.workflows.list(context.platform.workspace_id()))
    registered = [NodeWorkflow(w.uuid, w.name, (), "", {}) for w in known if w.uuid not in on_node]
    strays = on_node - {w.uuid for w in known}
    if any(row.name.startswith(reference) for row in here if row.uuid in strays):
        here = tuple(_without_archived(context, here))
    chosen = pick(
        reference,
        [*here, *registered],
        kind="workflow",
        keys=lambda row: (row.uuid, row.name),
        list_command="pennsieve workflow list",
    )
    return chosen if chosen.uuid in on_node else _handed_over(context, chosen)


def _without_archived(context: OwnNodeContext, rows: Sequence[NodeWorkflow]) -> list[NodeWorkflow]:
    """Without those that are archived on Pennsieve: nodes keep what they had, and its grants."""
    platform = context.platform
    archived = {w.uuid for w in platform.workflows.list(platform.workspace_id(), archived=True)}
    return [row for row in rows if row.uuid not in archived]


def _handed_over(context: OwnNodeContext, chosen: NodeWorkflow) -> NodeWorkflow:
    """Register a workflow that only Pennsieve had on the node."""
    if context.hand_over is None or not context.node.is_owned:
        raise _missing(context, chosen.name)
    context.hand_over(context.node, context.platform.workflows.get(chosen.uuid))
    for row in workflows_on(context.node, context.calls):
        if row.uuid == chosen.uuid:
            return row
    raise _missing(context, chosen.name)


def _missing(context: OwnNodeContext, name: str) -> UsageProblem:
    """The workflow is on Pennsieve and not on the node, which is the list of what may run."""
    hint = (
        "'run start' registers it there; or register it now: pennsieve workflow add REPOSITORY"
        if context.node.is_owned
        else "ask the owner of the node to register it there"
    )
    return UsageProblem(f"workflow '{name}' is not on {context.where} yet", hint=hint)


def _version(context: OwnNodeContext, row: NodeWorkflow, typed: Sequence[str]) -> WorkflowVersion:
    if not row.newest:
        raise _missing(context, row.name)

    def read(version: str) -> WorkflowVersion:
        return decode_version(context.ask(version_path(row.uuid, version)), context.where)

    try:
        return version_on_node(row, typed, read)
    except NotFound:
        raise _missing(context, row.name) from None
