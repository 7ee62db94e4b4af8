"""``pennsieve workflow app repos``: what Pennsieve's GitHub integration sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Details, Shown, Table
from pennsieve_agent.console.tables import NAME, Column, Cut

if TYPE_CHECKING:
    from pennsieve_agent.domain.github import Release
    from pennsieve_agent.domain.workflows import Version
    from pennsieve_agent.services.workflows.github_repositories import GitHubView, Seen


@command(
    "workflow app repos",
    answers="list of github_repository",
    examples=["pennsieve workflow app repos", "pennsieve workflow app repos lab/spike-rate"],
)
def repos(
    context: Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]", help="A part of owner/name; a single match is shown with details."
        ),
    ] = "",
) -> Shown:
    """The GitHub repositories that Pennsieve sees, their releases and App Store state."""
    from pennsieve_agent.services.workflows.github_repositories import seen_on_github

    view = seen_on_github(context.platform, name)
    document = [_document(seen) for seen in view.repositories]
    if not view.repositories:
        return Shown(document, notes=[_nothing(context, view, name)])
    if len(view.repositories) == 1:
        return Shown(document, _one(context, view.repositories[0]))
    rows = [
        [
            seen.repository.full_name,
            "private" if seen.repository.is_private else "public",
            _label(seen.repository.latest_release),
            "yes" if seen.repository.to_app_store else "no",
            _newest(seen),
            seen.repository.url,
        ]
        for seen in view.repositories
    ]
    url = Column("URL", Cut.MIDDLE, spare=True)
    columns: list[str | Column] = [NAME, "VISIBILITY", "RELEASE", "TRACKED", "APP STORE", url]
    return Shown(document, Table(columns, rows))


def _nothing(context: Context, view: GitHubView, name: str) -> str:
    if view.account is None:
        is_sandbox = context.profile.hosts.near
        how = (
            f"with: pennsieve sandbox user connect {context.user.email}"
            if is_sandbox
            else "in the web application"
        )
        return (
            f"your Pennsieve account is not connected with GitHub; connect it {how}; or register "
            "code without it: pennsieve workflow add OWNER/NAME"
        )
    who = f"Pennsieve's GitHub app, as {view.account.username},"
    if name:
        return f"{who} sees no repository with '{name}' in its name"
    return f"{who} sees no repository; give it some in GitHub's settings of the app"


def _one(context: Context, seen: Seen) -> list[Any]:
    from pennsieve_agent.console.words import when

    repository = seen.repository
    details = Details(
        [
            ("name", repository.full_name),
            ("url", repository.url),
            ("description", repository.description),
            ("visibility", "private" if repository.is_private else "public"),
            ("to the App Store", _tracked(to=repository.to_app_store)),
            ("to Discover", _tracked(to=repository.to_discover)),
            ("registered code", seen.application.uuid if seen.application else "none"),
        ]
    )
    if not repository.releases:
        return [details, "", "No release yet."]
    rows = [
        [
            release.label,
            when(release.released_at, context.now(), relative=context.relative),
            _state(seen.version(release)),
            release.discover.status if release.discover else "",
        ]
        for release in repository.releases
    ]
    return [details, "", Table(["RELEASE", "WHEN", "APP STORE", "DISCOVER"], rows)]


def _tracked(*, to: bool) -> str:
    return "each new release" if to else "no"


def _label(release: Release | None) -> str:
    return release.label if release else ""


def _newest(seen: Seen) -> str:
    versions = seen.application.versions if seen.application else ()
    newest = max(versions, key=lambda version: version.created_at, default=None)
    return f"{newest.tag} {newest.status.value}" if newest else "not registered"


def _state(version: Version | None) -> str:
    return version.status.value if version else "not registered"


def _document(seen: Seen) -> dict[str, Any]:
    repository = seen.repository
    return {
        "name": repository.full_name,
        "source_url": repository.url,
        "description": repository.description,
        "private": repository.is_private,
        "to_app_store": repository.to_app_store,
        "to_discover": repository.to_discover,
        "app_id": seen.application.uuid if seen.application else None,
        "latest_release": _label(repository.latest_release) or None,
        "releases": [_release(release, seen.version(release)) for release in repository.releases],
    }


def _release(release: Release, version: Version | None) -> dict[str, Any]:
    from pennsieve_agent.console.documents import time

    return {
        "tag": release.label,
        "released_at": time(release.released_at),
        "app_store": version.status.value if version else None,
        "discover": release.discover.status if release.discover else None,
    }
