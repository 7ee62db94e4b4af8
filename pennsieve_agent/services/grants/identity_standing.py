"""The present identity of a workflow on Pennsieve and on nodes, and the keys that nodes lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.node_calls import NodeAdmin
from pennsieve_agent.domain.workflow_identity import Kind
from pennsieve_agent.errors import AgentError, NotFound, SettingsError
from pennsieve_agent.services.grants import workflow_identities
from pennsieve_agent.services.grants.identity_context import IdentityContext
from pennsieve_agent.services.grants.workflow_identities import (
    NewUser,
    hand_over,
    identity_path,
    kinds_on,
)
from pennsieve_agent.services.nodes.own_node_admin import Unasked, ask_nodes

if TYPE_CHECKING:
    from pennsieve_agent.domain.workflows import Workflow


@dataclass(slots=True)
class Standing:
    """The present identity of a workflow: on Pennsieve, and on each node that answers."""

    nodes: list[tuple[NodeAdmin, dict[Kind, int]]]
    unasked: list[Unasked]
    handing: dict[str, list[NewUser]] = field(default_factory=dict)
    """The keys that a node is to get, by its token."""

    def hand_out(self, new_users: Sequence[NewUser]) -> None:
        """Plan that each node gets the keys of the new users that it lacks."""
        for admin, present in self.nodes:
            lacking = [new for new in new_users if new.kind not in present]
            self.handing.setdefault(admin.node.token, []).extend(lacking)


def standing_of(
    context: IdentityContext, workflow: Workflow, *, needs_a_node: bool = True
) -> Standing:
    """Ask the nodes and Pennsieve which identity a workflow has.

    Raises:
        AgentError: no node can be asked, and one is needed.

    """

    def shown(admin: NodeAdmin) -> dict[Kind, int]:
        return kinds_on(_shown(admin, workflow.uuid))

    nodes, unasked = ask_nodes(context.nodes, shown)
    if unasked and not nodes and needs_a_node:
        raise unasked[0].error
    alive = {hook.id for hook in context.platform.webhooks.list()}
    living = [(admin, {k: i for k, i in ids.items() if i in alive}) for admin, ids in nodes]
    for kind, user in context.store.users(workflow.uuid).items():
        if user.integration not in alive:  # deleted in the web application, or by a colleague
            context.store.forget(workflow.uuid, kind)
    return Standing(living, unasked)


def _shown(admin: NodeAdmin, workflow: str) -> Mapping[str, Any]:
    try:
        return admin.ask("GET", identity_path(workflow))
    except NotFound:
        return {}


def needs_new_user(
    context: IdentityContext, workflow: Workflow, kind: Kind, standing: Standing
) -> bool:
    """Whether a new user is needed; a key that is at hand is prepared for the nodes.

    Raises:
        SettingsError: there is one, a node lacks its key, and it is not here.

    """
    lacking = [admin for admin, present in standing.nodes if kind not in present]
    if not lacking:
        return False
    user = context.store.users(workflow.uuid).get(kind)
    if user is not None:
        key = context.keys.get(user.integration)
        if key is None:
            away = user.in_keychain and not context.keys.reachable()
            raise _key_away(workflow, lacking, in_keychain=away)
        for admin in lacking:
            one = NewUser(kind, user, key, "")
            standing.handing.setdefault(admin.node.token, []).append(one)
            present = next(ids for other, ids in standing.nodes if other is admin)
            present[kind] = user.integration
        return False
    hooks = workflow_identities.mine(context, workflow.uuid, context.platform.webhooks.list())
    if any(hook.has_access is (kind is Kind.WRITE) for hook in hooks):
        raise _key_away(workflow, lacking, in_keychain=False)  # made on another machine
    return True


def _key_away(
    workflow: Workflow, lacking: Sequence[NodeAdmin], *, in_keychain: bool
) -> SettingsError:
    names = ", ".join(f"'{admin.node.name}'" for admin in lacking)
    where = (
        "is in the system's keychain, which cannot be reached from here"
        if in_keychain
        else "is not on this machine"
    )
    return SettingsError(
        f"the key of the identity of workflow '{workflow.name}' {where}, and compute node {names} "
        "does not have it",
        hint=f"renew it with: pennsieve workflow update '{workflow.name}' --renew-identity",
    )


def send_keys(
    context: IdentityContext,
    workflow: Workflow,
    standing: Standing,
    new_users: Sequence[NewUser],
    *,
    in_keychain: bool,
) -> None:
    """Send each node the keys that it lacks, and note which keys have arrived.

    Raises:
        AgentError: a node cannot be asked, or refuses; users whose keys nobody has are deleted.

    """
    try:
        for admin, present in standing.nodes:
            if keys := standing.handing.get(admin.node.token):
                hand_over(context, admin, workflow.uuid, keys)
                present |= {one.kind: one.user.integration for one in keys}
                for one in new_users if not in_keychain else ():
                    workflow_identities.finish(context, workflow.uuid, one)
    except AgentError:
        _delete_lost(context, workflow, [] if in_keychain else new_users)
        raise


def _delete_lost(
    context: IdentityContext, workflow: Workflow, new_users: Sequence[NewUser]
) -> None:
    """Delete new users whose key is neither on a node nor in the keychain."""
    known = {user.integration for user in context.store.users(workflow.uuid).values()}
    for one in new_users:
        if one.user.integration not in known:
            workflow_identities.tidy(context, one.mark)
