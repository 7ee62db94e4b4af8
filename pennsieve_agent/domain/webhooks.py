"""Webhooks: who is notified of changes in a workspace ("integrations" in the web app)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook (``contracts/core.md`` 6.3). The key made with it is never kept.

    ``has_access`` says that its user becomes manager of the datasets it is enabled on; otherwise
    viewer. It cannot be changed later.
    """

    id: int
    name: str
    url: str
    description: str = ""
    events: tuple[str, ...] = ()
    has_access: bool = False
    is_private: bool = False
    is_default: bool = False
    is_disabled: bool = False
    created_by: str = ""


@dataclass(frozen=True, slots=True)
class Enabled:
    """A webhook on a dataset. ``enabled_by`` is a person's number."""

    webhook_id: int
    dataset_number: int
    enabled_by: str = ""
    enabled_at: str = ""
