"""Grants: which workflow may use which dataset, and how far.

The platform has no grant object of its own (``contracts/workflows.md`` 4.1). What it has, and what
we use, is the *workspace integration* (webhook, ``contracts/core.md`` 6.3): enabling one on a
dataset puts its integration user there, as viewer or, with ``hasAccess``, as manager. ``hasAccess``
cannot be changed later, so a workflow has up to two integrations, one for each access. An
integration is tied to its workflow by its address, which names the workflow and the access; nothing
is ever delivered there, as no events are subscribed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

_PATH = "/compute/workflows/definitions/"


class Access(StrEnum):
    """What a grant allows."""

    READ = "read"
    READ_WRITE = "read-write"

    @property
    def writes(self) -> bool:
        """Whether results may be written back."""
        return self is Access.READ_WRITE


@dataclass(frozen=True, slots=True)
class Integration:
    """A workspace integration that carries a workflow's grants. ``id`` is the webhook's number."""

    id: int
    workflow_uuid: str
    access: Access
    name: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A workflow's access to one dataset."""

    workflow_uuid: str
    dataset_id: str
    access: Access
    integration_id: int
    granted_by: str = ""
    granted_at: str = ""


def grant_url(api2_host: str, workflow_uuid: str, access: Access) -> str:
    """The address that ties an integration to a workflow."""
    return f"{api2_host.rstrip('/')}{_PATH}{workflow_uuid}?access={access.value}"


def parse_grant_url(url: str) -> tuple[str, Access] | None:
    """The workflow and access an integration's address names; None if it is no grant of ours."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if not parts.path.startswith(_PATH):
        return None
    uuid = parts.path.removeprefix(_PATH)
    access = parse_qs(parts.query).get("access", [""])[0]
    if not uuid or "/" in uuid or access not in set(Access):
        return None
    return uuid, Access(access)
