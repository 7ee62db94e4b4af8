"""Preparing a run: everything is checked before anything is sent."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.compute import ComputeNode
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services import lookup
from pennsieve_agent.services.runs import prepare_own_run, prepare_pennsieve_run, run_nodes
from pennsieve_agent.services.runs.own_node_context import OwnNodeContext
from pennsieve_agent.services.runs.run_nodes import AnyNode
from pennsieve_agent.services.runs.run_request import HandOver, Prepared, RunOptions
from pennsieve_agent.services.runs.start_problems import Problems, tried
from pennsieve_agent.services.side_by_side import side_by_side

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.runs.run_input import Earlier


def prepare(
    platform: Platform,
    own: Sequence[OwnNode],
    calls: Callable[[OwnNode], NodeCalls],
    options: RunOptions,
    now: float,
    *,
    earlier: Earlier,
    hand_over: HandOver | None = None,
) -> Prepared:
    """Resolve the names, and check that the run can start. ``own`` are all own nodes.

    ``earlier`` knows the runs before this one, which are left out unless you ask for them.
    ``hand_over`` puts a workflow that only Pennsieve has on an own node; without it, its absence is
    the error.

    Raises:
        UsageProblem: a name, a pattern, a parameter or a node cannot be used.
        Forbidden: the workflow has no (sufficient) grant on the dataset.
        SeveralProblems: several of these.
    """
    problems = Problems()
    node, dataset = node_and_dataset(platform, own, options, problems)
    if isinstance(node, OwnNode):
        context = OwnNodeContext(platform, node, calls(node), earlier, hand_over)
        return prepare_own_run.prepare(context, dataset, options, now, problems)
    if node is None:
        raise problems.all()
    problems.of(lambda: prepare_pennsieve_run.refuse_own_options(options, node))

    def workflow_of() -> Workflow:
        try:
            return prepare_pennsieve_run.workflow_of(platform, options.workflow)
        except UsageProblem as error:
            raise on_own_nodes_alone(own, calls, options.workflow, node) or error from None

    workflow = problems.of(workflow_of)
    return prepare_pennsieve_run.prepare(
        platform, node, dataset, workflow, options, now, earlier=earlier, problems=problems
    )


def node_and_dataset(
    platform: Platform, own: Sequence[OwnNode], options: RunOptions, problems: Problems
) -> tuple[AnyNode | None, Dataset | None]:
    """The node and the dataset that are meant: two questions to two hosts.

    Where one cannot be used, why is collected.
    """
    asks: list[Callable[[], Any]] = [
        partial(run_nodes.choose, platform, own, options.node),
        partial(lookup.dataset, platform, options.dataset),
    ]
    node, dataset = map(problems.take, side_by_side([partial(tried, ask) for ask in asks]))
    return node, dataset


def on_own_nodes_alone(
    own: Sequence[OwnNode],
    calls: Callable[[OwnNode], NodeCalls],
    reference: str | None,
    node: ComputeNode,
) -> UsageProblem | None:
    """The error where own nodes have the workflow, and Pennsieve does not know it; else None."""
    from pennsieve_agent.services.workflows.node_versions import on_nodes  # noqa: PLC0415 - rarely needed

    known, _ = on_nodes((one, calls(one)) for one in own)
    row = next((row for row in known if reference in {row.uuid, row.name}), None)
    if row is None:
        return None
    return UsageProblem(
        f"workflow '{row.name}' is registered on your own nodes only, and compute node "
        f"'{node.name}' is run by Pennsieve, which does not have it",
        hint=f"run it with: --node {shlex.quote(row.nodes[0])}; or push the code to GitHub with a "
        "tag, and add it again",
    )
