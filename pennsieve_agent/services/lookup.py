"""Finding what a person means by a name, a unique prefix or an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.domain.name_matching import pick

if TYPE_CHECKING:
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform


def dataset(platform: Platform, reference: str) -> Dataset:
    """A dataset by name, unique prefix or id.

    Raises:
        UsageProblem: none or several match.
    """
    if reference.startswith("N:dataset:"):
        return platform.datasets.get(reference)
    return pick(
        reference,
        platform.datasets.list(),
        kind="dataset",
        keys=lambda d: (d.id, d.name),
        list_command="pennsieve dataset list",
    )


def workflow(platform: Platform, organization_id: str, reference: str) -> Workflow:
    """An active workflow, with its steps, by name, unique prefix or id.

    Raises:
        UsageProblem: none or several match.
    """
    listed = pick(
        reference,
        (w for w in platform.workflows.list(organization_id) if w.is_active),
        kind="workflow",
        keys=lambda w: (w.uuid, w.name),
        list_command="pennsieve workflow list",
    )
    return platform.workflows.get(listed.uuid)  # list items may lack the steps


def node(platform: Platform, organization_id: str, reference: str) -> ComputeNode:
    """A compute node by name, unique prefix or id.

    Raises:
        UsageProblem: none or several match.
    """
    return pick(
        reference,
        platform.compute.nodes(organization_id),
        kind="compute node",
        keys=lambda n: (n.uuid, n.name),
        list_command="pennsieve compute list",
    )
