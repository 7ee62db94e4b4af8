"""Grants whose end has passed: the nodes refuse them by themselves, and the rest is done here.

Pennsieve knows no end of an integration (``contracts/core.md`` 6.3), so the workflow's users stay
on the dataset until a command of the owner takes them off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pennsieve_agent.domain.grants import Access, Grant
from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.errors import Forbidden
from pennsieve_agent.services.grants.grant_dataset import revoke
from pennsieve_agent.services.grants.identity_context import IdentityContext
from pennsieve_agent.services.nodes.own_node_admin import ask_nodes, grants_of


@dataclass(frozen=True, slots=True)
class Swept:
    """A grant that has ended and was taken away. ``left`` says what could not be done."""

    workflow: str
    dataset: str
    until: float
    left: str = ""


def sweep(
    context: IdentityContext, pairs: Iterable[tuple[str, str]], names: Mapping[str, str]
) -> list[Swept]:
    """Revoke grants, by workflow and dataset, that have ended on every node that keeps them.

    One that was given again meanwhile, from another machine, is left alone: what the nodes say
    counts. While no node answers, nothing is done. ``names`` are the workflows' by their ids.

    Raises:
        AgentError: Pennsieve refuses, or does not answer.
    """
    swept = []
    for workflow, dataset in pairs:
        one = _sweep(context, workflow, dataset, names.get(workflow, workflow))
        swept += [one] if one else []
    return swept


def _sweep(context: IdentityContext, workflow: str, dataset: str, name: str) -> Swept | None:
    """Look at one on the nodes first; None where it goes on, or cannot be looked at now."""
    answers, _ = ask_nodes(context.nodes, lambda admin: grants_of(admin, workflow, dataset))
    rows = [row for _, grants in answers for row in grants]
    if context.nodes and not answers:
        return None
    if going_on := [row for row in rows if not row.ended]:
        context.store.note_end(workflow, dataset, min(row.until for row in going_on))
        return None
    row = rows[0] if rows else Grant(workflow, dataset, "", Access.READ)
    swept = Swept(name, row.dataset_name or dataset, row.until)
    try:
        revoked = revoke(context, Workflow(workflow, name), dataset)
    except Forbidden as error:  # the nodes' part is done, and the rest needs a manager
        context.store.note_end(workflow, dataset, 0.0)
        return replace(swept, left=error.message)
    return swept if revoked.had else None
