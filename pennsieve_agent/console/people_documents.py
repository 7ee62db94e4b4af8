"""People, and who may use what, as JSON documents; see :mod:`pennsieve_agent.console.documents`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.people import Member

if TYPE_CHECKING:
    from pennsieve_agent.domain.people import Team
    from pennsieve_agent.domain.profile import Workspace


def workspace(value: Workspace, *, current: bool) -> dict[str, Any]:
    """A workspace of the user; ``current`` is the one the key is for."""
    return {"id": value.id, "name": value.name, "role": value.role, "current": current}


def member(value: Member) -> dict[str, Any]:
    """A member of the workspace."""
    return {
        "id": value.id,
        "name": value.name,
        "email": value.email or None,
        "role": value.role or None,
    }


def team(value: Team) -> dict[str, Any]:
    """A team of the workspace."""
    return {
        "id": value.id,
        "name": value.name,
        "members": value.member_count,
        "system": value.is_system,
    }


def grantee(value: Member | Team) -> dict[str, Any]:
    """Somebody that something is shared with."""
    return {
        "type": "user" if isinstance(value, Member) else "team",
        "id": value.id,
        "name": value.name,
        "email": (value.email or None) if isinstance(value, Member) else None,
    }
