"""Sharing a dataset with people of the workspace (``contracts/core.md`` 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.access import dataset
from pennsieve_agent.sandbox.data.v1_answers import json_object, refusal, text
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

_PATH = "/datasets/<id>/collaborators/users"
_GRANTABLE = (Role.VIEWER, Role.EDITOR, Role.MANAGER)


def routes(world: World) -> list[Route]:
    """The routes."""

    def listing(request: Request) -> Response:
        row = dataset(world, request)
        return Response(200, users(world.store, row["int_id"]))

    def share(request: Request) -> Response:
        row, body = dataset(world, request, Role.MANAGER), json_object(request)
        role = requested_role(body)
        user = member(world.store, row, body)
        set_role(world.store, row["int_id"], user["int_id"], role)
        return Response(200)

    def unshare(request: Request) -> Response:
        row, body = dataset(world, request, Role.MANAGER), json_object(request)
        remove(world.store, row["int_id"], member(world.store, row, body)["int_id"])
        return Response(200)

    return [
        Route("GET", _PATH, Scheme.USER, listing),
        Route("PUT", _PATH, Scheme.USER, share),
        Route("DELETE", _PATH, Scheme.USER, unshare),
    ]


def requested_role(body: Mapping[str, Any]) -> Role:
    """The role in a body: one that can be given, or 403 for the owner's and 400 for others."""
    role = Role.of(text(body, "role", 32))
    if role is Role.OWNER:
        raise refusal(403, "the owner role cannot be assigned")
    if role not in _GRANTABLE:
        raise refusal(400, f"invalid role: {body['role']}")
    return role


def set_role(store: Store, dataset_int_id: int, user_int_id: int, role: Role) -> None:
    """Give a person a role on a dataset, in place of the one they have."""
    set_subject_role(store, dataset_int_id, ("user", user_int_id), role)


def set_subject_role(
    store: Store, dataset_int_id: int, subject: tuple[str, int], role: Role
) -> None:
    """Give a person, a team or the workspace (kind and number) a role on a dataset."""
    store.execute(
        "INSERT INTO collaborators VALUES (?, ?, ?, ?)"
        " ON CONFLICT (dataset_int_id, kind, subject_int_id) DO UPDATE SET role = excluded.role",
        (dataset_int_id, *subject, role.value),
    )


def remove(store: Store, dataset_int_id: int, user_int_id: int) -> None:
    """Take a person's own role on a dataset away."""
    remove_subject(store, dataset_int_id, ("user", user_int_id))


def remove_subject(store: Store, dataset_int_id: int, subject: tuple[str, int]) -> None:
    """Take the role of a person, a team or the workspace (kind and number) away."""
    store.execute(
        "DELETE FROM collaborators WHERE dataset_int_id = ? AND kind = ? AND subject_int_id = ?",
        (dataset_int_id, *subject),
    )


def users(store: Store, dataset_int_id: int) -> list[dict[str, Any]]:
    """The people who have a role of their own on a dataset."""
    rows = store.rows(
        "SELECT u.*, c.role FROM collaborators c JOIN users u ON u.int_id = c.subject_int_id"
        " WHERE c.dataset_int_id = ? AND c.kind = 'user' ORDER BY u.int_id",
        (dataset_int_id,),
    )
    return [
        {
            "id": row["node_id"],
            "firstName": row["first_name"],
            "lastName": row["last_name"],
            "email": row["email"],
            "role": row["role"],
        }
        for row in rows
    ]


def member(store: Store, row: Row, body: Mapping[str, Any]) -> Row:
    """The person named in a body, if they may be shared with."""
    user_id = text(body, "id", 256)
    collaborator = store.row(
        "SELECT u.*, c.role FROM users u"
        " JOIN memberships m ON m.user_int_id = u.int_id AND m.workspace_int_id = :workspace"
        " LEFT JOIN collaborators c ON c.subject_int_id = u.int_id AND c.kind = 'user'"
        " AND c.dataset_int_id = :dataset WHERE u.node_id = :user",
        {"workspace": row["workspace_int_id"], "dataset": row["int_id"], "user": user_id},
    )
    if collaborator is None:
        raise refusal(404, f"user {user_id} not found")
    if collaborator["is_integration"]:
        raise refusal(403, "integration users cannot be changed here")
    if collaborator["role"] == Role.OWNER.value:
        raise refusal(403, "the owner's role cannot be changed here")
    return collaborator
