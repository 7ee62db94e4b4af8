"""Webhooks of a workspace, whatever they are for (v1, ``contracts/core.md`` 6.3).

Those that carry grants are looked after by :mod:`pennsieve_agent.platform.people.integrations`.
"""

from __future__ import annotations

from pennsieve_agent.domain.webhooks import Enabled, Webhook
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.surface import Surface, segment
from pennsieve_agent.platform.http.times import iso

# Named here because inside the class below "list" is the method.
_Webhooks = list[Webhook]
_Enabled = list[Enabled]


class Webhooks:
    """Webhooks, and the datasets they are enabled on."""

    def __init__(self, v1: Surface) -> None:
        self._v1 = v1

    def list(self) -> _Webhooks:
        """The workspace's public webhooks and the user's own, for members.

        Route: GET v1 /webhooks
        """
        return [_webhook(row) for row in self._v1.get_records("/webhooks")]

    def delete(self, webhook_id: int) -> None:
        """Delete a webhook, on all datasets; for its creator and administrators.

        Route: DELETE v1 /webhooks/{id}

        Raises:
            Forbidden: it is somebody else's.

        """
        self._v1.delete(f"/webhooks/{segment(webhook_id)}")

    def on_dataset(self, dataset_id: str) -> _Enabled:
        """The webhooks of a dataset, for its viewers.

        Route: GET v1 /datasets/{id}/webhook
        """
        return [
            Enabled(
                webhook_id=row.need_integer("webhookId"),
                dataset_number=row.integer("datasetId") or 0,
                enabled_by=row.text("enabledBy"),
                enabled_at=iso(row.raw("enabledOn")),
            )
            for row in self._v1.get_records(f"/datasets/{segment(dataset_id)}/webhook")
        ]


def _webhook(item: Fields) -> Webhook:
    return Webhook(
        id=item.need_integer("id"),
        name=item.text("displayName", "name"),
        url=item.text("apiUrl"),
        description=item.text("description"),
        # Sent as "targetEvents", answered as "eventTargets".
        events=item.texts("eventTargets") or item.texts("targetEvents"),
        has_access=item.flag("hasAccess"),
        is_private=item.flag("isPrivate"),
        is_default=item.flag("isDefault"),
        is_disabled=item.flag("isDisabled"),
        created_by=item.text("createdBy"),
    )
