"""Who may use a compute node, by name, and changing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.domain.compute import ComputeNode
from pennsieve_agent.domain.people import Member, Team
from pennsieve_agent.domain.sharing import NodeSharing, Scope
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services import find_people

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform


@dataclass(frozen=True, slots=True)
class Grantees:
    """With whom a node is shared: exactly one of a user, a team and the workspace."""

    user: str | None = None
    team: str | None = None
    workspace: bool = False

    def check(self) -> None:
        """Refuse anything but exactly one.

        Raises:
            UsageProblem: it is not exactly one.
        """
        if sum((self.user is not None, self.team is not None, self.workspace)) != 1:
            raise UsageProblem(
                "with whom?", hint="give one of --user EMAIL, --team TEAM or --workspace"
            )


@dataclass(frozen=True, slots=True)
class NodeAccess:
    """A node's sharing with names. Somebody who left the workspace is known by the id alone."""

    node: ComputeNode
    scope: Scope
    owner: Member
    users: tuple[Member, ...]
    teams: tuple[Team, ...]

    @property
    def grantees(self) -> list[Member | Team]:
        """Everybody it is shared with one by one."""
        return [*self.users, *self.teams]


def access(platform: Platform, organization_id: str, node: ComputeNode) -> NodeAccess:
    """Who may use a node."""
    return _named(platform, organization_id, node, platform.node_sharing.get(node.uuid))


def whom(platform: Platform, organization_id: str, who: Grantees) -> str:
    """With whom it is to be shared, in words.

    Raises:
        UsageProblem: nobody or several are called so.
    """
    who.check()
    if who.user is not None:
        return find_people.member(platform, organization_id, who.user).name
    if who.team is not None:
        return f"team '{find_people.team(platform, organization_id, who.team).name}'"
    return "everybody in the workspace"


def share(
    platform: Platform, organization_id: str, node: ComputeNode, who: Grantees
) -> tuple[str, NodeAccess]:
    """Share a node: with whom, in words, and who may use it now.

    Raises:
        UsageProblem: nobody or several are called so.
        Forbidden: only the node's owner may.
    """
    sharing = platform.node_sharing
    if who.user is not None:
        person = find_people.member(platform, organization_id, who.user)
        now, said = sharing.share_user(node.uuid, person.id), person.name
    elif who.team is not None:
        team = find_people.team(platform, organization_id, who.team)
        now, said = sharing.share_team(node.uuid, team.id), f"team '{team.name}'"
    else:
        now, said = sharing.set_scope(node.uuid, Scope.WORKSPACE), "everybody in the workspace"
    return said, _named(platform, organization_id, node, now)


def unshare(
    platform: Platform, organization_id: str, node: ComputeNode, who: Grantees
) -> tuple[str, NodeAccess]:
    """Stop sharing a node; one closed to the workspace keeps its other shares.

    Raises:
        UsageProblem: nobody or several are called so.
        Forbidden: only the node's owner may.
    """
    sharing = platform.node_sharing
    if who.user is not None:
        person = find_people.member(platform, organization_id, who.user)
        sharing.unshare_user(node.uuid, person.id)
        said = person.name
    elif who.team is not None:
        team = find_people.team(platform, organization_id, who.team)
        sharing.unshare_team(node.uuid, team.id)
        said = f"team '{team.name}'"
    else:
        before = sharing.get(node.uuid)
        if before.scope is Scope.WORKSPACE:
            shared = bool(before.users or before.teams)
            sharing.set_scope(node.uuid, Scope.SHARED if shared else Scope.PRIVATE)
        said = "the workspace as a whole"
    return said, access(platform, organization_id, node)


def _named(
    platform: Platform, organization_id: str, node: ComputeNode, sharing: NodeSharing
) -> NodeAccess:
    members = {m.id: m for m in platform.people.members(organization_id)}
    teams = (
        {t.id: t for t in find_people.known_teams(platform, organization_id)}
        if sharing.teams
        else {}
    )
    return NodeAccess(
        node=node,
        scope=sharing.scope,
        owner=members.get(sharing.owner_id, Member(sharing.owner_id, sharing.owner_id, "")),
        users=tuple(members.get(id_, Member(id_, id_, "")) for id_ in sharing.users),
        teams=tuple(teams.get(id_, Team(id_, id_)) for id_ in sharing.teams),
    )
