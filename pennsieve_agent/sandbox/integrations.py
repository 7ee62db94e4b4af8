"""Which workflows have a user of their own on a dataset: the enabled integrations that say so."""

from __future__ import annotations

from pennsieve_agent.domain.grants import Access
from pennsieve_agent.domain.workflow_identity import Kind, described
from pennsieve_agent.sandbox.store import Store

_ENABLED = """
SELECT w.description, w.has_access FROM dataset_webhooks e
JOIN webhooks w ON w.id = e.webhook_id
JOIN datasets d ON d.int_id = e.dataset_int_id
WHERE d.node_id = ? AND NOT w.is_disabled
ORDER BY e.id
"""


def enabled(store: Store, dataset_id: str) -> list[tuple[str, Access]]:
    """The workflows granted on a dataset, with their access, oldest grant first.

    An integration counts only when its description and its ``hasAccess`` say the same: one that
    claims to write for a user that is only a viewer grants nothing.
    """
    grants = []
    for row in store.rows(_ENABLED, (dataset_id,)):
        named = described(row["description"])
        if named is not None and (named[1] is Kind.WRITE) == bool(row["has_access"]):
            access = Access.READ_WRITE if named[1] is Kind.WRITE else Access.READ
            grants.append((named[0], access))
    return grants
