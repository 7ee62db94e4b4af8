"""The App Store: registering and reading applications (``contracts/workflows.md`` 1)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.apps.app_json import app_json, builds_json, is_archived
from pennsieve_agent.sandbox.compute.apps.catalogue import (
    DEPLOYED,
    find_app,
    find_app_of,
    find_version,
    may_see,
)
from pennsieve_agent.sandbox.compute.apps.images import image_of
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.request_bodies import BadBody, Body, read
from pennsieve_agent.sandbox.compute.times import go_text, rfc3339
from pennsieve_agent.sandbox.host.faults import unsafe
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Caller, Request, Response, Route, Scheme

STORE = "/applications/store"
VIEWER = 2
NOT_PERMITTED = "not permitted"
NO_APPLICATION = "application not found"
MISSING_QUERY = "missing required query parameters"


class Applications:
    """Register, list, show, assets, registry and build history.

    ``build`` is called with the uuid of a version that has to be built.
    """

    def __init__(self, world: World, members: Members, build: Callable[[str], None]) -> None:
        self._store = world.store
        self._now = world.now
        self._members = members
        self._build = build

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("POST", STORE, Scheme.USER, self.register),
            Route("GET", STORE, Scheme.USER, self.list_all),
            Route("GET", f"{STORE}/registry", Scheme.USER, self.registry),
            Route("GET", f"{STORE}/<uuid>", Scheme.USER, self.show),
            Route("PATCH", f"{STORE}/<uuid>", Scheme.USER, self.change),
            Route("GET", f"{STORE}/<uuid>/asset", Scheme.USER, self.asset),
            Route("GET", "/applications/<uuid>/deployments", Scheme.WORKSPACE, self.deployments),
            Route(
                "GET",
                "/applications/<uuid>/deployments/<deployment>",
                Scheme.WORKSPACE,
                self.deployment,
            ),
        ]

    def register(self, request: Request) -> Response:
        """Add a repository or a version of it (1.2); everything else happens later."""
        caller = request.caller
        if caller.org_role < VIEWER:
            raise compute_answers.message(401, NOT_PERMITTED)
        try:
            body = read(request)
            source, release = body.object("source") or Body({}), body.object("release") or Body({})
            url, tag = source.text("url"), source.text("tag")
            kind, private = source.text("type"), source.flag("isPrivate")
            source.text("authToken")  # read and forgotten: the sandbox stores no such secret
            release_id = release.number("id", 0)
        except BadBody:
            raise compute_answers.message(500, compute_answers.UNMARSHAL) from None
        version, deployment = str(uuid4()), str(uuid4())
        now = self._now()
        with self._store.transaction():
            app = find_app_of(self._store, url)
            if app and app["owner_id"] != caller.user_id and not unsafe(self._store):
                # The platform never asks whose the application is (contracts/workflows.md
                # section 8, trap 3), so that anybody may change what everybody runs.
                raise compute_answers.message(403, "only the app owner can add a version")
            uuid = app["uuid"] if app else self._insert(caller, url, kind, private=private)
            self._store.execute(
                "INSERT INTO app_versions (uuid, app_uuid, version, release_id, created_at, status)"
                " VALUES (?, ?, ?, ?, ?, 'registering')",
                (version, uuid, tag, release_id, go_text(now)),
            )
            self._store.execute(
                "INSERT INTO app_deployments"
                " (uuid, version_uuid, initiated_at, updated_at, last_status)"
                " VALUES (?, ?, ?, ?, 'NOT_STARTED')",
                (deployment, version, rfc3339(now), rfc3339(now)),
            )
        self._build(version)
        return Response(202, {"deploymentId": deployment})

    def _insert(self, caller: Caller, url: str, kind: str, *, private: bool) -> str:
        uuid, now = str(uuid4()), go_text(self._now())
        visibility = "private" if private else "public"
        self._store.execute(
            "INSERT INTO app_store (uuid, source_url, source_type, is_private, visibility,"
            " owner_id, organization_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (uuid, url, kind, private, visibility, caller.user_id, caller.org_id, now),
        )
        self._store.execute(
            "INSERT INTO app_access VALUES (?, ?, 'owner', ?, ?, ?)",
            (f"user#{caller.user_id}", uuid, caller.org_id, caller.user_id, now),
        )
        return uuid

    def list_all(self, request: Request) -> Response:
        """The applications the caller may see; ``sourceUrl`` matches byte for byte (1.4)."""
        url = request.query.get("sourceUrl")
        rows = self._store.rows(
            "SELECT * FROM app_store WHERE source_url = ? OR ? IS NULL ORDER BY rowid", (url, url)
        )
        everything = request.query.get("includeArchived") == "true"
        shown = [row for row in rows if everything or not is_archived(self._store, row)]
        seen = [row for row in shown if may_see(self._store, self._members, request.caller, row)]
        return Response(200, [app_json(self._store, row) for row in seen])

    def show(self, request: Request) -> Response:
        """One application, with the assets of a tag, by default the newest (1.4)."""
        app = self._visible(request)
        version = find_version(self._store, app["uuid"], request.query.get("tag", ""))
        rows = self._assets(version["uuid"]) if version else []
        assets = {row["file"]: bytes(row["content"]).decode(errors="replace") for row in rows}
        return Response(200, {**app_json(self._store, app), "assets": assets})

    def change(self, request: Request) -> Response:
        """Archive or restore (1.1, seen in a client only).

        That its owner alone may, the order of the checks and the texts are ours.
        """
        try:
            status = read(request).text("status")
        except BadBody:
            raise compute_answers.message(400, compute_answers.UNMARSHAL) from None
        if status not in {"active", "archived"}:
            raise compute_answers.message(400, "status must be 'active' or 'archived'")
        app = self._visible(request)
        if app["owner_id"] != request.caller.user_id:
            raise compute_answers.message(403, "only the app owner can change its status")
        sql = (
            "INSERT OR IGNORE INTO app_archived VALUES (?)"
            if status == "archived"
            else "DELETE FROM app_archived WHERE app_uuid = ?"
        )
        self._store.execute(sql, (app["uuid"],))
        return Response(200, app_json(self._store, app))

    def asset(self, request: Request) -> Response:
        """One file, byte for byte (1.1)."""
        file = request.query.get("file")
        if not file:
            raise compute_answers.message(400, MISSING_QUERY)
        app = self._visible(request)
        version = find_version(self._store, app["uuid"], request.query.get("tag") or "main")
        for row in self._assets(version["uuid"]) if version else []:
            if row["file"] == file:
                return Response(200, bytes(row["content"]))
        raise compute_answers.message(404, compute_answers.NO_RECORDS)

    def _assets(self, version_uuid: str) -> list[Row]:
        return self._store.rows("SELECT * FROM app_assets WHERE version_uuid = ?", (version_uuid,))

    def registry(self, request: Request) -> Response:
        """The image of an application's version (1.6); access is checked last."""
        url, tag = request.query.get("sourceUrl"), request.query.get("version")
        if not url or not tag:
            raise compute_answers.message(400, MISSING_QUERY)
        app = find_app_of(self._store, url)
        version = find_version(self._store, app["uuid"], tag) if app else None
        if app is None:
            return _unauthorized(404, "application not found in app store")
        if version is None:
            return _unauthorized(404, "version not found for this application")
        if version["status"] != DEPLOYED:
            return _unauthorized(404, "version is not yet deployed")
        if not may_see(self._store, self._members, request.caller, app):
            return _unauthorized(403, "user does not have access to this application")
        return Response(200, {"authorized": True, "imageUrl": image_of(self._store, version)})

    def deployments(self, request: Request) -> Response:
        """The builds of a version, oldest first (1.1)."""
        return Response(200, {"deployments": builds_json(self._store, request.params["uuid"])})

    def deployment(self, request: Request) -> Response:
        """One build (1.3)."""
        for build in builds_json(self._store, request.params["uuid"]):
            if build["deploymentId"] == request.params["deployment"]:
                return Response(200, build)
        raise compute_answers.message(404, compute_answers.NO_RECORDS)

    def _visible(self, request: Request) -> Row:
        app = find_app(self._store, request.params["uuid"])
        if app is None:
            raise compute_answers.message(404, NO_APPLICATION)
        if not may_see(self._store, self._members, request.caller, app):
            raise compute_answers.message(403, NOT_PERMITTED)
        return app


def _unauthorized(status: int, text: str) -> Response:
    return Response(status, {"authorized": False, "message": text})
