"""Who may do what with a compute node (``contracts/resources.md`` 0.5)."""

from __future__ import annotations

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.rows import find_account, find_enablement, find_node
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.http.routing import Request

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


class NodeGate:
    """The node that a request's path names, for those who may use or manage it."""

    def __init__(self, store: Store, members: Members) -> None:
        self._store = store
        self._access = NodeAccess(store, members)

    def usable(self, request: Request, missing: str) -> Row:
        """The node, for those with access to it.

        Raises:
            Refusal: 404 with the text ``missing``; 403.

        """
        node = self._find(request, missing)
        if not self._access.may_use(request.caller.user_id, node):
            raise compute_answers.message(403, compute_answers.FORBIDDEN)
        return node

    def managed(self, request: Request) -> Row:
        """The node, for its owner and for admin-manage.

        Raises:
            Refusal: 404; 403.

        """
        node = self._find(request, compute_answers.NOT_FOUND)
        if not self._access.may_manage(request.caller.user_id, node):
            raise compute_answers.message(403, compute_answers.OWNER_PERMISSIONS)
        return node

    def _find(self, request: Request, missing: str) -> Row:
        node = find_node(self._store, request.params["id"])
        if node is None:
            raise compute_answers.message(404, missing)
        return node


def check_gateway(node: Row) -> None:
    """Refuse to read what the node itself keeps before it is provisioned (3.9).

    Raises:
        Refusal: 400, it has no gateway (Pending, or it failed at once).

    """
    if not node["checked_at"]:
        raise compute_answers.message(400, compute_answers.BAD_REQUEST)
