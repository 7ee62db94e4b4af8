"""Granting a workflow access to a dataset, and revoking it.

A grant is kept by each of the owner's nodes, which move data of granted datasets alone; on
Pennsieve the users of the workflow's own identity are put on the dataset.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.grants import Access
from pennsieve_agent.domain.node_calls import NodeAdmin
from pennsieve_agent.domain.workflow_identity import Kind, kinds_for
from pennsieve_agent.errors import Forbidden, NodeOlder, NotFound, SettingsError
from pennsieve_agent.services.grants import remove_identity, workflow_identities
from pennsieve_agent.services.grants.identity_context import IdentityContext
from pennsieve_agent.services.grants.identity_standing import (
    Standing,
    needs_new_user,
    send_keys,
    standing_of,
)
from pennsieve_agent.services.nodes.own_node_admin import Unasked, grants_of

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform


@dataclass(frozen=True, slots=True)
class Granted:
    """The outcome of a grant. ``in_keychain`` says where their keys are.

    ``until`` is when it ends, and ``ended_at`` when the one before it did or was to, in unix
    seconds; 0 for never.
    """

    access: Access
    changed: bool
    new_users: tuple[str, ...]
    nodes: tuple[str, ...]
    in_keychain: bool
    unasked: tuple[Unasked, ...] = ()
    until: float = 0.0
    ended_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Revoked:
    """The outcome of revoking a grant. ``had`` says whether there was one."""

    had: bool
    nodes: tuple[str, ...]
    unasked: tuple[Unasked, ...] = ()


def grant(
    context: IdentityContext,
    workflow: Workflow,
    dataset: Dataset,
    access: Access,
    until: float = 0.0,
) -> Granted:
    """Grant a workflow exactly this access to a dataset, until a time. May be repeated.

    Everything that can be refused is asked first, so that nothing is half made. ``until`` is in
    unix seconds, 0 for no end; the nodes keep it, as Pennsieve knows no end of an integration
    (``contracts/core.md`` 6.3), and :mod:`.ended_grants` takes the workflow's users off afterwards.

    Raises:
        Forbidden: the person is not a manager of the dataset; nothing was changed.
        SettingsError: the identity's key is not here, or the keychain is locked; nothing was made.
        NodeOlder: a node is too old to keep an end; it has no grant then.
        AgentError: no node can be asked, or Pennsieve refuses.

    """
    check_manager(context.platform, dataset)
    with context.store.alone(context.note):
        return _grant(context, workflow, dataset, access, until)


def _grant(
    context: IdentityContext, workflow: Workflow, dataset: Dataset, access: Access, until: float
) -> Granted:
    workflow_identities.tidy(context)
    standing = standing_of(context, workflow)
    kinds = kinds_for(access)
    missing = [kind for kind in kinds if needs_new_user(context, workflow, kind, standing)]
    in_keychain = context.keys.check() if missing else context.keys.reachable()
    new_users = [
        workflow_identities.make(context, workflow, kind, in_keychain=in_keychain)
        for kind in missing
    ]
    standing.hand_out(new_users)
    before = [row for admin, _ in standing.nodes for row in _rows(admin, workflow, dataset)]
    send_keys(context, workflow, standing, new_users, in_keychain=in_keychain)
    same = {(row.access, row.until) for row in before} == {(access, until)}
    # Before the grant: what is written down here is looked at on the nodes before it is swept.
    context.store.note_end(workflow.uuid, dataset.id, until)
    _put_on(context, standing, dataset, kinds)
    for admin, _ in standing.nodes:
        _put(admin, _row(context, workflow, dataset, access, until))
    if not access.writes:
        _take_off(context, standing, workflow, dataset.id, (Kind.WRITE,))
    return Granted(
        access,
        not same or any(standing.handing.values()),
        tuple(one.user.name for one in new_users),
        tuple(admin.node.name for admin, _ in standing.nodes),
        in_keychain,
        tuple(standing.unasked),
        until,
        max((row.until for row in before), default=0.0),
    )


def revoke(context: IdentityContext, workflow: Workflow, dataset_id: str) -> Revoked:
    """Revoke a workflow's access to a dataset, on all nodes and on Pennsieve. Repeatable.

    Of a dataset that was deleted only the nodes' grants are left.

    Raises:
        Forbidden: the nodes' grants are gone, and the person is not a manager, who could take the
            workflow's users off the dataset.

    """
    standing = standing_of(context, workflow, needs_a_node=False)
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
    context.store.note_end(workflow.uuid, dataset_id, 0.0)
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


def _put_on(
    context: IdentityContext, standing: Standing, dataset: Dataset, kinds: Sequence[Kind]
) -> None:
    """Enable every identity that a node uses: a colleague's on a node that both look after, too."""
    used = {ids[kind]: None for _, ids in standing.nodes for kind in kinds}
    for integration in used:
        context.platform.integrations.enable(dataset.id, integration)


def _take_off(
    context: IdentityContext,
    standing: Standing,
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
                "your nodes no longer use the dataset, but the workflow's user is still on it: "
                "removing that user needs the role manager",
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


def _put(admin: NodeAdmin, row: dict[str, Any]) -> None:
    """Have a node keep a grant; one that would keep it for good in place of until a time, may not.

    Raises:
        NodeOlder: the node does not know ends of grants.
    """
    answer = admin.ask("PUT", "/grants", body=row)
    until = row.get("until", 0.0)
    if until and answer.get("until") != until:
        admin.ask("DELETE", "/grants", {name: row[name] for name in ("workflow", "dataset")})
        raise NodeOlder(
            f"compute node '{admin.node.name}' is older and does not support the end of a grant, "
            "so it got no grant",
            hint=f"update it with: pennsieve compute update {shlex.quote(admin.node.name)}",
        )


def _row(
    context: IdentityContext, workflow: Workflow, dataset: Dataset, access: Access, until: float
) -> dict[str, Any]:
    return {
        "workflow": workflow.uuid,
        "dataset": dataset.id,
        "datasetName": dataset.name,
        "access": access.value,
        "by": context.by,
        **({"until": until} if until else {}),
    }
