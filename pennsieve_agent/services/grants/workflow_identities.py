"""A workflow's own identity: creating its integrations, sending their keys, removing them.

A key is shown once, to whoever made the integration. So the order is: write down what is about to
be made, make it, put the key where it belongs, cross it out. What was cut off in between is found
by its random mark, and deleted; another is made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.node_calls import NodeAdmin
from pennsieve_agent.domain.profile import ApiKey, User
from pennsieve_agent.domain.webhooks import Webhook
from pennsieve_agent.domain.workflow_identity import (
    Kind,
    NewIntegration,
    WorkflowUser,
    described,
    new_integration,
)
from pennsieve_agent.errors import (
    NotFound,
    Unreachable,
)
from pennsieve_agent.services.grants.identity_context import IdentityContext

if TYPE_CHECKING:
    from pennsieve_agent.domain.workflows import Workflow

BUSY_SECONDS = 600.0
"""How long a program may take to create an integration."""
LOST_SECONDS = 86_400.0
"""How long to look for an integration whose answer was lost."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user that was just made, with its key."""

    kind: Kind
    user: WorkflowUser
    key: ApiKey
    mark: str


def tidy(context: IdentityContext, mark: str = "") -> None:
    """Delete the integrations whose keys were lost with an answer, or with a killed program.

    Without a mark, those that have been unfinished for a while: another program may be at work.

    Raises:
        PlatformError: Pennsieve refuses, or does not answer.

    """
    pending = {
        mark_: at
        for mark_, at in context.store.pending().items()
        if mark_ == mark or (not mark and context.now() - at > BUSY_SECONDS)
    }
    if not pending:
        return
    hooks = context.platform.webhooks.list()
    for mark_, at in pending.items():
        lost = [hook for hook in hooks if hook.name.endswith(mark_) and described(hook.description)]
        for hook in lost:
            context.note(f"deleting the integration '{hook.name}', whose key was lost")
            with contextlib.suppress(NotFound):
                context.platform.webhooks.delete(hook.id)
        if lost or context.now() - at > LOST_SECONDS:
            context.store.settle(mark_)


def make(context: IdentityContext, workflow: Workflow, kind: Kind, *, in_keychain: bool) -> NewUser:
    """Make one of a workflow's users; its key is in the keychain then, or in the answer alone.

    Without a keychain it stays written down as unfinished until :func:`finish`.

    Raises:
        PlatformError: Pennsieve refuses, or does not answer.
        SettingsError: it cannot be written down, or the keychain refuses.

    """
    try:
        new, number, key = _created(context, workflow, kind)
    except Unreachable:
        new, number, key = _created(context, workflow, kind)
    who = _user_of(context, key)
    user = WorkflowUser(number, who.id, who.number, new.name, context.now(), in_keychain)
    new_user = NewUser(kind, user, key, new.mark)
    if in_keychain:
        context.keys.keep(number, key)
        finish(context, workflow.uuid, new_user)
    return new_user


def _created(
    context: IdentityContext, workflow: Workflow, kind: Kind
) -> tuple[NewIntegration, int, ApiKey]:
    """An integration with its key. When the answer is lost, what came into being is deleted."""
    new = new_integration(workflow.uuid, workflow.name, kind)
    context.store.begin(new, context.now())
    try:
        return new, *context.platform.integrations.create(new)
    except Unreachable:
        context.note(
            "the answer was lost; deleting the integration that was created, and trying again"
        )
        tidy(context, new.mark)
        raise


def finish(context: IdentityContext, workflow: str, new_user: NewUser) -> None:
    """The key is where it belongs: remember the user, and cross out that it was being made."""
    context.store.keep(workflow, new_user.kind, new_user.user)
    context.store.settle(new_user.mark)


def hand_over(
    context: IdentityContext, admin: NodeAdmin, workflow: str, keys: Iterable[NewUser]
) -> None:
    """Give keys to a node.

    Raises:
        AwsError, PlatformError: the node cannot be asked, or refuses.

    """
    body: dict[str, Any] = {"by": context.by}
    for new_user in keys:
        body[new_user.kind.value] = {
            "integration": new_user.user.integration,
            "user": new_user.user.user,
            "key": new_user.key.key,
            "secret": new_user.key.secret,
        }
    admin.ask("PUT", identity_path(workflow), body=body)


def identity_path(workflow: str) -> str:
    """The node's route of a workflow's identity."""
    return f"/workflows/{workflow}/identity"


def mine(context: IdentityContext, workflow: str, hooks: Iterable[Webhook]) -> list[Webhook]:
    """The integrations of a workflow that this person made, on whatever machine."""
    return [
        hook
        for hook in hooks
        if (named := described(hook.description)) is not None
        and named[0] == workflow
        and hook.created_by == str(context.me.number)
    ]


def numbers(context: IdentityContext, workflow: str) -> dict[int, int]:
    """The numbers of a workflow's users by their integrations, as far as this machine knows."""
    return {user.integration: user.number for user in context.store.users(workflow).values()}


def _user_of(context: IdentityContext, key: ApiKey) -> User:
    return context.connect(key).identity().user


def kinds_on(shown: Mapping[str, Any]) -> dict[Kind, int]:
    """The integrations whose keys a node has, by what ``GET /workflows/ID/identity`` answers."""
    rows = {kind: shown.get(kind.value) for kind in Kind}
    return {kind: int(row["integration"]) for kind, row in rows.items() if row}
