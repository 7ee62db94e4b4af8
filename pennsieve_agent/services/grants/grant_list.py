"""All grants, from the owner's nodes and from Pennsieve, as one list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pennsieve_agent.domain.grants import Access, Enablement, Grant
from pennsieve_agent.domain.node_calls import NodeAdmin
from pennsieve_agent.platform.http.times import milliseconds
from pennsieve_agent.services.nodes.own_node_admin import Unasked, ask_nodes, grants_of

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.platform.client import Platform


@dataclass(frozen=True, slots=True)
class Listed:
    """A grant, and the nodes that keep it; none for a grant of somebody else."""

    grant: Grant
    nodes: tuple[str, ...]


def of_nodes(
    nodes: Sequence[NodeAdmin], workflow: str = "", dataset: str = ""
) -> tuple[list[Listed], list[Unasked]]:
    """The grants on the owner's nodes, each once."""
    answers, unasked = ask_nodes(nodes, lambda admin: grants_of(admin, workflow, dataset))
    listed: dict[tuple[str, str, str, float], Listed] = {}
    for _, rows in answers:
        for row in rows:
            key = row.workflow, row.dataset, row.access.value, row.until
            known = listed.get(key)
            names = (*known.nodes, row.node) if known else (row.node,)
            listed[key] = Listed(known.grant if known else row, names)
    return list(listed.values()), unasked


def of_others(
    platform: Platform, dataset: Dataset, listed: Sequence[Listed], people: Mapping[str, str]
) -> list[Listed]:
    """Grants of other people: workflow users on a dataset without a grant on my own nodes.

    ``people`` are names by number.
    """
    mine = {enablements.grant.workflow for enablements in listed}
    enablements: dict[str, Enablement] = {}
    for row in platform.integrations.on_dataset(dataset.id):
        if row.workflow not in mine and (row.workflow not in enablements or row.writes):
            enablements[row.workflow] = row
    return [
        Listed(
            Grant(
                workflow=row.workflow,
                dataset=dataset.id,
                dataset_name=dataset.name,
                access=Access.READ_WRITE if row.writes else Access.READ,
                by=people.get(row.enabled_by, ""),
                at=(milliseconds(row.enabled_at) or 0) / 1000,
            ),
            (),
        )
        for row in enablements.values()
    ]


def with_names(listed: Sequence[Listed], names: Mapping[str, str]) -> list[Listed]:
    """The list by dataset and workflow, with the names that datasets have now."""
    rows = [
        replace(
            row,
            grant=replace(
                row.grant, dataset_name=names.get(row.grant.dataset, row.grant.dataset_name)
            ),
        )
        for row in listed
    ]
    return sorted(rows, key=lambda row: (row.grant.dataset_name.casefold(), row.grant.workflow))
