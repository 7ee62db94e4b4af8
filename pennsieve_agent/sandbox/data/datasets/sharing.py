"""Sharing with teams, the workspace, a new owner or somebody outside (``core.md`` 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.access import dataset
from pennsieve_agent.sandbox.data.datasets import collaborators
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.people.members import email
from pennsieve_agent.sandbox.data.people.teams import find_team
from pennsieve_agent.sandbox.data.v1_answers import (
    json_object,
    optional_text,
    present,
    refusal,
    text,
)
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

_BASE = "/datasets/<id>/collaborators"


class Sharing:
    """The routes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def routes(self) -> list[Route]:
        """The routes."""
        teams, workspace = f"{_BASE}/teams", f"{_BASE}/organizations"
        return [
            Route("GET", _BASE, Scheme.USER, self.everybody),
            Route("GET", teams, Scheme.USER, self.teams),
            Route("PUT", teams, Scheme.USER, self.share_with_team),
            Route("DELETE", teams, Scheme.USER, self.unshare_with_team),
            Route("GET", workspace, Scheme.USER, self.workspace),
            Route("PUT", workspace, Scheme.USER, self.share_with_workspace),
            Route("DELETE", workspace, Scheme.USER, self.unshare_with_workspace),
            Route("PUT", f"{_BASE}/owner", Scheme.USER, self.hand_over),
            Route("PUT", f"{_BASE}/external", Scheme.USER, self.share_outside),
        ]

    def everybody(self, request: Request) -> Response:
        """People, teams and the workspace."""
        row = dataset(self._world, request)
        whole = self._workspace(row)
        content = {
            "users": collaborators.users(self._store, row["int_id"]),
            "organizations": [whole] if "role" in whole else [],
            "teams": self._teams(row),
        }
        return Response(200, content)

    def teams(self, request: Request) -> Response:
        """The teams that have a role."""
        return Response(200, self._teams(dataset(self._world, request)))

    def share_with_team(self, request: Request) -> Response:
        """Give a team a role."""
        row, body = dataset(self._world, request, Role.MANAGER), json_object(request)
        role = collaborators.requested_role(body)
        self._set(row, "team", self._team(row, body)["int_id"], role)
        return Response(200)

    def unshare_with_team(self, request: Request) -> Response:
        """Take a team's role away."""
        row, body = dataset(self._world, request, Role.MANAGER), json_object(request)
        self._remove(row, "team", self._team(row, body)["int_id"])
        return Response(200)

    def workspace(self, request: Request) -> Response:
        """What the whole workspace may do."""
        return Response(200, self._workspace(dataset(self._world, request)))

    def share_with_workspace(self, request: Request) -> Response:
        """Give everybody but guests a role."""
        row = dataset(self._world, request, Role.MANAGER)
        role = collaborators.requested_role(json_object(request))
        self._set(row, "workspace", row["workspace_int_id"], role)
        return Response(200)

    def unshare_with_workspace(self, request: Request) -> Response:
        """Take the workspace's role away."""
        row = dataset(self._world, request, Role.MANAGER)
        self._remove(row, "workspace", row["workspace_int_id"])
        return Response(200)

    def hand_over(self, request: Request) -> Response:
        """Make somebody else the owner; the present one becomes a manager (the latter is ours)."""
        row = dataset(self._world, request, Role.OWNER)
        heir = collaborators.member(self._store, row, json_object(request))
        with self._store.transaction():
            collaborators.set_role(
                self._store, row["int_id"], request.caller.user_int_id, Role.MANAGER
            )
            collaborators.set_role(self._store, row["int_id"], heir["int_id"], Role.OWNER)
        return Response(200)

    def share_outside(self, request: Request) -> Response:
        """Share with an e-mail address; whoever is unknown becomes a guest of the workspace."""
        row, body = dataset(self._world, request, Role.MANAGER), json_object(request)
        role, address = collaborators.requested_role(body), email(body, "id")
        optional_text(body, "message", 10_000)
        with self._store.transaction():
            user = self._guest(row, address)
            named = {"id": user["node_id"]}
            collaborator = collaborators.member(self._store, row, named)
            collaborators.set_role(self._store, row["int_id"], collaborator["int_id"], role)
        return Response(200)

    def _guest(self, row: Row, address: str) -> Row:
        """The person with an address, who is at least a guest of the dataset's workspace."""
        workspace, now = row["workspace_int_id"], self._world.now()
        known = directory.by_email(self._store, address)
        if known is None:
            person = directory.Person(address, "", "", directory.GUEST)
            directory.add_person(self._store, workspace, person, now)
        elif not self._store.row(
            "SELECT 1 FROM memberships WHERE user_int_id = ? AND workspace_int_id = ?",
            (known["int_id"], workspace),
        ):
            directory.set_membership(self._store, known["int_id"], workspace, directory.GUEST)
        user = known or directory.by_email(self._store, address)
        if user is None:
            raise RuntimeError("a person who was just added is not there")
        return user

    def _teams(self, row: Row) -> list[dict[str, Any]]:
        return [
            {"id": team["node_id"], "name": team["name"], "role": team["role"]}
            for team in self._store.rows(
                "SELECT t.*, c.role FROM collaborators c"
                " JOIN teams t ON t.int_id = c.subject_int_id"
                " WHERE c.dataset_int_id = ? AND c.kind = 'team' ORDER BY t.int_id",
                (row["int_id"],),
            )
        ]

    def _workspace(self, row: Row) -> dict[str, Any]:
        status = self._store.row(
            "SELECT w.node_id AS id, w.name, c.role FROM workspaces w LEFT JOIN collaborators c"
            " ON c.dataset_int_id = ? AND c.kind = 'workspace' AND c.subject_int_id = w.int_id"
            " WHERE w.int_id = ?",
            (row["int_id"], row["workspace_int_id"]),
        )
        return present(status or {})

    def _team(self, row: Row, body: Mapping[str, Any]) -> Row:
        team = find_team(self._store, row["workspace_int_id"], text(body, "id", 256))
        if team["kind"] is not None:
            raise refusal(400, "teams of the system cannot be collaborators")
        return team

    def _set(self, row: Row, kind: str, subject: int, role: Role) -> None:
        collaborators.set_subject_role(self._store, row["int_id"], (kind, subject), role)

    def _remove(self, row: Row, kind: str, subject: int) -> None:
        collaborators.remove_subject(self._store, row["int_id"], (kind, subject))
