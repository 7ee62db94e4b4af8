"""Finding people and teams by what a person would type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.domain.name_matching import pick
from pennsieve_agent.domain.people import Member, Team
from pennsieve_agent.errors import Forbidden

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

_MEMBERS = "pennsieve workspace members"
_TEAMS = "pennsieve workspace teams"


def member(platform: Platform, organization_id: str, reference: str) -> Member:
    """A member of the workspace by e-mail address, name, unique prefix or id.

    Raises:
        UsageProblem: none or several match.
    """
    members = platform.people.members(organization_id)
    return pick(reference, members, kind="member", keys=_keys_for(reference), list_command=_MEMBERS)


def team(platform: Platform, organization_id: str, reference: str) -> Team:
    """A team of the workspace by name, unique prefix or id.

    Raises:
        UsageProblem: none or several match.
    """
    return pick(
        reference,
        platform.people.teams(organization_id),
        kind="team",
        keys=lambda t: (t.id, t.name),
        list_command=_TEAMS,
    )


def member_or_team(platform: Platform, organization_id: str, reference: str) -> Member | Team:
    """A member or a team; an e-mail address is always a member's.

    Raises:
        UsageProblem: none or several match.
    """
    everybody: list[Member | Team] = [*platform.people.members(organization_id)]
    if "@" not in reference:
        everybody += known_teams(platform, organization_id)
    return pick(
        reference,
        everybody,
        kind="member or team",
        keys=_keys_for(reference),
        list_command=f"{_MEMBERS}, or: {_TEAMS}",
    )


def known_teams(platform: Platform, organization_id: str) -> list[Team]:
    """The workspace's teams; none for a guest, who may not see them."""
    try:
        return platform.people.teams(organization_id)
    except Forbidden:
        return []


def _keys_for(reference: str) -> _Keys:
    return _Keys(by_id=reference.startswith("N:"))


class _Keys:
    """The texts to compare with: the address, or the id when an id was typed, and the name."""

    def __init__(self, *, by_id: bool) -> None:
        self._by_id = by_id

    def __call__(self, who: Member | Team) -> tuple[str, str]:
        address = who.email if isinstance(who, Member) and not self._by_id else ""
        return address or who.id, who.name
