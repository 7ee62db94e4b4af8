from __future__ import annotations

from typing import Any

import httpx
import pytest

from pennsieve_agent.domain.github import (
    GitHubAccount,
    Installation,
    Publication,
    Release,
    Repository,
    Tracking,
)
from pennsieve_agent.errors import UsageProblem
from tests.fakes.scripted_platform import scripted

RELEASE: dict[str, Any] = {
    "label": "v1.0.0",
    "marker": "abc",
    "release_status": "published",
    "release_date": "2026-01-02T03:04:05Z",
    "release_url": "https://github.com/acme/edf/releases/1",
}
REPOSITORY: dict[str, Any] = {
    "id": 1,
    "repo_id": 2,
    "name": "edf",
    "full_name": "acme/edf",
    "description": None,
    "url": "https://github.com/acme/edf",
    "private": True,
    "publishing_to_discover": False,
    "publishing_to_appstore": True,
}


def test_a_page_of_repositories() -> None:
    answer = {"page": 2, "size": 1, "count": 1, "total": 7, "repos": [REPOSITORY]}
    with scripted() as (script, platform):
        query = {"page": "2", "size": "1", "name": "edf"}
        script.on("GET v2/repositories", answer, query=query)
        page = platform.github.repositories(2, 1, "edf")
    assert (page.page, page.total) == (2, 7)
    assert page.repositories == (
        Repository(
            "acme/edf",
            "https://github.com/acme/edf",
            id="1",
            is_private=True,
            to_app_store=True,
        ),
    )


@pytest.mark.parametrize(("page", "size"), [(0, 25), (-1, 25), (1, 0), (1, 101)])
def test_a_page_that_cannot_be_is_not_asked_for(page: int, size: int) -> None:
    with scripted() as (_, platform), pytest.raises(UsageProblem):
        platform.github.repositories(page, size)


def test_a_repository_says_how_far_its_releases_are() -> None:
    discover = {"status": "completed", "publication_id": 4, "doi": "10.1/x"}
    publishing = {"discover": discover, "appstore": {"status": "unavailable", "detail": "x"}}
    releases = [
        RELEASE | {"source": "webhook", "publishing": publishing},
        {"label": "v0", "publishing": {"discover": None}},
    ]
    with scripted() as (script, platform):
        script.on("GET v2/repository/acme/edf", REPOSITORY | {"releases": releases})
        first, second = platform.github.repository("acme", "edf").releases
    assert first.discover == Publication("completed", id="4", doi="10.1/x")
    assert (first.source, first.released_at) == ("webhook", "2026-01-02T03:04:05.000Z")
    assert second == Release("v0")


def test_publishing_is_set_as_a_whole_and_may_be_sent_twice() -> None:
    body = {"url": "u", "publish_to_discover": False, "publish_to_appstore": True}
    with scripted() as (script, platform):
        script.on("POST v2/repositories", httpx.ReadError("lost"), body=body)
        script.on("POST v2/repositories", body | {"user_id": 1}, body=body)
        found = platform.github.set_publishing("u", to_discover=False, to_app_store=True)
    assert found == Tracking("u", to_discover=False, to_app_store=True)


def test_a_release_is_published_by_its_label() -> None:
    body = {"label": "v1.0.0", "destinations": ["appstore"]}
    with scripted() as (script, platform):
        script.on("POST v2/repository/acme/edf/publish", {"label": "v1.0.0"}, status=202, body=body)
        platform.github.publish("acme", "edf", "v1.0.0", ["appstore"])


@pytest.mark.parametrize(("label", "destination"), [("", "discover"), ("v1", "elsewhere")])
def test_a_release_without_a_name_or_a_place_is_not_sent(label: str, destination: str) -> None:
    with scripted() as (_, platform), pytest.raises(UsageProblem):
        platform.github.publish("acme", "edf", label, [destination])


def test_the_account_comes_without_its_token() -> None:
    profile = {"login": "ada", "html_url": "https://github.com/ada", "access_token": "gho_x"}
    with scripted() as (script, platform):
        script.on("GET v2/accounts/github/user", profile)
        account = platform.github.account()
    assert account == GitHubAccount("ada", url="https://github.com/ada")
    assert "gho_x" not in repr(account)


def test_no_account_is_no_error() -> None:
    with scripted() as (script, platform):
        script.on("GET v2/accounts/github/user", {"message": "not found"}, status=404)
        assert platform.github.account() is None


def test_installations() -> None:
    row = {"id": 5, "name": "acme", "avatar_url": "x", "config_url": "https://github.com/s"}
    with scripted() as (script, platform):
        script.on("GET v2/github/installations", {"count": 1, "installations": [row]})
        assert platform.github.installations() == (
            Installation("5", "acme", "https://github.com/s"),
        )
