"""The routes of github-service (``contracts/workflows.md`` 1.9), on the v2 host."""

from __future__ import annotations

import zlib
from typing import Any

from pennsieve_agent.sandbox.data.github import connection
from pennsieve_agent.sandbox.data.github.repositories import Release, Repository, find, repositories
from pennsieve_agent.sandbox.host.clock import iso
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Caller, Refusal, Request, Response, Route, Scheme

MAX_PAGE = 100
DESTINATIONS = frozenset({"discover", "appstore"})
_HOST = "https://github.com"


class GitHub:
    """The routes. What a refusal looks like is not in the contract: ours, as the gateway's.

    Who is not connected has no repositories: what the contract says of the profile, 404, is
    answered to all that asks for them.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def routes(self) -> list[Route]:
        """The routes."""
        one = "/repository/<owner>/<repo>"
        status = "/repositories/publications/<id>/status"
        return [
            Route("GET", "/repositories", Scheme.USER, self.listing),
            Route("POST", "/repositories", Scheme.USER, self.track),
            Route("PUT", status, Scheme.USER, self.operator_only),
            Route("GET", one, Scheme.USER, self.one),
            Route("POST", f"{one}/publish", Scheme.USER, self.publish),
            Route("GET", "/accounts/github/user", Scheme.USER, self.profile),
            Route("POST", "/accounts/github/register", Scheme.USER, self.connect),
            Route("DELETE", "/accounts/github/user", Scheme.USER, self.disconnect),
            Route("GET", "/github/installations", Scheme.USER, self.installations),
            Route("POST", "/webhooks/github", Scheme.NONE, self.event),
        ]

    def listing(self, request: Request) -> Response:
        """A page of the repositories whose full name has a text in it."""
        self._need_connection(request.caller)
        page, size = _number(request, "page", 1, 10**6), _number(request, "size", 25, MAX_PAGE)
        part = request.query.get("name", "").lower()
        matching = [
            repository
            for repository in repositories(self._world)
            if part in repository.full_name.lower()
        ]
        shown = matching[(page - 1) * size : page * size]
        total = {"page": page, "size": size, "count": len(shown), "total": len(matching)}
        repos = [self._json(repository, request.caller) for repository in shown]
        return Response(200, {**total, "repos": repos})

    def track(self, request: Request) -> Response:
        """Turn publishing of a repository's releases on or off."""
        self._need_connection(request.caller)
        body = _body(request)
        url = body.get("url")
        flags = [body.get("publish_to_discover"), body.get("publish_to_appstore")]
        if not isinstance(url, str) or not all(isinstance(flag, bool) for flag in flags):
            raise _refusal(400, "url, publish_to_discover and publish_to_appstore are required")
        known = next(
            (repository for repository in repositories(self._world) if repository.url == url), None
        )
        if known is None:
            raise _refusal(404, "repository not found")
        now = self._world.now()
        self._store.execute(
            "INSERT INTO github_tracking VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (url) DO UPDATE SET"
            " user_int_id = excluded.user_int_id, discover = excluded.discover,"
            " appstore = excluded.appstore, updated_at = excluded.updated_at",
            (url, request.caller.user_int_id, *flags, now, now),
        )
        row = self._tracking(known)
        answer = {
            "url": url,
            "publish_to_discover": bool(row["discover"]),
            "publish_to_appstore": bool(row["appstore"]),
            "user_id": row["user_int_id"],
            "created_at": iso(row["created_at"]),
            "updated_at": iso(row["updated_at"]),
        }
        return Response(200, answer)

    def one(self, request: Request) -> Response:
        """One repository with its releases."""
        repository = self._repository(request)
        published = {
            row["label"]: row
            for row in self._store.rows(
                "SELECT * FROM github_publications WHERE url = ?", (repository.url,)
            )
        }
        releases = [
            {
                **_release(repository, release),
                "source": "api",
                **_published(published.get(release.label)),
            }
            for release in repository.releases()
        ]
        return Response(200, {**self._json(repository, request.caller), "releases": releases})

    def publish(self, request: Request) -> Response:
        """Publish a release now: noted, and never done here."""
        repository, body = self._repository(request), _body(request)
        label, destinations = body.get("label"), body.get("destinations") or []
        if not isinstance(label, str) or not label:
            raise _refusal(400, "label is required")
        if not isinstance(destinations, list) or not all(
            isinstance(destination, str) and destination in DESTINATIONS
            for destination in destinations
        ):
            raise _refusal(400, "destinations must be discover or appstore")
        if label not in {release.label for release in repository.releases()}:
            raise _refusal(404, "release not found")
        self._store.execute(
            "INSERT OR IGNORE INTO github_publications (url, label, created_at) VALUES (?, ?, ?)",
            (repository.url, label, self._world.now()),
        )
        content = {"requested_by": request.caller.user_id, "url": repository.url, "label": label}
        return Response(202, content)

    def profile(self, request: Request) -> Response:
        """The caller's GitHub account; 404 when it is not connected."""
        self._need_connection(request.caller)
        return Response(200, self._profile(request.caller))

    def connect(self, request: Request) -> Response:
        """Connect the account. Any code is right here."""
        body = _body(request)
        if not isinstance(body.get("code"), str) or not body["code"]:
            raise _refusal(400, "code is required")
        connection.connect(self._store, request.caller.user_int_id)
        return Response(200, self._profile(request.caller))

    def disconnect(self, request: Request) -> Response:
        """Disconnect the account."""
        connection.disconnect(self._store, request.caller.user_int_id)
        return Response(200, {"message": "GitHub account removed"})

    def installations(self, request: Request) -> Response:
        """The owners whose repositories the platform sees."""
        self._need_connection(request.caller)
        installations = [
            {
                "id": zlib.crc32(name.lower().encode()),
                "name": name,
                "avatar_url": f"{_HOST}/{name}.png",
                "config_url": f"{_HOST}/settings/installations",
            }
            for name in self._owners()
        ]
        return Response(200, {"count": len(installations), "installations": installations})

    def operator_only(self, request: Request) -> Response:
        """For the platform's own staff, of whom there is none here."""
        del request
        raise _refusal(403, "Forbidden")

    def event(self, request: Request) -> Response:
        """An event from GitHub: none is expected, so it is ignored."""
        del request
        return Response(200, "ignored")

    def _owners(self) -> list[str]:
        return sorted({repository.owner for repository in repositories(self._world)})

    def _repository(self, request: Request) -> Repository:
        self._need_connection(request.caller)
        repository = find(self._world, request.params["owner"], request.params["repo"])
        if repository is None:
            raise _refusal(404, "repository not found")
        return repository

    def _tracking(self, repository: Repository) -> Row:
        row = self._store.row("SELECT * FROM github_tracking WHERE url = ?", (repository.url,))
        return row or {"discover": 0, "appstore": 0}

    def _json(self, repository: Repository, caller: Caller) -> dict[str, Any]:
        row, releases = self._tracking(repository), repository.releases()
        content = {
            "id": repository.id,
            "repo_id": repository.id,
            "user_id": caller.user_int_id,
            "name": repository.name,
            "full_name": repository.full_name,
            "description": repository.description(),
            "url": repository.url,
            "type": "github",
            "private": False,
            "visibility": "public",
            "publishing_to_discover": bool(row["discover"]),
            "publishing_to_appstore": bool(row["appstore"]),
        }
        return (
            {**content, "latest_release": _release(repository, releases[0])}
            if releases
            else content
        )

    def _need_connection(self, caller: Caller) -> None:
        if not connection.is_connected(self._store, caller.user_int_id):
            raise _refusal(404, "GitHub account not found")

    def _profile(self, caller: Caller) -> dict[str, Any]:
        login = next(iter(self._owners()), caller.email.partition("@")[0])
        return {
            "username": login,
            "login": login,
            "email": caller.email,
            "url": f"https://api.github.com/users/{login}",
            "html_url": f"{_HOST}/{login}",
            "avatar_url": f"{_HOST}/{login}.png",
            "installation_id": zlib.crc32(login.lower().encode()),
        }


def _release(repository: Repository, release: Release) -> dict[str, Any]:
    return {
        "label": release.label,
        "marker": release.marker,
        "release_status": "published",
        "release_date": iso(release.created_at),
        "release_url": f"{repository.url}/releases/tag/{release.label}",
    }


def _published(row: Row | None) -> dict[str, Any]:
    """The state of the App Store is never reported here, on the platform neither."""
    appstore = {"status": "unavailable", "detail": "see the App Store"}
    discover = None
    if row is not None:
        discover = {
            "status": "created",
            "publication_id": row["id"],
            "publication_version": None,
            "doi": None,
            "publication_date": iso(row["created_at"]),
        }
    return {"publishing": {"discover": discover, "appstore": appstore}}


def _body(request: Request) -> dict[str, Any]:
    try:
        return request.json_object()
    except ValueError as error:
        raise _refusal(400, "invalid request body") from error


def _number(request: Request, name: str, default: int, most: int) -> int:
    number = request.query.get(name, str(default))
    if not (number.isascii() and number.isdigit()) or len(number) > len(str(most)):
        raise _refusal(400, f"{name} must be a number")
    if not 1 <= int(number) <= most:
        raise _refusal(400, f"{name} must be between 1 and {most}")
    return int(number)


def _refusal(status: int, message: str) -> Refusal:
    return Refusal(status, {"message": message})
