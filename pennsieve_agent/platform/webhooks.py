"""Webhooks of a workspace, whatever they are for (v1, ``contracts/core.md`` 6.3).

Those that carry grants are looked after by :mod:`pennsieve_agent.platform.integrations`.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from pennsieve_agent.domain.webhooks import Enabled, Webhook
from pennsieve_agent.platform.decode import Fields
from pennsieve_agent.platform.surface import Surface, segment
from pennsieve_agent.platform.times import iso

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

    def get(self, webhook_id: int) -> Webhook:
        """One webhook.

        Route: GET v1 /webhooks/{id}

        Raises:
            NotFound: there is none.

        """
        return _webhook(self._v1.get_record(f"/webhooks/{segment(webhook_id)}"))

    def create(self, name: str, url: str, description: str, events: Sequence[str] = ()) -> Webhook:
        """Make a private webhook without access to data; any member may. Sent once.

        Route: POST v1 /webhooks

        It comes with a user of its own, a member of the workspace, and a key that is not kept
        (``core.md`` section 8, trap 41). Deliveries are not signed, and the event STATUS is never
        sent.
        """
        body = {
            "apiUrl": url,
            "description": description,
            "displayName": name,
            # Required, but the platform neither sends it nor signs with it, so nobody keeps it.
            "secret": secrets.token_urlsafe(24),
            "targetEvents": list(events),
            "hasAccess": False,
            "isPrivate": True,
            "isDefault": False,
        }
        return _webhook(self._v1.post_record("/webhooks", body))

    def change(self, webhook: Webhook) -> Webhook:
        """Save name, address, description and events; for its creator and administrators.

        Route: PUT v1 /webhooks/{id}

        Whether it has access to data cannot be changed: the platform ignores it.

        Raises:
            Forbidden: it is somebody else's.

        """
        body = {
            "apiUrl": webhook.url,
            "description": webhook.description,
            "displayName": webhook.name,
            "targetEvents": list(webhook.events),
            "isPrivate": webhook.is_private,
            "isDefault": webhook.is_default,
        }
        return _webhook(self._v1.put_record(f"/webhooks/{segment(webhook.id)}", body))

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

    def fire(self, dataset_id: str, event: str, message: str) -> None:
        """Send a CUSTOM event to a dataset's webhooks; for its editors. Sent once.

        Route: POST v1 /datasets/{id}/event
        """
        body = {"eventType": event, "message": message}
        self._v1.call("POST", f"/datasets/{segment(dataset_id)}/event", body=body)


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
