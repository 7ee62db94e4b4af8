"""What follows the record of an AWS account on Pennsieve: a workspace may use it, and pull images.

Nodes of one's own and nodes that Pennsieve runs have both steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from pennsieve_agent.account.world.pennsieve_protocol import NodeRegistry
from pennsieve_agent.account.world.registration_journal import JournalEntry
from pennsieve_agent.account.world.steps import AlreadyDone, unless_done
from pennsieve_agent.domain.compute import Account
from pennsieve_agent.errors import PlatformError


@dataclass(frozen=True, slots=True)
class EnableWorkspace:
    """Let this workspace use the account."""

    organization_id: str
    kind = "enable_workspace"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return "Let this workspace use the AWS account; only you can create nodes in it"


@dataclass(frozen=True, slots=True)
class AllowImagePulls:
    """Let the account pull the images that Pennsieve builds."""

    account_id: str
    kind = "allow_image_pulls"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return f"Let AWS account {self.account_id} pull the images of your workflows"


AccountStep = EnableWorkspace | AllowImagePulls
REGISTER_ACCOUNT = "register_account"
"""The kind of the step before these; how an account is registered differs between nodes."""
KINDS = frozenset({REGISTER_ACCOUNT, EnableWorkspace.kind, AllowImagePulls.kind})
"""What is about one record of an AWS account, and must be done again for another record."""


def account_steps(
    number: str,
    organization_id: str,
    account: Account | None,
    entry: JournalEntry | None,
    *,
    in_use: bool = False,
) -> tuple[AccountStep | AlreadyDone, ...]:
    """What is left to do about an AWS account's record, ``account``.

    ``in_use`` says that the account has a node in the workspace, which therefore may use it.
    """
    same = entry is not None and account is not None and entry.account_uuid == account.uuid
    done = entry.done if entry is not None and same else ()
    rows: tuple[tuple[AccountStep, bool, str], ...] = (
        (
            EnableWorkspace(organization_id),
            EnableWorkspace.kind in done or in_use,
            "this workspace may use the account",
        ),
        (
            AllowImagePulls(number),
            AllowImagePulls.kind in done,
            f"AWS account {number} may pull images",
        ),
    )
    return unless_done(rows)


def do_account_step(step: AccountStep, registry: NodeRegistry, account_uuid: str) -> str:
    """Do one of the steps; answers in words what came of it. ``account_uuid`` is the record's.

    Raises:
        PlatformError: Pennsieve refused, or the account is not registered.

    """
    match step:
        case AllowImagePulls():
            registry.allow_image_pulls(step.account_id)
            return f"AWS account {step.account_id} may pull images"
        case EnableWorkspace():
            if not account_uuid:
                raise PlatformError("the AWS account is not registered")
            registry.enable_workspace(account_uuid, step.organization_id)
            return "this workspace may use the account"
        case _:
            assert_never(step)
