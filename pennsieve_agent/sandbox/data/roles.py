"""The role of a person on a dataset."""

from __future__ import annotations

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.host.store import Store

_ROLES_OF_A_USER = """
SELECT c.role FROM collaborators c
JOIN datasets d ON d.int_id = c.dataset_int_id
JOIN memberships m ON m.workspace_int_id = d.workspace_int_id AND m.user_int_id = :user
WHERE d.node_id = :dataset AND (
  (c.kind = 'user' AND c.subject_int_id = :user)
  OR (c.kind = 'workspace' AND c.subject_int_id = d.workspace_int_id AND m.role > 1)
  OR (c.kind = 'team' AND c.subject_int_id IN
      (SELECT team_int_id FROM team_members WHERE user_int_id = :user)))
"""


def dataset_role(store: Store, user_int_id: int, dataset_id: str) -> Role:
    """The strongest of a person's own role, their teams' roles and the workspace's role.

    :attr:`Role.NONE` when there is none, or no such dataset. Administering the workspace gives no
    role on its datasets, and a dataset shared with the whole workspace is not shared with its
    guests (whose permission bit is 1).
    """
    rows = store.rows(_ROLES_OF_A_USER, {"user": user_int_id, "dataset": dataset_id})
    roles = [Role.of(row["role"]) for row in rows]
    return max(roles, key=list(Role).index, default=Role.NONE)
