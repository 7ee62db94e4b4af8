"""A workflow's own identity as it is shown: never a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.domain.node_calls import NodeAdmin
from pennsieve_agent.domain.workflow_identity import Kind
from pennsieve_agent.errors import NotFound
from pennsieve_agent.services.grants.identity_context import IdentityContext
from pennsieve_agent.services.grants.workflow_identities import identity_path, kinds_on, mine
from pennsieve_agent.services.nodes.own_node_admin import Unasked, ask_nodes

if TYPE_CHECKING:
    from pennsieve_agent.domain.workflows import Workflow

KEYCHAIN = "this machine's keychain"


@dataclass(frozen=True, slots=True)
class Shown:
    """One of a workflow's users. ``user`` and ``created`` are empty when it was made elsewhere.

    ``keys`` says in words where its key is; ``created`` is in unix seconds.
    """

    kind: Kind
    integration: int
    name: str
    user: str
    created: float
    keys: tuple[str, ...]


def shown(context: IdentityContext, workflow: Workflow) -> tuple[list[Shown], list[Unasked]]:
    """The users of a workflow that this person made, and the nodes that could not be asked."""
    hooks = mine(context, workflow.uuid, context.platform.webhooks.list())
    if not hooks:
        return [], []
    answers, unasked = ask_nodes(context.nodes, lambda admin: _on(admin, workflow.uuid))
    known = {user.integration: user for user in context.store.users(workflow.uuid).values()}
    rows = []
    for hook in sorted(hooks, key=lambda hook: (hook.has_access, hook.id)):
        user = known.get(hook.id)
        nodes = [f"node {a.node.name}" for a, ids in answers if hook.id in ids]
        here = [KEYCHAIN] if user is not None and user.in_keychain else []
        rows.append(
            Shown(
                kind=Kind.WRITE if hook.has_access else Kind.READ,
                integration=hook.id,
                name=hook.name,
                user=user.user if user else "",
                created=user.created if user else 0.0,
                keys=(*here, *nodes),
            )
        )
    return rows, unasked


def _on(admin: NodeAdmin, workflow: str) -> set[int]:
    try:
        return set(kinds_on(admin.ask("GET", identity_path(workflow))).values())
    except NotFound:
        return set()
