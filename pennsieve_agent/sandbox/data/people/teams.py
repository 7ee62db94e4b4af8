"""The teams of a workspace (``contracts/core.md`` 6.1)."""

from __future__ import annotations

import uuid
from typing import Any

from pennsieve_agent.sandbox.data.access import workspace
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.people.signed_in import user_json
from pennsieve_agent.sandbox.data.v1_answers import json_object, present, refusal, text
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

MAX_NAME = 256
_TEAMS = (
    "SELECT t.*, s.kind, (SELECT count(*) FROM team_members m WHERE m.team_int_id = t.int_id)"
    " AS members FROM teams t LEFT JOIN system_teams s ON s.team_int_id = t.int_id"
    " WHERE t.workspace_int_id = ?"
)


class Teams:
    """The routes. Guests see no teams."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def routes(self) -> list[Route]:
        """The routes."""
        teams = "/organizations/<id>/teams"
        return [
            Route("GET", teams, Scheme.USER, self.listing),
            Route("POST", teams, Scheme.USER, self.create),
            Route("GET", f"{teams}/<team>", Scheme.USER, self.one),
            Route("PUT", f"{teams}/<team>", Scheme.USER, self.change),
            Route("DELETE", f"{teams}/<team>", Scheme.USER, self.delete),
            Route("GET", f"{teams}/<team>/members", Scheme.USER, self.members),
            Route("POST", f"{teams}/<team>/members", Scheme.USER, self.add),
            Route("DELETE", f"{teams}/<team>/members/<user>", Scheme.USER, self.remove),
        ]

    def listing(self, request: Request) -> Response:
        """All teams, the system's own too."""
        row = workspace(self._world, request, directory.READ)
        teams = self._store.rows(f"{_TEAMS} ORDER BY t.name, t.int_id", (row["int_id"],))
        return Response(200, [_team_json(team) for team in teams])

    def create(self, request: Request) -> Response:
        """A team without members."""
        row, name = workspace(self._world, request, directory.ADMINISTRATOR), _name(request)
        team_id = f"N:team:{uuid.uuid4()}"
        self._store.execute(
            "INSERT INTO teams (node_id, name, workspace_int_id) VALUES (?, ?, ?)",
            (team_id, name, row["int_id"]),
        )
        return Response(201, _team_json(find_team(self._store, row["int_id"], team_id)))

    def one(self, request: Request) -> Response:
        """One team."""
        return Response(200, _team_json(self._team(request, directory.READ)))

    def change(self, request: Request) -> Response:
        """Rename a team."""
        team, name = self._own_team(request), _name(request)
        self._store.execute("UPDATE teams SET name = ? WHERE int_id = ?", (name, team["int_id"]))
        return Response(200, _team_json({**team, "name": name}))

    def delete(self, request: Request) -> Response:
        """Remove a team, and what was shared with it."""
        team = self._own_team(request)
        with self._store.transaction():
            self._store.execute(
                "DELETE FROM collaborators WHERE kind = 'team' AND subject_int_id = ?",
                (team["int_id"],),
            )
            self._store.execute("DELETE FROM teams WHERE int_id = ?", (team["int_id"],))
        return Response(200)

    def members(self, request: Request) -> Response:
        """The people in a team."""
        return Response(200, self._members(self._team(request, directory.READ)))

    def add(self, request: Request) -> Response:
        """Put members of the workspace into a team; those who are in it stay."""
        team, body = self._team(request, directory.ADMINISTRATOR), json_object(request)
        ids = body.get("ids")
        if not isinstance(ids, list) or not all(isinstance(user_id, str) for user_id in ids):
            raise refusal(400, "ids must be a list of strings")
        users = [(team["int_id"], self._user(team, user_id)) for user_id in ids]
        self._store.execute_many("INSERT OR IGNORE INTO team_members VALUES (?, ?)", users)
        return Response(200, self._members(team))

    def remove(self, request: Request) -> Response:
        """Take a person out of a team."""
        team = self._team(request, directory.ADMINISTRATOR)
        user = self._user(team, request.params["user"])
        removed = self._store.execute(
            "DELETE FROM team_members WHERE team_int_id = ? AND user_int_id = ?",
            (team["int_id"], user),
        )
        if not removed:
            raise refusal(404, f"{request.params['user']} not found")
        return Response(200)

    def _team(self, request: Request, least: int) -> Row:
        row = workspace(self._world, request, least)
        return find_team(self._store, row["int_id"], request.params["team"])

    def _own_team(self, request: Request) -> Row:
        team = self._team(request, directory.ADMINISTRATOR)
        if team["kind"] is not None:
            raise refusal(400, "a team of the system cannot be changed")
        return team

    def _members(self, team: Row) -> list[dict[str, Any]]:
        rows = self._store.rows(
            "SELECT user_int_id FROM team_members WHERE team_int_id = ? ORDER BY user_int_id",
            (team["int_id"],),
        )
        return [user_json(self._store, row["user_int_id"]) for row in rows]

    def _user(self, team: Row, user_id: str) -> int:
        row = self._store.row(
            "SELECT u.int_id FROM users u JOIN memberships m ON m.user_int_id = u.int_id"
            " WHERE m.workspace_int_id = ? AND u.node_id = ?",
            (team["workspace_int_id"], user_id),
        )
        if row is None:
            raise refusal(404, f"{user_id} not found")
        return int(row["int_id"])


def find_team(store: Store, workspace_int_id: int, team_id: str) -> Row:
    """A team of a workspace, with ``kind`` for those of the system, or 404."""
    team = store.row(f"{_TEAMS} AND t.node_id = ?", (workspace_int_id, team_id))
    if team is None:
        raise refusal(404, f"{team_id} not found")
    return team


def _name(request: Request) -> str:
    name = text(json_object(request), "name", MAX_NAME).strip()
    if not name:
        raise refusal(400, "team name must not be empty")
    return name


def _team_json(row: Row) -> dict[str, Any]:
    team = {"id": row["node_id"], "name": row["name"], "systemTeamType": row["kind"]}
    return {
        "team": present(team),
        "administrators": [],
        "isAdmin": False,
        "memberCount": row["members"],
    }
