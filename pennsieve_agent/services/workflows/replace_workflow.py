"""Giving a workflow other steps.

A node takes them as another version. Pennsieve changes no steps of a definition
(``contracts/workflows.md`` 2.4), so there another definition takes the workflow's name and grants,
and the old one is archived. Each part may be repeated: the same command goes on where one ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from pennsieve_agent.domain.workflows import Checkout, Workflow
from pennsieve_agent.errors import NotFound
from pennsieve_agent.services.grants import grant_dataset, identity_renewal
from pennsieve_agent.services.nodes.own_node_admin import ask_nodes
from pennsieve_agent.services.workflows import register_workflow, workflow_changes
from pennsieve_agent.services.workflows.existing_workflow import Existing, same_steps
from pennsieve_agent.services.workflows.registration import Added, Means, Wish

if TYPE_CHECKING:
    from pennsieve_agent.domain.composition import Composition
    from pennsieve_agent.domain.grants import Grant
    from pennsieve_agent.domain.node_calls import NodeAdmin
    from pennsieve_agent.services.grants.identity_context import IdentityContext
    from pennsieve_agent.services.grants.identity_renewal import Renewal

Codes = Sequence[Checkout]
REPLACED = " (replaced)"
"""At the end of a workflow's name while another one takes its place."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The workflow as it is now; ``old`` is the id of the one that was archived, None for none."""

    added: Added
    old: str | None = None
    granted: tuple[Grant, ...] = ()


def name_of_replaced(workflow: Workflow) -> str:
    """What a workflow is called when nothing is under way."""
    return workflow.name.removesuffix(REPLACED)


def keeps_definition(existing: Existing, composition: Composition, checkouts: Codes) -> bool:
    """Whether other steps can be had without another definition: on nodes always."""
    if not existing.is_on_pennsieve:
        return True
    return not is_under_way(existing) and same_steps(existing, composition, checkouts)


def is_under_way(existing: Existing) -> bool:
    """Whether an earlier command was cut off while it replaced this workflow."""
    return existing.workflow.name.endswith(REPLACED)


def change_steps(
    means: Means, existing: Existing, checkouts: Codes, wish: Wish, composition: Composition
) -> Replaced:
    """Give a workflow other steps, or other code in them; it keeps its id and its grants.

    Raises: as :func:`register_workflow.add`.
    """
    return Replaced(
        register_workflow.update(means, existing, checkouts, wish, composition=composition)
    )


def replace_definition(
    means: Means,
    identity: IdentityContext,
    existing: Existing,
    checkouts: Codes,
    wish: Wish,
    composition: Composition,
) -> Replaced:
    """Make another workflow of that name with these steps, grant it the same, archive the old one.

    Raises:
        AgentError: as :func:`register_workflow.add`; then the old one has its name again. Or a
            dataset cannot be granted; then both are there, and the command can be repeated.
    """
    platform, old = means.platform, existing.workflow
    name = name_of_replaced(old)
    plan = grants_to_move(identity, old)
    if not is_under_way(existing):
        workflow_changes.rename(
            platform, means.organization_id, old, f"{name}{REPLACED}", old.description
        )
    try:
        added = register_workflow.add(means, checkouts, replace(wish, name=name), composition)
    except BaseException:
        if not is_under_way(existing):
            platform.workflows.rename(old.uuid, name, old.description)
        raise
    for row in plan.kept if plan else ():
        dataset = platform.datasets.get(row.dataset)
        grant_dataset.grant(identity, added.workflow, dataset, row.access, row.until)
    if plan is not None:
        ended = identity_renewal.end(identity, old)
        for row in ended.kept:  # the new one has them: the old one's must not be given again
            ask_nodes(identity.nodes, partial(_ungrant, old.uuid, row.dataset))
    platform.workflows.archive(old.uuid)
    return Replaced(added, old.uuid, plan.kept if plan else ())


def _ungrant(workflow: str, dataset: str, admin: NodeAdmin) -> None:
    with suppress(NotFound):
        admin.ask("DELETE", "/grants", {"workflow": workflow, "dataset": dataset})


def grants_to_move(identity: IdentityContext, workflow: Workflow) -> Renewal | None:
    """The grants that the new one gets, and those that it cannot get; None without own nodes.

    Raises:
        AgentError: a node cannot be asked.
    """
    return identity_renewal.planned(identity, workflow) if identity.nodes else None
