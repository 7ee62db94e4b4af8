"""Compare what Pennsieve asks for today with the account's role, and update the role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pennsieve_agent.account.served.hardening import (
    SESSION_SECONDS,
    Documents,
    diff,
    hardened,
    merged,
)
from pennsieve_agent.account.served.role import ServedRole, documents_of, make, put
from pennsieve_agent.account.spec.names import OWN_ROLE_PREFIX
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.account.world.platform_trust import trusted_account
from pennsieve_agent.aws.iam import IamRole, find_role
from pennsieve_agent.errors import Conflict, PlatformError, UsageProblem


@dataclass(frozen=True, slots=True)
class RoleChange:
    """The role, and what it would say. ``role`` is None when it was deleted in AWS."""

    name: str
    role: IamRole | None
    now: Documents
    then: Documents

    @property
    def lines(self) -> Sequence[str]:
        """The differences, as lines of the two documents."""
        trust = diff(self.now.trust, self.then.trust, "trust policy")
        lines = [*trust, *diff(self.now.permissions, self.then.permissions, "policy")]
        if self.session_seconds > SESSION_SECONDS:
            lines += [f"-session: {self.session_seconds} s", f"+session: {SESSION_SECONDS} s"]
        return lines

    @property
    def session_seconds(self) -> int:
        """How long a session may last now."""
        return self.role.session_seconds if self.role is not None else SESSION_SECONDS

    def to_json(self) -> dict[str, Any]:
        """The change, with both documents as they would be."""
        return {
            "role": self.name,
            "exists": self.role is not None,
            "up_to_date": not self.lines,
            "diff": list(self.lines),
            "now": asdict(self.now),
            "then": asdict(self.then),
        }


def unlike_served(clients: Clients, role: IamRole) -> int:
    """In how many lines a role's policy differs from what Pennsieve asks for today.

    What is denied besides is kept by an update, and so is not a difference.

    Raises:
        PlatformError: what Pennsieve serves is not a role that may be created.
        AwsError: AWS does not show the role.

    """
    offered = clients.registry.role_policy()
    now = documents_of(clients.aws, role)
    then = merged(now, Documents(offered.trust, offered.permissions), harden="")
    lines = diff(now.permissions, then.permissions, "policy")
    return sum(line[:1] in "+-" and line[:3] not in {"+++", "---"} for line in lines)


def plan_change(clients: Clients, *, harden: bool) -> RoleChange:
    """Compare the role that the AWS account is registered with to what is served now.

    Raises:
        UsageProblem: the account is not registered, or its role is not of this kind.
        Conflict: another AWS account than before would be let in.

    """
    identity = clients.aws.identity()
    accounts = clients.registry.accounts()
    account = next((a for a in accounts if a.aws_account_id == identity.account_id), None)
    if account is None:
        raise UsageProblem(
            f"AWS account {identity.account_id} is not registered with Pennsieve",
            hint="register it with: pennsieve compute register --provisioner platform",
        )
    if account.role_name.startswith(OWN_ROLE_PREFIX):  # the name of a role that is never made
        raise UsageProblem(
            f"Pennsieve has no role in AWS account {identity.account_id}: it is registered for "
            "compute nodes of your own, which need none",
            hint="see the permissions of such a node with: pennsieve compute policy show",
        )
    offered = clients.registry.role_policy()
    served = Documents(offered.trust, offered.permissions)
    platform = trusted_account(served.trust)
    role = find_role(clients.aws, account.role_name)
    if role is None:
        return RoleChange(account.role_name, None, Documents({}, {}),
                          hardened(served, identity.account_id))  # fmt: skip
    now = documents_of(clients.aws, role)
    if not now.permissions:
        raise UsageProblem(
            f"role {role.name} belongs to a node of your own; Pennsieve's policy is not on it",
            hint="update such a node with: pennsieve compute update NODE",
        )
    _check_trust(role, platform)
    account_id = identity.account_id if harden else ""
    return RoleChange(role.name, role, now, merged(now, served, harden=account_id))


def apply_change(change: RoleChange, clients: Clients) -> None:
    """Write what the change says; may be repeated."""
    if change.role is None:
        make(clients.aws, ServedRole(change.name, change.then), change.name, clients.sleep)
    else:
        put(clients.aws, change.name, change.then)


def _check_trust(role: IamRole, platform: str) -> None:
    try:
        lets_in = trusted_account(role.trust)
    except PlatformError:
        lets_in = "more than one AWS account"
    if lets_in != platform:
        raise Conflict(
            f"role {role.name} can be assumed by {lets_in}, but Pennsieve asks for {platform}; "
            "nothing was changed",
            where=role.arn,
            hint="ask Pennsieve whether its AWS account changed; if so, register the node again",
        )
