"""The steps to a node that Pennsieve runs, as data, each with the sentence that explains it."""

from __future__ import annotations

from dataclasses import dataclass

from pennsieve_agent.account.world.account_steps import REGISTER_ACCOUNT, AccountStep


@dataclass(frozen=True, slots=True)
class MakeRole:
    """Create the role that Pennsieve asks for."""

    role_name: str
    hardened: bool
    kind = "make_role"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        if self.hardened:
            how = "as Pennsieve asks, restricted by Deny statements"
        else:
            how = "exactly as Pennsieve asks for it"
        return f"Create role {self.role_name}, {how}"


@dataclass(frozen=True, slots=True)
class ReplaceRecord:
    """Delete the record of an AWS account which names a role that does not exist."""

    account_id: str
    uuid: str
    kind = "replace_record"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return (
            f"Delete the registration of AWS account {self.account_id} for your own nodes, which "
            "keep working"
        )


@dataclass(frozen=True, slots=True)
class RegisterRole:
    """Tell Pennsieve about the AWS account, and the role to assume in it."""

    account_id: str
    role_name: str
    kind = REGISTER_ACCOUNT

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return (
            f"Register AWS account {self.account_id} with Pennsieve, which will assume role "
            f"{self.role_name}"
        )


@dataclass(frozen=True, slots=True)
class RegisterNode:
    """Tell Pennsieve about the node."""

    name: str
    deployment_mode: str
    kind = "register_node"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return f"Register compute node '{self.name}' ({self.deployment_mode}) with Pennsieve"


@dataclass(frozen=True, slots=True)
class AwaitNode:
    """Wait until the node is usable."""

    name: str
    kind = "await_node"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return f"Wait until Pennsieve has set up the account and '{self.name}' is Enabled"


ServedStep = MakeRole | ReplaceRecord | RegisterRole | AccountStep | RegisterNode | AwaitNode
