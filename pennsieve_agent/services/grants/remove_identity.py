"""Removing a workflow's own users from Pennsieve, and proving that their keys are refused."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.backoff import Backoff
from pennsieve_agent.domain.profile import ApiKey
from pennsieve_agent.domain.webhooks import Webhook
from pennsieve_agent.errors import AgentError, Forbidden, NotFound, NotSignedIn, SettingsError
from pennsieve_agent.services.grants.identity_context import IdentityContext

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

PROOF_BACKOFF = Backoff(first=1.0, longest=20.0, repeats=6)
"""Between sign-ins with a deleted key, until one is refused."""


def retire(
    context: IdentityContext,
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
        key = _key(context, hook.id)
        remove_strays(context, known.get(hook.id, 0), key)
        for dataset in datasets:
            with contextlib.suppress(NotFound, Forbidden):
                context.platform.integrations.disable(dataset, hook.id)
        with contextlib.suppress(NotFound):
            context.platform.webhooks.delete(hook.id)
        proved = _is_proved(context, hook, key) and proved
        _forget(context, workflow, hook.id)
    return proved


def remove_strays(
    context: IdentityContext, number: int, key: ApiKey | None, dataset: str = ""
) -> None:
    """Remove integrations that a workflow's user created itself: all, or those on a dataset.

    Its private integrations are seen by itself alone, so its own key is used where it is here.

    Raises:
        PlatformError: Pennsieve refuses, or does not answer.

    """
    session = context.platform
    if key is not None:
        session = context.connect(key)
        try:
            number = session.identity().user.number
        except NotSignedIn:  # it is deleted already
            session = context.platform
    if number:
        _remove_strays(context, session, number, dataset)


def _remove_strays(context: IdentityContext, session: Platform, number: int, dataset: str) -> None:
    strays = [hook for hook in session.webhooks.list() if hook.created_by == str(number)]
    if dataset and strays:
        there = {row.webhook_id for row in context.platform.webhooks.on_dataset(dataset)}
        strays = [hook for hook in strays if hook.id in there]
    for hook in strays:
        try:
            session.webhooks.delete(hook.id)
        except NotFound:
            continue
        except Forbidden:  # only its maker and administrators delete it
            if dataset:
                context.platform.integrations.disable(dataset, hook.id)
            context.note(
                f"the workflow's own user made the integration '{hook.name}'; ask an "
                "administrator of the workspace to delete it"
            )
            continue
        context.note(
            f"deleted the integration '{hook.name}', which the workflow's own user had made"
        )


def _key(context: IdentityContext, integration: int) -> ApiKey | None:
    try:
        return context.keys.get(integration)
    except SettingsError as error:
        context.note(f"{error.message}: the key of integration {integration} stays in it")
        return None


def _forget(context: IdentityContext, workflow: str, integration: int) -> None:
    with contextlib.suppress(SettingsError):  # a locked keychain was told of before
        context.keys.forget(integration)
    for kind, user in context.store.users(workflow).items():
        if user.integration == integration:
            context.store.forget(workflow, kind)


def _is_proved(context: IdentityContext, hook: Webhook, key: ApiKey | None) -> bool:
    """Whether a deleted key is refused; a key that is not here cannot be tested."""
    if key is None:
        context.note(
            f"deleted '{hook.name}'; its key is not on this machine, so this program could not "
            "check that the key is refused now"
        )
        return False
    for wait in PROOF_BACKOFF.waits(random.random):
        try:
            context.connect(key).workspace_id()
        except NotSignedIn:
            return True
        if wait is not None:
            context.sleep(wait)
    raise AgentError(
        f"Pennsieve deleted the integration '{hook.name}', but its key can still sign in",
        where=f"integration {hook.id}",
        hint="tell Pennsieve's support; the key's user no longer has access to any dataset",
    )
