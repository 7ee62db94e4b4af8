"""Repositories and their releases on the wire (``contracts/workflows.md`` 1.9)."""

from __future__ import annotations

from pennsieve_agent.domain.github import (
    GitHubAccount,
    Installation,
    Publication,
    Release,
    Repository,
    Tracking,
)
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.times import iso


def decode_repository(item: Fields) -> Repository:
    """A repository; its releases come only when it was asked for by name."""
    latest = item.record("latest_release")
    return Repository(
        full_name=item.need_text("full_name", "name"),
        url=item.text("url"),
        id=item.text("id", "repo_id"),
        description=item.text("description"),
        is_private=item.flag("private"),
        to_discover=_goes_to(item, "discover"),
        to_app_store=_goes_to(item, "appstore"),
        latest_release=_release(latest) if latest.text("label") else None,
        releases=tuple(_release(row) for row in item.records("releases")),
    )


def _release(item: Fields) -> Release:
    discover = item.record("publishing").record("discover")
    status = discover.text("status")
    return Release(
        label=item.need_text("label"),
        marker=item.text("marker"),
        status=item.text("release_status"),
        released_at=iso(item.raw("release_date")),
        url=item.text("release_url"),
        source=item.text("source"),
        discover=_publication(discover) if status else None,
    )


def _publication(item: Fields) -> Publication:
    return Publication(
        status=item.text("status"),
        id=item.text("publication_id"),
        version=item.text("publication_version"),
        doi=item.text("doi"),
        published_at=iso(item.raw("publication_date")),
    )


def decode_tracking(item: Fields, url: str) -> Tracking:
    """Where the releases of the repository at ``url`` go now."""
    return Tracking(
        url=item.text("url") or url,
        to_discover=_goes_to(item, "discover"),
        to_app_store=_goes_to(item, "appstore"),
        updated_at=iso(item.raw("updated_at")),
    )


def _goes_to(item: Fields, place: str) -> bool:
    """Whether releases go to a place, under any of the names it has (section 8, trap 16)."""
    names = (f"publish_to_{place}", f"publishing_to_{place}", f"PublishingTo{place.title()}")
    return any(item.flag(name) for name in names)


def decode_account(item: Fields) -> GitHubAccount:
    """An account. The field ``access_token`` is a credential, and not read."""
    return GitHubAccount(
        # The specification and the web app differ in what they call these.
        username=item.need_text("username", "login", "name"),
        email=item.text("email"),
        url=item.text("html_url", "url"),
        installation_id=item.text("installation_id"),
    )


def decode_installation(item: Fields) -> Installation:
    """A place where the platform's app is installed."""
    return Installation(
        id=item.need_text("id"), name=item.text("name"), settings_url=item.text("config_url")
    )
