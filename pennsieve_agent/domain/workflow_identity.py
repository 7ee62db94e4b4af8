"""A workflow's own identity on Pennsieve: what its integrations are called, and what they may do.

A workflow has up to two workspace integrations (``contracts/core.md`` 6.3), each with a user of its
own: one that is put on datasets as viewer, one as manager (``hasAccess``, which cannot be changed
later). Enabling an integration on a dataset puts its user there
(``contracts/upstream-2026-11.md`` 1). Nothing is ever delivered: no events are subscribed, and the
address ends with ``.invalid`` (RFC 2606).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pennsieve_agent.domain.grants import Access

MOST_NAME, MOST_DESCRIPTION, MOST_ADDRESS, MOST_SECRET = 255, 199, 255, 255
"""The longest texts that the platform takes (``contracts/core.md`` 6.3)."""
_LONGEST_WORKFLOW_NAME = 80
_DESCRIPTION = re.compile(r"pennsieve workflow (\S+) \((read|write)\)")


class Kind(StrEnum):
    """Which of a workflow's two users."""

    READ = "read"
    WRITE = "write"


def kinds_for(access: Access) -> tuple[Kind, ...]:
    """The users that an access takes: input is read as a viewer, results written as a manager."""
    return (Kind.READ, Kind.WRITE) if access.writes else (Kind.READ,)


@dataclass(frozen=True, slots=True)
class NewIntegration:
    """An integration to be made. ``mark`` is random, and tells it from all others."""

    workflow: str
    kind: Kind
    name: str
    mark: str

    @property
    def body(self) -> dict[str, Any]:
        """What is sent (``contracts/core.md`` 6.3); the secret is used by nobody and not kept.

        Not private: a private one could be taken off a dataset by its maker alone. No default: one
        would become manager of every new dataset.
        """
        return {
            "apiUrl": f"https://{secrets.token_hex(16)}.invalid",
            "description": f"pennsieve workflow {self.workflow} ({self.kind})",
            "displayName": self.name,
            "secret": secrets.token_hex(24),
            "targetEvents": [],
            "hasAccess": self.kind is Kind.WRITE,
            "isPrivate": False,
            "isDefault": False,
        }


def new_integration(workflow: str, workflow_name: str, kind: Kind) -> NewIntegration:
    """A new integration of a workflow, with texts that the platform takes.

    The platform makes a user before it looks at the texts, and keeps it when it refuses them, so
    they are checked here.

    Raises:
        ValueError: the workflow's id is not valid.

    """
    mark = secrets.token_hex(8)
    shown = " ".join("".join(c if c.isprintable() else " " for c in workflow_name).split())
    integration = NewIntegration(
        workflow, kind, f"{shown[:_LONGEST_WORKFLOW_NAME].strip()} ({kind}) {mark}".strip(), mark
    )
    body = integration.body
    limits = {
        "displayName": MOST_NAME,
        "description": MOST_DESCRIPTION,
        "apiUrl": MOST_ADDRESS,
        "secret": MOST_SECRET,
    }
    wrong = [name for name, most in limits.items() if not 0 < len(body[name]) <= most]
    if wrong or described(body["description"]) != (workflow, kind):
        raise ValueError(f"'{workflow}' is not the id of a workflow")
    return integration


def described(text: str) -> tuple[str, Kind] | None:
    """The workflow and kind that an integration's description names; None for any other text."""
    matched = _DESCRIPTION.fullmatch(text)
    return (matched[1], Kind(matched[2])) if matched else None


@dataclass(frozen=True, slots=True)
class WorkflowUser:
    """One of a workflow's users, as this machine remembers it. There is no key in it.

    ``integration`` is the webhook's number, ``user`` its user's node id and ``number`` that user's
    number; ``created`` is in unix seconds. ``in_keychain`` says where the key was put.
    """

    integration: int
    user: str
    number: int
    name: str
    created: float
    in_keychain: bool

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> WorkflowUser:
        """As it was stored.

        Raises:
            KeyError, TypeError, ValueError: it is something else.

        """
        return cls(
            integration=int(row["integration"]),
            user=str(row["user"]),
            number=int(row["number"]),
            name=str(row["name"]),
            # Files of former versions say "made".
            created=float(row["created"] if "created" in row else row["made"]),
            in_keychain=bool(row["in_keychain"]),
        )
