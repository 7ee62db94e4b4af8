"""The user's own compute nodes: the calls that only their owner may make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pennsieve_agent.domain.grants import Access, Grant
from pennsieve_agent.domain.node_calls import NodeAdmin
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AgentError, AwsError, NodeError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unasked:
    """A node that could not be asked, and why."""

    node: OwnNode
    error: AgentError


def ask_nodes(
    nodes: Iterable[NodeAdmin], question: Callable[[NodeAdmin], T]
) -> tuple[list[tuple[NodeAdmin, T]], list[Unasked]]:
    """The answer of each node to a question, and the nodes that could not be asked."""
    answers: list[tuple[NodeAdmin, T]] = []
    unasked: list[Unasked] = []
    for admin in nodes:
        try:
            answers.append((admin, question(admin)))
        except (AwsError, NodeError) as error:
            unasked.append(Unasked(admin.node, error))
    return answers, unasked


def grants_of(admin: NodeAdmin, workflow: str = "", dataset: str = "") -> list[Grant]:
    """The grants that a node keeps: all, those of a workflow, those on a dataset."""
    query = {"workflow": workflow, "dataset": dataset}
    answer = admin.ask("GET", "/grants", {name: value for name, value in query.items() if value})
    return [_grant(row, admin.node.name) for row in answer.get("grants") or ()]


def widest(grants: Sequence[Grant]) -> dict[str, Grant]:
    """One grant for each dataset: of several nodes', the one that allows most, and longest.

    Those that have ended are none.
    """
    grants_by_dataset: dict[str, Grant] = {}
    for grant in grants:
        known = grants_by_dataset.get(grant.dataset)
        if not grant.ended and (known is None or _reach(grant) > _reach(known)):
            grants_by_dataset[grant.dataset] = grant
    return grants_by_dataset


def _reach(grant: Grant) -> tuple[bool, float]:
    return grant.access.writes, grant.until or float("inf")


def _grant(row: Mapping[str, Any], node: str) -> Grant:
    by = row.get("by") or {}
    return Grant(
        workflow=str(row["workflow"]),
        dataset=str(row["dataset"]),
        dataset_name=str(row.get("datasetName") or ""),
        access=Access(row["access"]),
        by=str(by.get("name") or ""),
        by_email=str(by.get("email") or ""),
        at=float(row.get("at") or 0),
        node=node,
        until=float(row.get("until") or 0),
        ended=bool(row.get("ended")),
    )
