"""Workspace integrations that carry grants (v1 webhooks; ``contracts/core.md`` 6.3).

What a grant is, and why an integration stands for it, is told in
:mod:`pennsieve_agent.domain.grants`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from pennsieve_agent.domain.grants import Access, Grant, Integration, grant_url, parse_grant_url
from pennsieve_agent.errors import Unreachable
from pennsieve_agent.platform.decode import Fields
from pennsieve_agent.platform.surface import Surface, segment
from pennsieve_agent.platform.times import iso

# Named here because inside the class below "list" is the method.
_Integrations = list[Integration]
_Grants = list[Grant]

_LONGEST_NAME = 60
_LONGEST_DESCRIPTION = 199


class Integrations:
    """The integrations of the key's workspace that are grants; others are not looked at."""

    def __init__(self, v1: Surface, api2_host: str, note: Callable[[str], None]) -> None:
        self._v1 = v1
        self._api2_host = api2_host
        self._note = note

    def list(self) -> _Integrations:
        """All integrations that are grants.

        Route: GET v1 /webhooks
        """
        found = (_integration(item) for item in self._v1.get_records("/webhooks"))
        return [integration for integration in found if integration is not None]

    def create(self, workflow_uuid: str, workflow_name: str, access: Access) -> Integration:
        """Make the integration of a workflow for one kind of access.

        Route: POST v1 /webhooks
        Route: GET v1 /webhooks

        The platform makes an integration user and a key for it; that key is not kept. When the
        answer is lost, an integration that has come into being is taken for ours.
        """
        body = {
            "apiUrl": grant_url(self._api2_host, workflow_uuid, access),
            "description": f"Grants of the workflow {workflow_name}"[:_LONGEST_DESCRIPTION],
            "displayName": f"{workflow_name[:_LONGEST_NAME]} ({access.value})",
            # Required, but the platform neither sends it nor signs with it, so nobody keeps it.
            "secret": secrets.token_urlsafe(24),
            "targetEvents": [],
            "hasAccess": access.writes,
            "isPrivate": False,
            "isDefault": False,
        }
        try:
            made = self._v1.post_record("/webhooks", body)
        except Unreachable:
            self._note("the answer was lost; looking whether the integration exists")
            for integration in self.list():
                if (integration.workflow_uuid, integration.access) == (workflow_uuid, access):
                    return integration
            raise
        number = made.need_integer("id")
        return Integration(number, workflow_uuid, access, made.text("displayName", "name"))

    def delete(self, integration_id: int) -> None:
        """Delete an integration, and with it all grants it carries.

        Route: DELETE v1 /webhooks/{id}
        """
        self._v1.delete(f"/webhooks/{segment(integration_id)}")

    def grants(self, dataset_id: str) -> _Grants:
        """The grants on a dataset.

        Route: GET v1 /webhooks
        Route: GET v1 /datasets/{id}/webhook
        """
        known = {integration.id: integration for integration in self.list()}
        enabled = self._v1.get_records(f"/datasets/{segment(dataset_id)}/webhook")
        return [
            Grant(
                workflow_uuid=known[number].workflow_uuid,
                dataset_id=dataset_id,
                access=known[number].access,
                integration_id=number,
                granted_by=item.text("enabledBy"),
                granted_at=iso(item.raw("enabledOn")),
            )
            for item in enabled
            if (number := item.need_integer("webhookId")) in known
        ]

    def enable(self, dataset_id: str, integration_id: int) -> None:
        """Grant: put the integration's user on the dataset. Doing it twice changes nothing.

        Route: PUT v1 /datasets/{id}/webhook/{webhookId}
        """
        self._v1.call("PUT", _on_dataset(dataset_id, integration_id))

    def disable(self, dataset_id: str, integration_id: int) -> None:
        """Revoke: take the integration's user from the dataset.

        Route: DELETE v1 /datasets/{id}/webhook/{webhookId}

        Raises:
            NotFound: it was not enabled there.

        """
        self._v1.delete(_on_dataset(dataset_id, integration_id))


def _on_dataset(dataset_id: str, integration_id: int) -> str:
    # Singular under a dataset, plural at the top.
    return f"/datasets/{segment(dataset_id)}/webhook/{segment(integration_id)}"


def _integration(item: Fields) -> Integration | None:
    tied = parse_grant_url(item.text("apiUrl"))
    if tied is None:
        return None
    workflow_uuid, access = tied
    name = item.text("displayName", "name")
    return Integration(item.need_integer("id"), workflow_uuid, access, name)
