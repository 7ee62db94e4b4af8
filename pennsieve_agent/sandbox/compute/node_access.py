"""Who may do what with a compute node (``contracts/resources.md`` 0.5)."""

from __future__ import annotations

from pennsieve_agent.sandbox.compute.records import find_account, find_enablement
from pennsieve_agent.sandbox.compute.seams import Members
from pennsieve_agent.sandbox.store import Row, Store

ADMIN = 16
INDEPENDENT = "INDEPENDENT"
"""Stored as the organization of a node that has none (0.4)."""


class NodeAccess:
    """The decisions about one store's nodes. All users are node ids."""

    def __init__(self, store: Store, members: Members) -> None:
        self._store = store
        self._members = members

    def may_use(self, user_id: str, node: Row) -> bool:
        """Node access: own or shared row, admin-manage, workspace scope, team row.

        The account's owner is not included by being that.
        """
        if self.row(f"user#{user_id}", node["uuid"]) is not None:
            return True
        if node["organization_id"] == INDEPENDENT:
            return False
        return self._admin_manages(user_id, node) or self.reaches(user_id, node)

    def reaches(self, user_id: str, node: Row) -> bool:
        """Whether a row of the user, the workspace or a team leads to the node (3.4)."""
        organization = node["organization_id"]
        if self.row(f"user#{user_id}", node["uuid"]) is not None:
            return True
        member = self._members.org_role(user_id, organization) > 0
        if member and self.row(f"workspace#{organization}", node["uuid"]) is not None:
            return True
        teams = self._members.teams(user_id, organization)
        return any(self.row(f"team#{team}", node["uuid"]) is not None for team in teams)

    def may_manage(self, user_id: str, node: Row) -> bool:
        """The node's owner, and admin-manage."""
        return bool(node["owner_id"] == user_id) or self._admin_manages(user_id, node)

    def may_provision(self, user_id: str, node: Row) -> bool:
        """Those who manage it, and the owner of its account (PUT, update-config, DELETE)."""
        return self.owns_account(user_id, node) or self.may_manage(user_id, node)

    def owns_account(self, user_id: str, node: Row) -> bool:
        """Whether the user owns the account the node sits on."""
        account = find_account(self._store, node["account_uuid"])
        return account is not None and account["user_id"] == user_id

    def row(self, entity_id: str, node_uuid: str) -> Row | None:
        """An access row."""
        return self._store.row(
            "SELECT * FROM compute_node_access WHERE entity_id = ? AND node_uuid = ?",
            (entity_id, node_uuid),
        )

    def _admin_manages(self, user_id: str, node: Row) -> bool:
        organization = node["organization_id"]
        if organization == INDEPENDENT:
            return False
        enabled = find_enablement(self._store, node["account_uuid"], organization)
        if enabled is None or not enabled["is_public"]:
            return False
        return self._members.org_role(user_id, organization) >= ADMIN
