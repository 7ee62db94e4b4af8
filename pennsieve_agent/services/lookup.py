"""Finding what a person means by a name, a unique prefix or an id."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pennsieve_agent.domain.matching import pick
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform

_RECENT_RUNS = 200


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


def recent_runs(platform: Platform, organization_id: str, limit: int) -> list[Run]:
    """The latest runs, newest first: the platform promises no order."""
    runs = list(islice(platform.runs.list(organization_id), max(limit, _RECENT_RUNS)))
    runs.sort(key=lambda run: run.started_at or run.created_at or "9", reverse=True)
    return runs[:limit]


def run(platform: Platform, organization_id: str, wanted: str | None) -> Run:
    """A run by name, unique prefix or id; the latest when nothing is wanted.

    Raises:
        UsageProblem: none or several match.
    """
    runs = recent_runs(platform, organization_id, _RECENT_RUNS)
    if wanted is None:
        if not runs:
            raise UsageProblem("there is no run yet", hint="start one with: pennsieve run start")
        return platform.runs.get(runs[0].uuid)
    found = pick(
        wanted,
        runs,
        kind="run",
        keys=lambda r: (r.uuid, r.name),
        list_command="pennsieve run list",
    )
    return platform.runs.get(found.uuid)
