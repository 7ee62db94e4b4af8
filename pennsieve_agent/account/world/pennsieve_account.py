"""Pennsieve's record of an AWS account with own nodes: read, created, deleted.

The record has the account's number and the name of a role that does not exist, so that the account
may pull the images that Pennsieve builds. A node works without what Pennsieve refuses, except for
what the output says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from pennsieve_agent.account.world.pennsieve_protocol import NodeRegistry
from pennsieve_agent.account.world.platform_trust import trusted_account
from pennsieve_agent.domain.compute import Account, ComputeNode
from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.errors import Conflict, NotFound, PlatformError

LOOK_AGAIN_SECONDS = 6.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PennsieveRecords:
    """Pennsieve's record of the AWS account, and the nodes of the workspace.

    ``app_store`` is the number of the AWS account that Pennsieve works in, and so that of its
    images; empty where it does not say.
    """

    account: Account | None = None
    nodes: tuple[ComputeNode, ...] = ()
    app_store: str = ""


def ask_pennsieve(registry: NodeRegistry, organization_id: str, number: str) -> PennsieveRecords:
    """Read Pennsieve's records. What it refuses to show counts as missing."""
    nothing: Sequence[Account] = ()
    none: Sequence[ComputeNode] = ()
    accounts = _unless_refused(registry.accounts, nothing)
    return PennsieveRecords(
        next((a for a in accounts if a.aws_account_id == number), None),
        tuple(_unless_refused(lambda: registry.nodes(organization_id), none)),
        _unless_refused(lambda: trusted_account(registry.role_policy().trust), ""),
    )


def _unless_refused(look: Callable[[], T], otherwise: T) -> T:
    try:
        return look()
    except PlatformError:
        return otherwise


def find_account(registry: NodeRegistry, number: str) -> Account | None:
    """The record of an AWS account, if the person has one."""
    return next((a for a in registry.accounts() if a.aws_account_id == number), None)


def register_account(
    registry: NodeRegistry,
    number: str,
    role: str,
    external_id: str,
    sleep: Callable[[float], None],
) -> tuple[str, Account | None]:
    """Register an AWS account; its record's uuid, and the record where there was one already.

    ``POST /accounts`` is not idempotent (``contracts/resources.md`` section 6, traps 18 and 24):
    what may have been asked for by a run that was killed is looked for before it is asked again.

    Raises:
        PlatformError: Pennsieve refused.

    """
    before = find_account(registry, number)
    if before is None:
        try:
            return registry.register_account(number, role, external_id), None
        except Conflict:  # of an earlier run, and the list did not show it yet
            for pause in pauses(LOOK_AGAIN_SECONDS):
                before = find_account(registry, number)
                if before is not None:
                    break
                sleep(pause)
            else:
                raise
    return before.uuid, before


def delete_record(registry: NodeRegistry, uuid: str, sleep: Callable[[float], None]) -> None:
    """Delete the record of an AWS account, and wait until lists show it no more.

    Raises:
        PlatformError: Pennsieve refused.

    """
    with suppress(NotFound):
        registry.delete_account(uuid)
    for pause in pauses(LOOK_AGAIN_SECONDS):
        if all(account.uuid != uuid for account in registry.accounts()):
            return
        sleep(pause)
