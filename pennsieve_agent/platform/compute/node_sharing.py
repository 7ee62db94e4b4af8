"""Who may use a compute node (v2, ``contracts/resources.md`` 3.7)."""

from __future__ import annotations

from dataclasses import replace

from pennsieve_agent.domain.sharing import NodeSharing, Scope
from pennsieve_agent.errors import AgentError, PlatformError, Unreachable, UsageProblem
from pennsieve_agent.platform.compute.node_changes import NODES
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.surface import Surface, segment


class NodeSharings:
    """Shares of compute nodes.

    They are changed by the node's owner, or by an administrator of its workspace when the account
    is public there.
    """

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def get(self, node_uuid: str) -> NodeSharing:
        """Who may use a node; for everybody who may.

        Route: GET v2 /compute/resources/compute-nodes/{id}/permissions

        Raises:
            NotFound: there is no such node.
            Forbidden: the user may not use it.

        """
        return _sharing(self._v2.get_record(_path(node_uuid)))

    def share_user(self, node_uuid: str, user_id: str) -> NodeSharing:
        """Let a person use a node; doing it twice changes nothing.

        Route: POST v2 /compute/resources/compute-nodes/{id}/permissions/users
        Route: GET v2 /compute/resources/compute-nodes/{id}/permissions

        The platform does not look whether the person is in the workspace.

        Raises:
            Invalid: there is no such person, or the node belongs to no workspace.
            Forbidden: the user may not manage the node.

        """
        # Sharing with the owner turns the owner's own entry into a share until the permissions are
        # next read (3.7), which happens here.
        self._grant(node_uuid, "users", "userId", user_id)
        return self.get(node_uuid)

    def share_team(self, node_uuid: str, team_id: str) -> NodeSharing:
        """Let a team use a node; doing it twice changes nothing.

        Route: POST v2 /compute/resources/compute-nodes/{id}/permissions/teams
        Route: GET v2 /compute/resources/compute-nodes/{id}/permissions

        Raises:
            Invalid: there is no such team, or the node belongs to no workspace.
            Forbidden: the user may not manage the node.

        """
        self._grant(node_uuid, "teams", "teamId", team_id)
        return self.get(node_uuid)

    def unshare_user(self, node_uuid: str, user_id: str) -> None:
        """Take a share back; fine when there was none.

        Route: DELETE v2 /compute/resources/compute-nodes/{id}/permissions/users/{userId}

        Raises:
            Invalid: it is the owner.
            Forbidden: the user may not manage the node.

        """
        self._v2.delete(f"{_path(node_uuid)}/users/{segment(user_id)}")

    def unshare_team(self, node_uuid: str, team_id: str) -> None:
        """Take a team's share back; fine when there was none.

        Route: DELETE v2 /compute/resources/compute-nodes/{id}/permissions/teams/{teamId}

        Raises:
            Forbidden: the user may not manage the node.

        """
        self._v2.delete(f"{_path(node_uuid)}/teams/{segment(team_id)}")

    def set_scope(self, node_uuid: str, scope: Scope) -> NodeSharing:
        """Open or close a node; the shares it has are kept unless it becomes private.

        Route: GET v2 /compute/resources/compute-nodes/{id}/permissions
        Route: PUT v2 /compute/resources/compute-nodes/{id}/permissions
        Route: POST v2 /compute/resources/compute-nodes/{id}/permissions/users
        Route: POST v2 /compute/resources/compute-nodes/{id}/permissions/teams

        The platform's PUT drops every share and makes ``shared`` into ``private`` (trap 29). So the
        shares are read first, the scope is set, and each share is given again.

        Raises:
            UsageProblem: the scope is unknown, or ``shared`` while it is shared with nobody.
            PlatformError: shares were lost on the way; the message names them.

        """
        if scope is Scope.UNKNOWN:
            raise UsageProblem(
                "that is not a scope of a node", hint="say private, shared or workspace"
            )
        before = replace(self.get(node_uuid), node_uuid=node_uuid)
        if scope is Scope.SHARED and not (before.users or before.teams):
            raise UsageProblem(
                "the node is shared with nobody", hint="share it with a person or a team instead"
            )
        sent = Scope.PRIVATE if scope is Scope.SHARED else scope
        kept = NodeSharing(node_uuid, sent, before.owner_id) if scope is Scope.PRIVATE else before
        try:
            self._v2.call("PUT", _path(node_uuid), body={"accessScope": sent.value})
        except Unreachable:
            self._share_again(kept)  # it may have been carried out
            raise
        lost = self._share_again(kept)
        after = self.get(node_uuid)
        # Under load the platform loses grants without a word (trap 23).
        missing = {*kept.users, *kept.teams} - {*after.users, *after.teams, *lost}
        if problems := [*lost.values(), *sorted(missing)]:
            raise PlatformError(
                f"the node's scope was changed, but shares were lost: {'; '.join(problems)}",
                where=f"PUT {self._v2.host}{_path(node_uuid)}",
                hint="share the node with them again",
            )
        return after

    def _share_again(self, before: NodeSharing) -> dict[str, str]:
        """Give shares again; those that could not be given, with the reason."""
        users = (("users", "userId", id_) for id_ in before.users)
        teams = (("teams", "teamId", id_) for id_ in before.teams)
        lost = {}
        for kind, field, id_ in (*users, *teams):
            try:
                self._grant(before.node_uuid, kind, field, id_)
            except AgentError as error:
                lost[id_] = f"{id_} ({error.message})"
        return lost

    def _grant(self, node_uuid: str, kind: str, field: str, id_: str) -> None:
        self._v2.call("POST", f"{_path(node_uuid)}/{kind}", body={field: id_}, repeatable=True)


def _path(node_uuid: str) -> str:
    return f"{NODES}/{segment(node_uuid)}/permissions"


def _sharing(item: Fields) -> NodeSharing:
    # "organizationIndependent" is true for most nodes of a workspace (trap 30) and is not read.
    owner_id = item.text("owner")
    return NodeSharing(
        node_uuid=item.text("nodeUuid"),
        scope=Scope.of(item.text("accessScope")),
        owner_id=owner_id,
        users=tuple(id_ for id_ in item.texts("sharedWithUsers") if id_ != owner_id),
        teams=item.texts("sharedWithTeams"),
    )
