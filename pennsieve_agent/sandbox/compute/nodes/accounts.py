"""Registered AWS accounts (``contracts/resources.md`` 1.1 to 1.6, 1.11)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.nodes.enablements import enablement_json
from pennsieve_agent.sandbox.compute.request_bodies import BadBody, read
from pennsieve_agent.sandbox.compute.rows import find_account
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

PATH = "/compute/resources/accounts"
ADMIN = 16


def account_json(row: Row) -> dict[str, Any]:
    """An account as it is sent: empty name, description and status are left out (1.1)."""
    body = {
        "uuid": row["uuid"],
        "accountId": row["account_id"],
        "accountType": row["account_type"],
        "roleName": row["role_name"],
        "externalId": row["external_id"],
        "userId": row["user_id"],
    }
    more = {name: row[name] for name in ("name", "description", "status") if row[name]}
    return {**body, **more}


class Accounts:
    """The routes below ``/compute/resources/accounts``, and the App Store access of an account."""

    def __init__(self, world: World, members: Members) -> None:
        self._store = world.store
        self._members = members

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("POST", PATH, Scheme.USER, self.create),
            Route("GET", PATH, Scheme.USER, self.list_all),
            Route("GET", f"{PATH}/<id>", Scheme.USER, self.show),
            Route("PATCH", f"{PATH}/<id>", Scheme.USER, self.change),
            Route("DELETE", f"{PATH}/<id>", Scheme.USER, self.delete),
            Route("POST", "/compute/resources/app-store/access", Scheme.USER, self.allow_pull),
        ]

    def create(self, request: Request) -> Response:
        """Register an account (1.2); nothing of it is checked."""
        handler = "PostAccountsHandler"
        try:
            body = read(request)
            fields = ("accountId", "accountType", "roleName", "externalId", "name", "description")
            values = [body.text(field) for field in fields]
        except BadBody:
            raise compute_answers.plain(400, handler, compute_answers.UNMARSHAL) from None
        uuid = str(uuid4())
        try:
            self._store.execute(
                "INSERT INTO compute_accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'Enabled')",
                (uuid, request.caller.user_id, *values),
            )
        except sqlite3.IntegrityError:
            raise compute_answers.plain(422, handler, compute_answers.EXISTS) from None
        return Response(201, {"uuid": uuid})

    def list_all(self, request: Request) -> Response:
        """The caller's accounts, and those an administrator may see (1.3)."""
        organization = request.query.get("organization_id")
        rows = self._visible(request.caller.user_id, organization)
        if request.query.get("includeWorkspaces") != "true":
            return Response(200, [account_json(row) for row in rows])
        accounts = [self._with_workspaces(row) for row in rows]
        # The platform answers the literal null, not an empty list (1.3).
        return Response(200, accounts or "null", {"Content-Type": "application/json"})

    def _visible(self, user_id: str, organization: str | None) -> list[Row]:
        if not organization:
            return self._store.rows(
                "SELECT * FROM compute_accounts WHERE user_id = ? ORDER BY rowid", (user_id,)
            )
        admin = self._members.org_role(user_id, organization) >= ADMIN
        return self._store.rows(
            "SELECT a.* FROM compute_accounts a JOIN compute_enablements e"
            " ON e.account_uuid = a.uuid WHERE e.organization_id = ?"
            " AND (a.user_id = ? OR (? AND e.is_public)) ORDER BY a.rowid",
            (organization, user_id, admin),
        )

    def _with_workspaces(self, row: Row) -> Mapping[str, Any]:
        enabled = self._store.rows(
            "SELECT * FROM compute_enablements WHERE account_uuid = ?", (row["uuid"],)
        )
        more = {"enabledWorkspaces": [enablement_json(e) for e in enabled]} if enabled else {}
        return {**account_json(row), **more}

    def show(self, request: Request) -> Response:
        """One account, for its owner (1.4)."""
        row = self._owned(request, "GetAccountHandler", compute_answers.NO_RECORDS)
        return Response(200, account_json(row))

    def change(self, request: Request) -> Response:
        """Rename, describe, pause or resume (1.5). Pausing pauses every node of the account."""
        handler = "PatchAccountHandler"
        try:
            body = read(request)
            texts = {n: body.text(n, None) for n in ("status", "name", "description")}
        except BadBody:
            raise compute_answers.plain(400, handler, compute_answers.UNMARSHAL) from None
        changes = {name: value for name, value in texts.items() if value is not None}
        if changes.get("status", "Enabled") not in {"Enabled", "Paused"}:
            raise compute_answers.plain(400, handler, compute_answers.BAD_STATUS)
        if not changes:
            raise compute_answers.plain(400, handler, compute_answers.UNMARSHAL)
        with self._store.transaction():
            row = {**self._owned(request, handler, compute_answers.NOT_FOUND), **changes}
            self._store.execute(
                "UPDATE compute_accounts SET status = ?, name = ?, description = ? WHERE uuid = ?",
                (row["status"], row["name"], row["description"], row["uuid"]),
            )
            if changes.get("status") == "Paused":
                self._store.execute(
                    "UPDATE compute_nodes SET status = 'Paused' WHERE account_uuid = ?",
                    (row["uuid"],),
                )
        return Response(200, account_json(row))

    def delete(self, request: Request) -> Response:
        """Deregister (1.6). With ``force`` the nodes' rows stay, as on the platform."""
        with self._store.transaction():
            row = self._owned(request, "DeleteAccountHandler", compute_answers.NO_RECORDS)
            nodes = len(
                self._store.rows(
                    "SELECT 1 FROM compute_nodes WHERE account_uuid = ?", (row["uuid"],)
                )
            )
            if nodes and request.query.get("force") != "true":
                text = f"account has {nodes} active compute nodes and 0 active storage nodes"
                raise compute_answers.error(409, text, nodeCount=nodes, storageNodeCount=0)
            for table, column in (
                ("compute_enablements", "account_uuid"),
                ("compute_accounts", "uuid"),
            ):
                self._store.execute(
                    f"DELETE FROM {table} WHERE {column} = ?",  # noqa: S608 - our own words
                    (row["uuid"],),
                )
        return Response(200, account_json({**row, "name": "", "description": "", "status": ""}))

    def _owned(self, request: Request, handler: str, missing: str) -> Row:
        row = find_account(self._store, request.params["id"])
        if row is None:
            raise compute_answers.plain(404, handler, missing)
        if row["user_id"] != request.caller.user_id:
            raise compute_answers.plain(403, handler, compute_answers.NOT_YOURS)
        return row

    def allow_pull(self, request: Request) -> Response:
        """Let an AWS account pull images (1.11); in the sandbox there is nothing to pull from."""
        try:
            body = read(request)
            account_id, account_type = body.text("accountId"), body.text("accountType")
        except BadBody:
            raise compute_answers.message(400, compute_answers.UNMARSHAL) from None
        if not account_id or not account_type:
            raise compute_answers.message(400, compute_answers.BAD_REQUEST)
        rows = self._store.rows(
            "SELECT user_id FROM compute_accounts WHERE account_id = ?", (account_id,)
        )
        if not rows:
            raise compute_answers.message(403, compute_answers.NOT_REGISTERED)
        if request.caller.user_id not in {row["user_id"] for row in rows}:
            raise compute_answers.message(403, compute_answers.NOT_YOURS)
        return Response(200)
