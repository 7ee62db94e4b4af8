"""Workspace integrations that are a workflow's own identity (v1 webhooks, ``core.md`` 6.3).

Such an identity is described in :mod:`pennsieve_agent.domain.workflow_identity`; webhooks in
general are looked after by :mod:`pennsieve_agent.platform.people.webhooks`.
"""

from __future__ import annotations

from pennsieve_agent.domain.grants import Enablement
from pennsieve_agent.domain.profile import ApiKey
from pennsieve_agent.domain.workflow_identity import Kind, NewIntegration, described
from pennsieve_agent.platform.http.surface import Surface, segment
from pennsieve_agent.platform.people.webhooks import Webhooks


class Integrations:
    """The integrations of the key's workspace that are identities of workflows."""

    def __init__(self, v1: Surface) -> None:
        self._v1 = v1

    def create(self, new: NewIntegration) -> tuple[int, ApiKey]:
        """Make an integration: its number, and the key of its user, which is shown this once.

        Route: POST v1 /webhooks

        Sent once.

        Raises:
            Unreachable: the answer was lost; if there is such an integration, its key is lost, too.
            PlatformError: the answer has no key.

        """
        reply = self._v1.post_record("/webhooks", new.body)
        token = reply.need_record("tokenSecret")
        key = ApiKey(token.need_text("key"), token.need_text("secret"))
        return reply.need_integer("id"), key

    def enable(self, dataset_id: str, integration: int) -> None:
        """Put an integration's user on a dataset; for its managers. May be repeated.

        Route: PUT v1 /datasets/{id}/webhook/{webhookId}

        Raises:
            Forbidden: the user is not a manager of the dataset.

        """
        self._v1.call("PUT", _on_dataset(dataset_id, integration))

    def disable(self, dataset_id: str, integration: int) -> None:
        """Take an integration's user from a dataset; for its managers.

        Route: DELETE v1 /datasets/{id}/webhook/{webhookId}

        Raises:
            NotFound: it was not enabled there, or there is no such dataset.
            Forbidden: the user is not a manager of the dataset.

        """
        self._v1.delete(_on_dataset(dataset_id, integration))

    def on_dataset(self, dataset_id: str) -> list[Enablement]:
        """The workflows' users that are on a dataset, whoever made them; for its viewers.

        Route: GET v1 /webhooks
        Route: GET v1 /datasets/{id}/webhook
        """
        webhooks = Webhooks(self._v1)
        known = {hook.id: hook for hook in webhooks.list()}
        rows = []
        for row in webhooks.on_dataset(dataset_id):
            hook = known.get(row.webhook_id)
            named = described(hook.description) if hook else None
            if hook is not None and named is not None:
                rows.append(
                    Enablement(
                        workflow=named[0],
                        integration=hook.id,
                        writes=named[1] is Kind.WRITE and hook.has_access,
                        name=hook.name,
                        created_by=hook.created_by,
                        enabled_by=row.enabled_by,
                        enabled_at=row.enabled_at,
                    )
                )
        return rows


def _on_dataset(dataset_id: str, integration: int) -> str:
    # Singular under a dataset, plural at the top.
    return f"/datasets/{segment(dataset_id)}/webhook/{segment(integration)}"
