"""Which workflows may use a dataset: the enabled integrations that carry a grant."""

from __future__ import annotations

from pennsieve_agent.domain.grants import Access, parse_grant_url
from pennsieve_agent.sandbox.store import Store

_ENABLED = """
SELECT w.api_url, w.has_access FROM dataset_webhooks e
JOIN webhooks w ON w.id = e.webhook_id
JOIN datasets d ON d.int_id = e.dataset_int_id
WHERE d.node_id = ? AND NOT w.is_disabled
ORDER BY e.id
"""


def enabled(store: Store, dataset_id: str) -> list[tuple[str, Access]]:
    """The workflows granted on a dataset, with their access, oldest grant first.

    An integration counts only when its address and its ``hasAccess`` say the same: an address that
    claims to write for an integration user that is only a viewer grants nothing.
    """
    grants = []
    for row in store.rows(_ENABLED, (dataset_id,)):
        named = parse_grant_url(row["api_url"])
        if named is not None and named[1].writes == bool(row["has_access"]):
            grants.append(named)
    return grants
