"""Finding what a person means by a name, a unique prefix or an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.domain.name_matching import pick

if TYPE_CHECKING:
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform


def dataset(platform: Platform, wanted: str) -> Dataset:
    """A dataset by name, unique prefix or id.

    Raises:
        UsageProblem: none or several match.
    """
    if wanted.startswith("N:dataset:"):
        return platform.datasets.get(wanted)
    return pick(
        wanted,
        platform.datasets.list(),
        kind="dataset",
        keys=lambda d: (d.id, d.name),
        list_command="pennsieve dataset list",
    )


def workflow(platform: Platform, organization_id: str, wanted: str) -> Workflow:
    """An active workflow, with its steps, by name, unique prefix or id.

    Raises:
        UsageProblem: none or several match.
    """
    found = pick(
        wanted,
        (w for w in platform.workflows.list(organization_id) if w.is_active),
        kind="workflow",
        keys=lambda w: (w.uuid, w.name),
        list_command="pennsieve workflow list",
    )
    return platform.workflows.get(found.uuid)  # list items may lack the steps


def node(platform: Platform, organization_id: str, wanted: str) -> ComputeNode:
    """A compute node by name, unique prefix or id.

    Raises:
        UsageProblem: none or several match.
    """
    return pick(
        wanted,
        platform.compute.nodes(organization_id),
        kind="compute node",
        keys=lambda n: (n.uuid, n.name),
        list_command="pennsieve compute list",
    )
