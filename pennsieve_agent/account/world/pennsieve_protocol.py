"""What this package needs of the platform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pennsieve_agent.domain.compute import Account, ComputeNode
from pennsieve_agent.domain.platform_offers import RolePolicy


class NodeRegistry(Protocol):
    """Accounts and nodes on the platform (``contracts/resources.md`` 1 and 3).

    All methods raise errors of :class:`~pennsieve_agent.errors.PlatformError`.
    """

    def role_policy(self) -> RolePolicy:
        """The role that this platform asks for, of nodes that it runs itself."""
        ...

    def accounts(self) -> Sequence[Account]:
        """The caller's own accounts."""
        ...

    def register_account(
        self, aws_account_id: str, role_name: str, external_id: str, name: str = ""
    ) -> str:
        """Register an AWS account; answers the record's uuid. Conflict when it is registered.

        When the answer is lost, it looks whether the record was made.
        """
        ...

    def delete_account(self, uuid: str, *, force: bool = False) -> object:
        """Delete an account's record; Conflict while nodes use it."""
        ...

    def allow_image_pulls(self, aws_account_id: str) -> object:
        """Let an AWS account pull the images of registered applications. May be repeated."""
        ...

    def enable_workspace(self, account_uuid: str, organization_id: str) -> object:
        """Let a workspace use an account; fine when it may already."""
        ...

    def disable_workspace(self, account_uuid: str, organization_id: str) -> object:
        """Take that back; fine when there is nothing to take. Conflict while nodes use it."""
        ...

    def nodes(self, organization_id: str) -> Sequence[ComputeNode]:
        """The nodes of a workspace that the caller may see."""
        ...

    def node(self, uuid: str) -> ComputeNode:
        """One node; NotFound when it is gone."""
        ...

    def create_node(
        self, account_uuid: str, name: str, organization_id: str, *, deployment_mode: str = "basic"
    ) -> ComputeNode:
        """Create a node's record and find it, also when the answer is lost."""
        ...

    def delete_node(self, uuid: str) -> object:
        """Start deleting a node; Conflict while runs are active."""
        ...
