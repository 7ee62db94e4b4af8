"""The people of a workspace, and those invited to it (``contracts/core.md`` 6.1)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.sandbox.data.access import workspace
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.people.signed_in import user_json
from pennsieve_agent.sandbox.data.v1_answers import json_object, optional_text, refusal, text
from pennsieve_agent.sandbox.host.clock import iso
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

INVITE_SECONDS = 30 * 24 * 3600
MAX_INVITES = 100
ROLES = {
    "guest": directory.GUEST,
    "viewer": directory.READ,
    "editor": directory.MEMBER,
    "manager": directory.ADMINISTRATOR,
    "owner": directory.OWNER,
}
"""What the permission bits are called in ``role``. The contract names only ``editor``: ours."""


class Members:
    """The routes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def routes(self) -> list[Route]:
        """The routes."""
        members, invites = "/organizations/<id>/members", "/organizations/<id>/invites"
        return [
            Route("GET", members, Scheme.USER, self.listing),
            Route("POST", members, Scheme.USER, self.invite),
            Route("PUT", f"{members}/<user>", Scheme.USER, self.change),
            Route("DELETE", f"{members}/<user>", Scheme.USER, self.remove),
            Route("GET", invites, Scheme.USER, self.invites),
            Route("PUT", f"{invites}/<invite>", Scheme.USER, self.resend),
            Route("DELETE", f"{invites}/<invite>", Scheme.USER, self.cancel),
        ]

    def listing(self, request: Request) -> Response:
        """Everybody, for guests too."""
        row = workspace(self._world, request, directory.GUEST)
        rows = self._store.rows(
            "SELECT user_int_id, role FROM memberships WHERE workspace_int_id = ?"
            " ORDER BY user_int_id",
            (row["int_id"],),
        )
        return Response(200, [_member(self._store, member) for member in rows])

    def invite(self, request: Request) -> Response:
        """Add those who have an account, and invite the others; answers by e-mail address."""
        row = workspace(self._world, request, directory.ADMINISTRATOR)
        body = json_object(request)
        role = _role(body)
        invites = body.get("invites")
        if not isinstance(invites, list) or not all(isinstance(invite, dict) for invite in invites):
            raise refusal(400, "invites must be a list of objects")
        if len(invites) > MAX_INVITES:
            raise refusal(400, f"invites must be at most {MAX_INVITES}")
        checked = [(email(invite, "email"), *_names(invite)) for invite in invites]
        with self._store.transaction():
            results = {invite[0]: self._invite(row, invite, role) for invite in checked}
        return Response(200, results)

    def change(self, request: Request) -> Response:
        """Give a member another role."""
        row = workspace(self._world, request, directory.ADMINISTRATOR)
        member, role = self._member(row, request), _role(json_object(request))
        directory.set_membership(self._store, member["user_int_id"], row["int_id"], role)
        return Response(200, _member(self._store, {**member, "role": role}))

    def remove(self, request: Request) -> Response:
        """Take a member out, with their roles and keys."""
        row = workspace(self._world, request, directory.ADMINISTRATOR)
        member = self._member(row, request)
        if directory.is_integration(self._store, member["user_int_id"]):
            # Not even an orphan (contracts/upstream-2026-11.md 1).
            raise refusal(400, "Cannot remove integration user")
        directory.remove_membership(self._store, member["user_int_id"], row["int_id"])
        return Response(200)

    def invites(self, request: Request) -> Response:
        """The invitations that nobody has followed yet."""
        row = workspace(self._world, request, directory.ADMINISTRATOR)
        invites = self._store.rows(
            "SELECT * FROM invites WHERE workspace_int_id = ? ORDER BY int_id", (row["int_id"],)
        )
        return Response(200, [_invite_json(invite, row) for invite in invites])

    def resend(self, request: Request) -> Response:
        """Invite once more: it is valid for another month."""
        row, invite = self._invitation(request)
        until = self._world.now() + INVITE_SECONDS
        self._store.execute(
            "UPDATE invites SET valid_until = ? WHERE int_id = ?", (until, invite["int_id"])
        )
        return Response(200, _invite_json({**invite, "valid_until": until}, row))

    def cancel(self, request: Request) -> Response:
        """Take an invitation back."""
        _, invite = self._invitation(request)
        self._store.execute("DELETE FROM invites WHERE int_id = ?", (invite["int_id"],))
        return Response(200)

    def _invite(self, row: Row, person: tuple[str, str, str], role: int) -> dict[str, Any]:
        address, first, last = person
        known = directory.by_email(self._store, address)
        if known is not None:
            return self._add(row, known, role)
        self._store.execute(
            "INSERT INTO invites (node_id, workspace_int_id, email, first_name, last_name, role,"
            " valid_until) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (workspace_int_id, email) DO UPDATE SET role = excluded.role,"
            " valid_until = excluded.valid_until",
            (
                *(f"N:invite:{uuid.uuid4()}", row["int_id"], address, first, last, role),
                self._world.now() + INVITE_SECONDS,
            ),
        )
        invite = self._store.row(
            "SELECT * FROM invites WHERE workspace_int_id = ? AND email = ?",
            (row["int_id"], address),
        )
        invited = {"success": True, "message": "invited", "email": address}
        return {**invited, "invite": _invite_json(invite, row)} if invite else invited

    def _add(self, row: Row, known: Row, role: int) -> dict[str, Any]:
        here = self._store.row(
            "SELECT 1 FROM memberships WHERE user_int_id = ? AND workspace_int_id = ?",
            (known["int_id"], row["int_id"]),
        )
        answer = {"email": known["email"], "user": user_json(self._store, known["int_id"])}
        if here is not None:
            return {"success": False, "message": "already a member", **answer}
        directory.set_membership(self._store, known["int_id"], row["int_id"], role)
        return {"success": True, "message": "added", **answer}

    def _member(self, row: Row, request: Request) -> Row:
        """The member named in the path, who is not the owner."""
        member = self._store.row(
            "SELECT m.* FROM memberships m JOIN users u ON u.int_id = m.user_int_id"
            " WHERE m.workspace_int_id = ? AND u.node_id = ?",
            (row["int_id"], request.params["user"]),
        )
        if member is None:
            raise refusal(404, f"{request.params['user']} not found")
        if member["role"] >= directory.OWNER:
            raise refusal(403, "the owner of a workspace cannot be changed")
        return member

    def _invitation(self, request: Request) -> tuple[Row, Row]:
        row = workspace(self._world, request, directory.ADMINISTRATOR)
        invite = self._store.row(
            "SELECT * FROM invites WHERE workspace_int_id = ? AND node_id = ?",
            (row["int_id"], request.params["invite"]),
        )
        if invite is None:
            raise refusal(404, f"{request.params['invite']} not found")
        return row, invite


def email(body: Mapping[str, Any], name: str) -> str:
    """A text that can be an e-mail address, or 400."""
    address = text(body, name, 256).strip()
    user, at, host = address.partition("@")
    if (
        not user
        or not at
        or "." not in host
        or len(address.split()) != 1
        or not address.isprintable()
    ):
        raise refusal(400, f"{name} is not an e-mail address")
    return address


def _names(body: Mapping[str, Any]) -> tuple[str, str]:
    optional_text(body, "customMessage", 10_000)
    return text(body, "firstName", 256), text(body, "lastName", 256)


def _role(body: Mapping[str, Any]) -> int:
    named = text(body, "role", 32)
    if named == "owner":
        raise refusal(403, "the owner role cannot be assigned")
    if named not in ROLES:
        raise refusal(400, f"invalid role: {named}")
    return ROLES[named]


def _member(store: Store, row: Row) -> dict[str, Any]:
    named = {bit: name for name, bit in ROLES.items()}
    return {**user_json(store, row["user_int_id"]), "role": named.get(row["role"], "editor")}


def _invite_json(row: Row, workspace_row: Row) -> dict[str, Any]:
    """An invitation. The contract does not say what it looks like: ours."""
    return {
        "id": row["node_id"],
        "organizationId": workspace_row["node_id"],
        "email": row["email"],
        "firstName": row["first_name"],
        "lastName": row["last_name"],
        "validUntil": iso(row["valid_until"]),
    }
