"""A workflow's own identity: making its integrations, handing their keys over, removing them.

A key is shown once, to whoever made the integration. So the order is: write down what is about to
be made, make it, put the key where it belongs, cross it out. What was cut off in between is found
by its random mark, and deleted; another is made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

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
    AgentError,
    Forbidden,
    NotFound,
    NotSignedIn,
    SettingsError,
    Unreachable,
)

if TYPE_CHECKING:
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform

BUSY_SECONDS = 600.0
"""How long a program may take that makes an integration."""
LOST_SECONDS = 86_400.0
"""How long an integration is looked for whose answer was lost."""
PROOF_WAITS = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between sign-ins with a deleted key, until one is refused."""


class Identities(Protocol):
    """What this machine remembers of a person's identities of workflows; no keys.

    Each method raises SettingsError when that cannot be read or written down.
    """

    def begin(self, new: NewIntegration, now: float) -> None:
        """Write down that an integration is about to be made."""
        ...

    def pending(self) -> dict[str, float]:
        """The marks of integrations whose keys may be lost, and when they were to be made."""
        ...

    def settle(self, mark: str) -> None:
        """Cross a mark out."""
        ...

    def users(self, workflow: str) -> dict[Kind, WorkflowUser]:
        """The users of a workflow that were made here."""
        ...

    def keep(self, workflow: str, kind: Kind, user: WorkflowUser) -> None:
        """Remember a user, in place of the one of its kind."""
        ...

    def forget(self, workflow: str, kind: Kind) -> None:
        """Forget a user; one that is not known is fine."""
        ...


class Keys(Protocol):
    """The keys of workflows' users in the system's keychain, by the number of the integration.

    Each method raises SettingsError when the keychain is locked or refuses.
    """

    def check(self) -> bool:
        """Whether there is a keychain; it is tried out."""
        ...

    def reachable(self) -> bool:
        """Whether a keychain can be reached from this session."""
        ...

    def get(self, integration: int) -> ApiKey | None:
        """The key of an integration; None when it is not here."""
        ...

    def keep(self, integration: int, key: ApiKey) -> None:
        """Keep a key."""
        ...

    def forget(self, integration: int) -> None:
        """Forget a key; one that is not there is fine."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What identities are made and kept with.

    ``connect`` is a session of a key, which whoever made this closes.
    """

    platform: Platform
    me: User
    nodes: Sequence[NodeAdmin]
    store: Identities
    keys: Keys
    connect: Callable[[ApiKey], Platform]
    note: Callable[[str], None]
    now: Callable[[], float]
    sleep: Callable[[float], None]

    @property
    def by(self) -> dict[str, str]:
        """Who this is, as nodes write it down."""
        return {"name": self.me.name, "email": self.me.email}


@dataclass(frozen=True, slots=True)
class Made:
    """A user that was just made, with its key."""

    kind: Kind
    user: WorkflowUser
    key: ApiKey
    mark: str


def tidy(desk: Desk, mark: str = "") -> None:
    """Delete the integrations whose keys were lost with an answer, or with a killed program.

    Without a mark, those that have been unfinished for a while: another program may be at work.

    Raises:
        PlatformError: Pennsieve refuses, or does not answer.

    """
    pending = {
        each: at
        for each, at in desk.store.pending().items()
        if each == mark or (not mark and desk.now() - at > BUSY_SECONDS)
    }
    if not pending:
        return
    hooks = desk.platform.webhooks.list()
    for each, at in pending.items():
        lost = [hook for hook in hooks if hook.name.endswith(each) and described(hook.description)]
        for hook in lost:
            desk.note(f"deleting the integration '{hook.name}', whose key was lost")
            with contextlib.suppress(NotFound):
                desk.platform.webhooks.delete(hook.id)
        if lost or desk.now() - at > LOST_SECONDS:
            desk.store.settle(each)


def make(desk: Desk, workflow: Workflow, kind: Kind, *, in_keychain: bool) -> Made:
    """Make one of a workflow's users; its key is in the keychain then, or in the answer alone.

    Without a keychain it stays written down as unfinished until :func:`finish`.

    Raises:
        PlatformError: Pennsieve refuses, or does not answer.
        SettingsError: it cannot be written down, or the keychain refuses.

    """
    try:
        new, number, key = _created(desk, workflow, kind)
    except Unreachable:
        new, number, key = _created(desk, workflow, kind)
    who = _user_of(desk, key)
    user = WorkflowUser(number, who.id, who.number, new.name, desk.now(), in_keychain)
    made = Made(kind, user, key, new.mark)
    if in_keychain:
        desk.keys.keep(number, key)
        finish(desk, workflow.uuid, made)
    return made


def _created(desk: Desk, workflow: Workflow, kind: Kind) -> tuple[NewIntegration, int, ApiKey]:
    """An integration with its key. When the answer is lost, what came into being is deleted."""
    new = new_integration(workflow.uuid, workflow.name, kind)
    desk.store.begin(new, desk.now())
    try:
        return new, *desk.platform.integrations.create(new)
    except Unreachable:
        desk.note("the answer was lost; what came into being is deleted, and made again")
        tidy(desk, new.mark)
        raise


def finish(desk: Desk, workflow: str, made: Made) -> None:
    """The key is where it belongs: remember the user, and cross out that it was being made."""
    desk.store.keep(workflow, made.kind, made.user)
    desk.store.settle(made.mark)


def hand_over(desk: Desk, admin: NodeAdmin, workflow: str, keys: Iterable[Made]) -> None:
    """Give keys to a node.

    Raises:
        AwsError, PlatformError: the node cannot be asked, or refuses.

    """
    body: dict[str, Any] = {"by": desk.by}
    for made in keys:
        body[made.kind.value] = {
            "integration": made.user.integration,
            "user": made.user.user,
            "key": made.key.key,
            "secret": made.key.secret,
        }
    admin.ask("PUT", identity_path(workflow), body=body)


def identity_path(workflow: str) -> str:
    """The node's route of a workflow's identity."""
    return f"/workflows/{workflow}/identity"


def mine(desk: Desk, workflow: str, hooks: Iterable[Webhook]) -> list[Webhook]:
    """The integrations of a workflow that this person made, on whatever machine."""
    return [
        hook
        for hook in hooks
        if (named := described(hook.description)) is not None
        and named[0] == workflow
        and hook.created_by == str(desk.me.number)
    ]


def numbers(desk: Desk, workflow: str) -> dict[int, int]:
    """The numbers of a workflow's users by their integrations, as far as this machine knows."""
    return {user.integration: user.number for user in desk.store.users(workflow).values()}


def retire(
    desk: Desk,
    workflow: str,
    hooks: Sequence[Webhook],
    datasets: Sequence[str],
    known: Mapping[int, int],
) -> bool:
    """Remove integrations: off each dataset, deleted, and proved by a sign-in that is refused.

    Integrations that their users made themselves go first; ``known`` has the numbers of users, for
    those whose keys are not on this machine. Answers whether all was proved: for that the keys have
    to be here.

    Raises:
        PlatformError: Pennsieve refuses, or does not answer.
        AgentError: a deleted key can still sign in.

    """
    proved = True
    for hook in hooks:
        key = _key(desk, hook.id)
        remove_strays(desk, known.get(hook.id, 0), key)
        for dataset in datasets:
            with contextlib.suppress(NotFound, Forbidden):
                desk.platform.integrations.disable(dataset, hook.id)
        with contextlib.suppress(NotFound):
            desk.platform.webhooks.delete(hook.id)
        proved = _is_proved(desk, hook, key) and proved
        _forget(desk, workflow, hook.id)
    return proved


def remove_strays(desk: Desk, number: int, key: ApiKey | None, dataset: str = "") -> None:
    """Remove what a workflow's user made itself: everything, or what is on a dataset.

    Its private integrations are seen by itself alone, so its own key is used where it is here.

    Raises:
        PlatformError: Pennsieve refuses, or does not answer.

    """
    session = desk.platform
    if key is not None:
        session = desk.connect(key)
        try:
            number = session.identity().user.number
        except NotSignedIn:  # it is deleted already
            session = desk.platform
    if number:
        _remove_strays(desk, session, number, dataset)


def _remove_strays(desk: Desk, session: Platform, number: int, dataset: str) -> None:
    strays = [hook for hook in session.webhooks.list() if hook.created_by == str(number)]
    if dataset and strays:
        there = {row.webhook_id for row in desk.platform.webhooks.on_dataset(dataset)}
        strays = [hook for hook in strays if hook.id in there]
    for hook in strays:
        try:
            session.webhooks.delete(hook.id)
        except NotFound:
            continue
        except Forbidden:  # only its maker and administrators delete it
            if dataset:
                desk.platform.integrations.disable(dataset, hook.id)
            desk.note(
                f"the workflow's own user made the integration '{hook.name}'; ask an "
                "administrator of the workspace to delete it"
            )
            continue
        desk.note(f"deleted the integration '{hook.name}', which the workflow's own user had made")


def _user_of(desk: Desk, key: ApiKey) -> User:
    return desk.connect(key).identity().user


def _key(desk: Desk, integration: int) -> ApiKey | None:
    try:
        return desk.keys.get(integration)
    except SettingsError as error:
        desk.note(f"{error.message}: the key of integration {integration} stays in it")
        return None


def _forget(desk: Desk, workflow: str, integration: int) -> None:
    with contextlib.suppress(SettingsError):  # a locked keychain was told of before
        desk.keys.forget(integration)
    for kind, user in desk.store.users(workflow).items():
        if user.integration == integration:
            desk.store.forget(workflow, kind)


def _is_proved(desk: Desk, hook: Webhook, key: ApiKey | None) -> bool:
    """Whether a deleted key is seen to be refused; one that is not here cannot be tried."""
    if key is None:
        desk.note(
            f"deleted '{hook.name}'; its key is not on this machine, so it could "
            "not be tested that it is refused now"
        )
        return False
    for wait in (*PROOF_WAITS, 0.0):
        try:
            desk.connect(key).workspace_id()
        except NotSignedIn:
            return True
        desk.sleep(wait)
    raise AgentError(
        f"Pennsieve deleted the integration '{hook.name}', and its key can still sign in",
        where=f"integration {hook.id}",
        hint="tell the support of Pennsieve; the key is of a user that is on no dataset any more",
    )


def kinds_on(shown: Mapping[str, Any]) -> dict[Kind, int]:
    """The integrations whose keys a node has, by what ``GET /workflows/ID/identity`` answers."""
    rows = {kind: shown.get(kind.value) for kind in Kind}
    return {kind: int(row["integration"]) for kind, row in rows.items() if row}
