"""The people and teams of a workspace (v1, ``contracts/core.md`` 1.6, 1.7 and 6.1)."""

from __future__ import annotations

from collections.abc import Iterable

from pennsieve_agent.domain.people import Member, Team
from pennsieve_agent.domain.profile import Workspace
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.surface import Surface, segment
from pennsieve_agent.platform.people.identity import workspace_role


class People:
    """Members and teams. The platform has no search: whole lists are read and compared here."""

    def __init__(self, v1: Surface) -> None:
        self._v1 = v1

    def workspaces(self) -> list[Workspace]:
        """Every workspace of the user, also those the key is not for, by name.

        Route: GET v1 /organizations

        A key works in one workspace and none can be switched to (``core.md`` section 8, trap 1).
        """
        rows = self._v1.get_record("/organizations").records("organizations")
        workspaces = [
            Workspace(
                id=row.record("organization").need_text("id"),
                name=row.record("organization").text("name"),
                role=workspace_role(row),
            )
            for row in rows
        ]
        return sorted(workspaces, key=lambda workspace: (workspace.name.casefold(), workspace.id))

    def members(self, organization_id: str) -> list[Member]:
        """The members of a workspace, by name; guests may ask too.

        Route: GET v1 /organizations/{id}/members
        """
        return _sorted(self._v1.get_records(f"{_workspace(organization_id)}/members"))

    def by_email(self, organization_id: str, email: str) -> Member | None:
        """The member with an e-mail address, in any case; None when there is none.

        Route: GET v1 /organizations/{id}/members
        """
        address = email.strip().casefold()
        members = (m for m in self.members(organization_id) if m.email.casefold() == address)
        return next(members, None)

    def teams(self, organization_id: str) -> list[Team]:
        """The teams of a workspace, by name; guests are refused.

        Route: GET v1 /organizations/{id}/teams
        """
        rows = self._v1.get_records(_teams(organization_id))
        return sorted(map(_team, rows), key=lambda team: (team.name.casefold(), team.id))

    def team_members(self, organization_id: str, team_id: str) -> list[Member]:
        """The people of a team, by name.

        Route: GET v1 /organizations/{id}/teams/{teamId}/members
        """
        return _sorted(self._v1.get_records(f"{_teams(organization_id, team_id)}/members"))


def _workspace(organization_id: str) -> str:
    return f"/organizations/{segment(organization_id)}"


def _teams(organization_id: str, team_id: str = "") -> str:
    below = f"/{segment(team_id)}" if team_id else ""
    return f"{_workspace(organization_id)}/teams{below}"


def _sorted(rows: Iterable[Fields]) -> list[Member]:
    return sorted(map(_member, rows), key=lambda member: (member.name.casefold(), member.id))


def _member(row: Fields) -> Member:
    whole = f"{row.text('firstName')} {row.text('lastName')}".strip()
    email = row.text("email")
    number = row.integer("intId") or 0
    return Member(row.need_text("id"), whole or email, email, row.text("role"), number)


def _team(row: Fields) -> Team:
    team = row.record("team")
    return Team(
        id=team.need_text("id"),
        name=team.text("name"),
        member_count=row.integer("memberCount"),
        is_system=bool(team.text("systemTeamType")),
    )
