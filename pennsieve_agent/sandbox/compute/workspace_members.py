"""Memberships, read from the sandbox's tables of people."""

from __future__ import annotations

from pennsieve_agent.sandbox.host.store import Store


class StoredMembers:
    """Who belongs where (:class:`~pennsieve_agent.sandbox.compute.neighbour_protocols.Members`)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def org_role(self, user_id: str, org_id: str) -> int:
        """The user's permission bits in a workspace; 0 when not a member."""
        row = self._store.row(
            "SELECT m.role FROM memberships m JOIN users u ON u.int_id = m.user_int_id"
            " JOIN workspaces w ON w.int_id = m.workspace_int_id"
            " WHERE u.node_id = ? AND w.node_id = ?",
            (user_id, org_id),
        )
        return int(row["role"]) if row else 0

    def org_exists(self, org_id: str) -> bool:
        """Whether there is such a workspace."""
        return self._exists("workspaces", org_id)

    def user_exists(self, user_id: str) -> bool:
        """Whether there is such a user."""
        return self._exists("users", user_id)

    def team_exists(self, team_id: str) -> bool:
        """Whether there is such a team."""
        return self._exists("teams", team_id)

    def teams(self, user_id: str, org_id: str) -> list[str]:
        """The user's teams in a workspace."""
        rows = self._store.rows(
            "SELECT t.node_id FROM teams t JOIN team_members m ON m.team_int_id = t.int_id"
            " JOIN users u ON u.int_id = m.user_int_id"
            " JOIN workspaces w ON w.int_id = t.workspace_int_id"
            " WHERE u.node_id = ? AND w.node_id = ?",
            (user_id, org_id),
        )
        return [str(row["node_id"]) for row in rows]

    def _exists(self, table: str, node_id: str) -> bool:
        sql = f"SELECT 1 FROM {table} WHERE node_id = ?"  # noqa: S608 - our own words
        return self._store.row(sql, (node_id,)) is not None
