"""Granting a workflow access to a dataset, and revoking it.

A grant is kept by each of the owner's nodes, which move data of granted datasets alone; on
Pennsieve the users of the workflow's own identity are put on the dataset.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.grants import Access
from pennsieve_agent.domain.node_calls import NodeAdmin
from pennsieve_agent.domain.workflow_identity import Kind, kinds_for
from pennsieve_agent.errors import AgentError, Forbidden, NotFound, SettingsError
from pennsieve_agent.services import remove_identity, workflow_identities
from pennsieve_agent.services.identity_context import IdentityContext
from pennsieve_agent.services.own_node_admin import Unasked, ask_nodes, grants_of
from pennsieve_agent.services.workflow_identities import (
    NewUser,
    hand_over,
    identity_path,
    kinds_on,
)

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform


@dataclass(frozen=True, slots=True)
class Granted:
    """The outcome of a grant. ``in_keychain`` says where their keys are."""

    access: Access
    changed: bool
    new_users: tuple[str, ...]
    nodes: tuple[str, ...]
    in_keychain: bool
    unasked: tuple[Unasked, ...] = ()


@dataclass(frozen=True, slots=True)
class Revoked:
    """The outcome of revoking a grant. ``had`` says whether there was one."""

    had: bool
    nodes: tuple[str, ...]
    unasked: tuple[Unasked, ...] = ()


@dataclass(slots=True)
class _Standing:
    """The present identity of a workflow: on Pennsieve, and on each node that answers."""

    alive: set[int]
    nodes: list[tuple[NodeAdmin, dict[Kind, int]]]
    unasked: list[Unasked]
    handing: dict[str, list[NewUser]] = field(default_factory=dict)
    """The keys that a node is to get, by its token."""


def grant(
    context: IdentityContext, workflow: Workflow, dataset: Dataset, access: Access
) -> Granted:
    """Grant a workflow exactly this access to a dataset. May be repeated.

    Everything that can be refused is asked first, so that nothing is half made.

    Raises:
        Forbidden: the person is not a manager of the dataset; nothing was changed.
        SettingsError: the key of the identity is not on this machine, or the keychain is locked;
            nothing was made.
        AgentError: no node can be asked, or Pennsieve refuses.

    """
    check_manager(context.platform, dataset)
    workflow_identities.tidy(context)
    standing = _standing(context, workflow)
    kinds = kinds_for(access)
    missing = [kind for kind in kinds if _needs_new_user(context, workflow, kind, standing)]
    in_keychain = context.keys.check() if missing else context.keys.reachable()
    new_users = [
        workflow_identities.make(context, workflow, kind, in_keychain=in_keychain)
        for kind in missing
    ]
    for admin, present in standing.nodes:
        new = [one for one in new_users if one.kind not in present]
        standing.handing.setdefault(admin.node.token, []).extend(new)
    before = {row.access for admin, _ in standing.nodes for row in _rows(admin, workflow, dataset)}
    _hand_over(context, workflow, standing, new_users, in_keychain=in_keychain)
    changed = before != {access} or any(standing.handing.values())
    _put_on(context, standing, dataset, kinds)
    for admin, _ in standing.nodes:
        admin.ask("PUT", "/grants", body=_row(context, workflow, dataset, access))
    if not access.writes:
        _take_off(context, standing, workflow, dataset.id, (Kind.WRITE,))
    return Granted(
        access,
        changed,
        tuple(one.user.name for one in new_users),
        tuple(admin.node.name for admin, _ in standing.nodes),
        in_keychain,
        tuple(standing.unasked),
    )


def revoke(context: IdentityContext, workflow: Workflow, dataset_id: str) -> Revoked:
    """Revoke a workflow's access to a dataset, on all nodes and on Pennsieve. Repeatable.

    Of a dataset that was deleted only the nodes' grants are left.

    Raises:
        Forbidden: the nodes' grants are gone, and the person is not a manager, who could take the
            workflow's users off the dataset.

    """
    standing = _standing(context, workflow, needs_a_node=False)
    had = False
    for admin, _ in standing.nodes:
        had = bool(grants_of(admin, workflow.uuid, dataset_id)) or had
        with contextlib.suppress(NotFound):
            admin.ask("DELETE", "/grants", {"workflow": workflow.uuid, "dataset": dataset_id})
    try:
        for user in context.store.users(workflow.uuid).values():
            key = _key_at_hand(context, user.integration)
            remove_identity.remove_strays(context, user.number, key, dataset_id)
        had = _take_off(context, standing, workflow, dataset_id, tuple(Kind)) or had
    except NotFound:
        context.note("Pennsieve no longer has this dataset, or you no longer have access to it")
    nodes = tuple(admin.node.name for admin, _ in standing.nodes)
    return Revoked(had, nodes, tuple(standing.unasked))


def check_manager(platform: Platform, dataset: Dataset) -> None:
    """Refuse a person who may not grant the dataset, and name its managers.

    Raises:
        Forbidden: the person is not a manager of it.

    """
    if dataset.role.at_least(Role.MANAGER):
        return
    people = platform.collaborators.get(dataset.id)
    managers = [u.name for u in people.users if u.name and u.role.at_least(Role.MANAGER)]
    managers += [f"team {t.name}" for t in people.teams if t.role.at_least(Role.MANAGER)]
    raise Forbidden(
        f"your role on dataset '{dataset.name}' is {dataset.role.value or 'unknown'}; granting it "
        "to a workflow needs the role manager",
        where=dataset.id,
        hint=f"ask one of its managers: {', '.join(managers)}" if managers else None,
    )


def _standing(
    context: IdentityContext, workflow: Workflow, *, needs_a_node: bool = True
) -> _Standing:
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
    return _Standing(alive, living, unasked)


def _shown(admin: NodeAdmin, workflow: str) -> Mapping[str, Any]:
    try:
        return admin.ask("GET", identity_path(workflow))
    except NotFound:
        return {}


def _needs_new_user(
    context: IdentityContext, workflow: Workflow, kind: Kind, standing: _Standing
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


def _hand_over(
    context: IdentityContext,
    workflow: Workflow,
    standing: _Standing,
    new_users: Sequence[NewUser],
    *,
    in_keychain: bool,
) -> None:
    """Send each node the keys that it lacks, and note which keys have arrived."""
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


def _put_on(
    context: IdentityContext, standing: _Standing, dataset: Dataset, kinds: Sequence[Kind]
) -> None:
    """Enable every identity that a node uses: a colleague's on a node that both look after, too."""
    used = {ids[kind]: None for _, ids in standing.nodes for kind in kinds}
    for integration in used:
        context.platform.integrations.enable(dataset.id, integration)


def _take_off(
    context: IdentityContext,
    standing: _Standing,
    workflow: Workflow,
    dataset: str,
    kinds: Sequence[Kind],
) -> bool:
    """Disable the identities of this person's nodes on a dataset; whether one was there.

    Raises:
        Forbidden: one is there, and the person is not a manager.

    """
    ids = {ids[kind] for _, ids in standing.nodes for kind in kinds if kind in ids}
    users = context.store.users(workflow.uuid)
    ids |= {users[kind].integration for kind in kinds if kind in users}
    there = {row.integration for row in context.platform.integrations.on_dataset(dataset)}
    for integration in sorted(ids & there):
        try:
            context.platform.integrations.disable(dataset, integration)
        except Forbidden:
            raise Forbidden(
                "your nodes no longer use the dataset, and the workflow's user is still on it: "
                "taking it off needs the role manager",
                where=dataset,
                hint="ask a manager of the dataset to turn the integration off there",
            ) from None
    return bool(ids & there)


def _key_at_hand(context: IdentityContext, integration: int) -> Any:
    try:
        return context.keys.get(integration)
    except SettingsError:
        return None


def _rows(admin: NodeAdmin, workflow: Workflow, dataset: Dataset) -> list[Any]:
    return grants_of(admin, workflow.uuid, dataset.id)


def _row(
    context: IdentityContext, workflow: Workflow, dataset: Dataset, access: Access
) -> dict[str, Any]:
    return {
        "workflow": workflow.uuid,
        "dataset": dataset.id,
        "datasetName": dataset.name,
        "access": access.value,
        "by": context.by,
    }
