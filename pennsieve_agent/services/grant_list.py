"""All grants, from the owner's nodes and from Pennsieve, as one list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pennsieve_agent.domain.grants import Access, Enablement, Grant
from pennsieve_agent.domain.node_calls import NodeAdmin
from pennsieve_agent.platform.times import milliseconds
from pennsieve_agent.services.own_node_admin import Unasked, ask_each, grants_of

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.platform.client import Platform


@dataclass(frozen=True, slots=True)
class Listed:
    """A grant, and the nodes that keep it; none for somebody else's, who has nodes of his own."""

    grant: Grant
    nodes: tuple[str, ...]


def of_nodes(
    nodes: Sequence[NodeAdmin], workflow: str = "", dataset: str = ""
) -> tuple[list[Listed], list[Unasked]]:
    """What the owner's nodes keep, each grant once."""
    answers, unasked = ask_each(nodes, lambda admin: grants_of(admin, workflow, dataset))
    found: dict[tuple[str, str, str], Listed] = {}
    for _, rows in answers:
        for row in rows:
            key = row.workflow, row.dataset, row.access.value
            known = found.get(key)
            names = (*known.nodes, row.node) if known else (row.node,)
            found[key] = Listed(known.grant if known else row, names)
    return list(found.values()), unasked


def of_others(
    platform: Platform, dataset: Dataset, listed: Sequence[Listed], people: Mapping[str, str]
) -> list[Listed]:
    """The workflows whose users are on a dataset, and that no node of one's own keeps a grant of.

    ``people`` are names by number.
    """
    mine = {each.grant.workflow for each in listed}
    each: dict[str, Enablement] = {}
    for row in platform.integrations.on_dataset(dataset.id):
        if row.workflow not in mine and (row.workflow not in each or row.writes):
            each[row.workflow] = row
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
        for row in each.values()
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
