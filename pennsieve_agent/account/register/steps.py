"""The steps of a registration as data, each with the sentence that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pennsieve_agent.account.stack.explain import by_group
from pennsieve_agent.account.world.account_steps import REGISTER_ACCOUNT, AccountStep
from pennsieve_agent.aws.values import ResourceChange


class StackAction(StrEnum):
    """What a stack needs."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"
    REJOIN = "rejoin"


@dataclass(frozen=True, slots=True)
class DeployStack:
    """Create or update the node's stack, without its functions."""

    stack: str
    region: str
    action: StackAction
    changes: tuple[ResourceChange, ...]
    kind = "deploy_stack"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        where = f"stack {self.stack} in {self.region}"
        match self.action:
            case StackAction.CREATE:
                return f"Create {where}"
            case StackAction.UPDATE:
                return f"Update {where}"
            case StackAction.RECREATE:
                return f"Delete what a failed attempt left behind, then create {where}"
            case StackAction.REJOIN:
                return f"Wait for AWS, which is still changing {where}"

    @property
    def lines(self) -> tuple[str, ...]:
        """One line for each resource, those of a group together."""
        return tuple(
            line
            for group, lines in by_group(self.changes)
            for line in (f"{group}:", *(f"  {line}" for line in lines))
        )


@dataclass(frozen=True, slots=True)
class UploadCode:
    """Upload the node's code to its bucket."""

    bucket: str
    key: str
    version: str
    kind = "upload_code"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return f"Upload the node's code, version {self.version}, to its bucket"


@dataclass(frozen=True, slots=True)
class TurnOn(DeployStack):
    """Add the functions to the stack, or update their code and settings.

    ``predicted`` says that the changes were derived from our own templates, as there was no stack
    yet to ask AWS about.
    """

    predicted: bool = False
    kind = "turn_on"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        if self.predicted:
            return "Turn the node on"
        return f"Update stack {self.stack} in {self.region}"


@dataclass(frozen=True, slots=True)
class CopyTransferImage:
    """Copy the image of transfer jobs into the node's own repository."""

    repository: str
    digest: str
    kind = "copy_transfer_image"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return "Copy the image of transfer jobs, the official Python image"

    @property
    def lines(self) -> tuple[str, ...]:
        """Which image, and where to."""
        return (f"{self.digest} to {self.repository}",)


@dataclass(frozen=True, slots=True)
class CheckNode:
    """Ask the node for its health."""

    function: str
    kind = "check_node"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return "Check the node's health, with your AWS identity"


@dataclass(frozen=True, slots=True)
class PutShares:
    """Let those with whom the node is shared call it again."""

    function: str
    kind = "put_shares"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return "Check that everybody with whom the node is shared can still call it"


@dataclass(frozen=True, slots=True)
class RegisterAccount:
    """Tell Pennsieve about the AWS account; ``role_name`` is of a role that does not exist."""

    account_id: str
    role_name: str
    kind = REGISTER_ACCOUNT

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return f"Register AWS account {self.account_id} with Pennsieve, to pull images"

    @property
    def lines(self) -> tuple[str, ...]:
        """Why Pennsieve gets nothing by it."""
        return (f"There is no role {self.role_name}: Pennsieve gets no permissions in the account",)


@dataclass(frozen=True, slots=True)
class RememberNode:
    """Remember the node on this machine."""

    name: str
    kind = "remember_node"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return f"Remember compute node '{self.name}' on this machine"

    @property
    def lines(self) -> tuple[str, ...]:
        """How it is found elsewhere."""
        return (
            "Pennsieve does not list it",
            "On other machines, find it with: pennsieve compute list --aws",
        )


Step = (
    DeployStack
    | UploadCode
    | CopyTransferImage
    | CheckNode
    | PutShares
    | RegisterAccount
    | AccountStep
    | RememberNode
)
