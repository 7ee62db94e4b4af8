"""Renewing, ending and restoring a workflow's own identity, with all its grants."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.grants import Access, Grant
from pennsieve_agent.domain.node_calls import NodeAdmin
from pennsieve_agent.domain.workflow_identity import Kind, kinds_for
from pennsieve_agent.errors import NotFound, UsageProblem
from pennsieve_agent.services.grants import remove_identity, workflow_identities
from pennsieve_agent.services.grants.identity_context import IdentityContext
from pennsieve_agent.services.grants.workflow_identities import NewUser, hand_over, identity_path
from pennsieve_agent.services.nodes.own_node_admin import Unasked, ask_nodes, grants_of, widest

if TYPE_CHECKING:
    from pennsieve_agent.domain.webhooks import Webhook
    from pennsieve_agent.domain.workflows import Workflow


@dataclass(frozen=True, slots=True)
class Renewal:
    """What renewing will do. ``lost`` are grants that end, with the reason of each."""

    workflow: Workflow
    kinds: tuple[Kind, ...]
    kept: tuple[Grant, ...]
    lost: Mapping[str, tuple[Grant, str]]
    old: tuple[Webhook, ...]
    numbers: Mapping[int, int]

    @property
    def access(self) -> Access:
        """The widest access that its users will have."""
        return Access.READ_WRITE if Kind.WRITE in self.kinds else Access.READ


@dataclass(frozen=True, slots=True)
class Renewed:
    """The outcome of a renewal. ``proved``: each old key was seen to be refused."""

    new_users: tuple[str, ...]
    deleted: tuple[str, ...]
    nodes: tuple[str, ...]
    in_keychain: bool
    proved: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The outcome of ending an identity. ``kept`` are the grants that ``restore`` gives again."""

    deleted: tuple[str, ...]
    kept: tuple[Grant, ...]
    unasked: tuple[Unasked, ...]


def planned(context: IdentityContext, workflow: Workflow) -> Renewal:
    """What renewing, or restoring, would do; nothing is changed.

    Every node has to answer: one that keeps an old key could sign in no more.

    Raises:
        AgentError: a node cannot be asked, or Pennsieve refuses.

    """
    grants, unasked = ask_nodes(context.nodes, lambda admin: grants_of(admin, workflow.uuid))
    if unasked:
        raise unasked[0].error
    widest_grants = widest([row for _, rows in grants for row in rows])
    lost = {
        dataset: (row, why)
        for dataset, row in widest_grants.items()
        if (why := _why_not(context, dataset)) is not None
    }
    kept = tuple(row for dataset, row in widest_grants.items() if dataset not in lost)
    old = tuple(workflow_identities.mine(context, workflow.uuid, context.platform.webhooks.list()))
    writes = any(row.access.writes for row in kept) or any(hook.has_access for hook in old)
    kinds = kinds_for(Access.READ_WRITE if writes else Access.READ)
    numbers = workflow_identities.numbers(context, workflow.uuid)
    return Renewal(workflow, kinds, kept, lost, old, numbers)


def renew(context: IdentityContext, plan: Renewal) -> Renewed:
    """Create new users, enable them on the datasets, send their keys, delete the old ones.

    May be repeated: what was cut off is gone through again, and what was made then is deleted.

    Raises:
        UsageProblem: there is nothing to renew.
        SettingsError: the keychain is locked; nothing was made.
        AgentError: a node cannot be asked, or Pennsieve refuses.

    """
    with context.store.alone(context.note):
        return _renew(context, plan)


def _renew(context: IdentityContext, plan: Renewal) -> Renewed:
    if not plan.kept and not plan.old:
        raise UsageProblem(
            f"workflow '{plan.workflow.name}' has no identity yet",
            hint="create one with: pennsieve dataset grant "
            f"'{plan.workflow.name}' --dataset DATASET",
        )
    in_keychain = context.keys.check()
    new_users = [
        workflow_identities.make(context, plan.workflow, kind, in_keychain=in_keychain)
        for kind in plan.kinds
    ]
    for row in plan.kept:
        for one in new_users:
            if one.kind in kinds_for(row.access):
                context.platform.integrations.enable(row.dataset, one.user.integration)
    for admin in context.nodes:
        _hand_over(context, admin, plan.workflow, new_users, in_keychain=in_keychain)
        _delete_lost(admin, plan)
    datasets = [row.dataset for row in plan.kept]
    proved = remove_identity.retire(context, plan.workflow.uuid, plan.old, datasets, plan.numbers)
    return Renewed(
        tuple(one.user.name for one in new_users),
        tuple(hook.name for hook in plan.old),
        tuple(admin.node.name for admin in context.nodes),
        in_keychain,
        proved,
    )


def _delete_lost(admin: NodeAdmin, plan: Renewal) -> None:
    """Delete the grants of datasets that the workflow cannot be granted again."""
    for dataset in plan.lost:
        with contextlib.suppress(NotFound):
            query = {"workflow": plan.workflow.uuid, "dataset": dataset}
            admin.ask("DELETE", "/grants", query)


def end(context: IdentityContext, workflow: Workflow) -> Ended:
    """Delete a workflow's identity everywhere; the nodes keep the list of its grants.

    A node that cannot be asked keeps keys that open nothing any more.

    Raises:
        AgentError: Pennsieve refuses, or a deleted key can still sign in.

    """
    workflow_identities.tidy(context)
    grants, _ = ask_nodes(context.nodes, lambda admin: grants_of(admin, workflow.uuid))
    kept = widest([row for _, rows in grants for row in rows])
    _, unasked = ask_nodes(context.nodes, lambda admin: _take_keys(admin, workflow))
    old = workflow_identities.mine(context, workflow.uuid, context.platform.webhooks.list())
    numbers = workflow_identities.numbers(context, workflow.uuid)
    remove_identity.retire(context, workflow.uuid, old, list(kept), numbers)
    return Ended(tuple(hook.name for hook in old), tuple(kept.values()), tuple(unasked))


def _take_keys(admin: NodeAdmin, workflow: Workflow) -> None:
    with contextlib.suppress(NotFound):
        admin.ask("DELETE", identity_path(workflow.uuid))


def _hand_over(
    context: IdentityContext,
    admin: NodeAdmin,
    workflow: Workflow,
    new_users: Sequence[NewUser],
    *,
    in_keychain: bool,
) -> None:
    hand_over(context, admin, workflow.uuid, new_users)
    if not in_keychain:
        for one in new_users:
            workflow_identities.finish(context, workflow.uuid, one)


def _why_not(context: IdentityContext, dataset: str) -> str | None:
    """Why the workflow cannot be put on a dataset; None when it can."""
    try:
        role = context.platform.datasets.get(dataset).role
    except NotFound:
        return "it was deleted, or you no longer have access to it"
    return None if role.at_least(Role.MANAGER) else f"your role there is {role.value}"
