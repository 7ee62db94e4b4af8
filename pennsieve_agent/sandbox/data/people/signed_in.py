"""Sign-in settings, the signed-in person and their workspaces (``contracts/core.md`` 1)."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.v1_answers import refusal
from pennsieve_agent.sandbox.host.clock import iso
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Refusal, Request, Response, Route, Scheme
from pennsieve_agent.sandbox.http.sign_in import Identity


def routes(world: World, identity: Identity) -> list[Route]:
    """The routes."""

    def config(request: Request) -> Response:
        del request
        return Response(200, identity.config())

    def user(request: Request) -> Response:
        return Response(200, user_json(world.store, request.caller.user_int_id))

    def workspaces(request: Request) -> Response:
        rows = world.store.rows(
            "SELECT w.*, m.role FROM workspaces w"
            " JOIN memberships m ON m.workspace_int_id = w.int_id"
            " WHERE m.user_int_id = ? ORDER BY w.name",
            (request.caller.user_int_id,),
        )
        return Response(200, {"organizations": [_membership(world.store, row) for row in rows]})

    def workspace(request: Request) -> Response:
        return Response(200, _one_workspace(world.store, request))

    def by_email(request: Request) -> Response:
        user = directory.by_email(world.store, request.params["email"])
        if user is None:
            raise refusal(404, f"Email ({request.params['email']}) not found")
        return Response(200, user_json(world.store, user["int_id"]))

    def service_only(request: Request) -> Response:
        raise refusal(403, f"{request.caller.user_id} is not a service")

    def browser_only(request: Request) -> Response:
        del request  # a session that was opened with an API key, as all sessions are here
        raise Refusal(403, {"message": "Forbidden."})

    return [
        Route("GET", "/authentication/cognito-config", Scheme.NONE, config),
        Route("GET", "/user", Scheme.USER, user),
        Route("GET", "/user/<int:number>", Scheme.USER, service_only),
        Route("GET", "/user/email/<email>", Scheme.USER, by_email),
        Route("GET", "/organizations", Scheme.USER, workspaces),
        Route("GET", "/organizations/<id>", Scheme.USER, workspace),
        Route("PUT", "/session/switch-organization", Scheme.USER, browser_only),
        Route("GET", "/token", Scheme.USER, browser_only),
        Route("POST", "/token", Scheme.USER, browser_only),
        Route("PUT", "/token/<key>", Scheme.USER, browser_only),
        Route("DELETE", "/token/<key>", Scheme.USER, browser_only),
    ]


def user_json(store: Store, user_int_id: int) -> dict[str, Any]:
    """A person as v1 shows them (``contracts/core.md`` 1.7)."""
    row = store.row(
        "SELECT u.*, w.node_id AS workspace FROM users u"
        " JOIN workspaces w ON w.int_id = u.preferred_workspace WHERE u.int_id = ?",
        (user_int_id,),
    )
    if row is None:
        raise refusal(404, f"user {user_int_id} not found")
    return {
        "id": row["node_id"],
        "intId": row["int_id"],
        "email": row["email"],
        "firstName": row["first_name"],
        "lastName": row["last_name"],
        "credential": "",
        "color": "#5FBFF9",
        "url": "",
        "authyId": 0,
        "isSuperAdmin": False,
        "isIntegrationUser": bool(row["is_integration"]),
        "createdAt": iso(row["created_at"]),
        "updatedAt": iso(row["created_at"]),
        "preferredOrganization": row["workspace"],
        "customTermsOfService": [],
    }


def _one_workspace(store: Store, request: Request) -> dict[str, Any]:
    row = store.row("SELECT * FROM workspaces WHERE node_id = ?", (request.params["id"],))
    if row is None:
        raise refusal(404, f"{request.params['id']} not found")
    member = store.row(
        "SELECT role FROM memberships WHERE user_int_id = ? AND workspace_int_id = ?",
        (request.caller.user_int_id, row["int_id"]),
    )
    if member is None:
        raise refusal(403, f"not a member of {row['node_id']}")
    # The real server compares an int id with a node id here, so nobody is anything.
    return {**_membership(store, {**row, **member}), "isAdmin": False, "isOwner": False}


def _membership(store: Store, row: Row) -> dict[str, Any]:
    return {
        "organization": {
            "id": row["node_id"],
            "name": row["name"],
            "slug": row["slug"],
            "intId": row["int_id"],
            "subscriptionState": "ConfirmedSubscription",
            "encryptionKeyId": "NO_ENCRYPTION_KEY",
            "features": [],
        },
        "isAdmin": row["role"] >= directory.ADMINISTRATOR,
        "isOwner": row["role"] >= directory.OWNER,
        "isGuest": row["role"] < directory.READ,
        **_leaders(store, row),
    }


def _leaders(store: Store, row: Row) -> dict[str, Any]:
    """Who owns and who administers a workspace; guests are not told."""
    if row["role"] < directory.READ:
        return {"owners": [], "administrators": []}
    owners = _people_with(store, row["int_id"], directory.OWNER, 2 * directory.OWNER)
    others = _people_with(store, row["int_id"], directory.ADMINISTRATOR, directory.OWNER)
    return {"owners": owners, "administrators": owners + others}


def _people_with(store: Store, workspace: int, at_least: int, below: int) -> list[dict[str, Any]]:
    rows = store.rows(
        "SELECT user_int_id FROM memberships WHERE workspace_int_id = ? AND role >= ? AND role < ?"
        " ORDER BY user_int_id",
        (workspace, at_least, below),
    )
    return [user_json(store, row["user_int_id"]) for row in rows]
