"""What v2 lists beyond a workspace's own: shared datasets, types of packages, messages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pennsieve_agent.sandbox.data.people import directory
from tests.sandbox.platform import Platform, Session


def get(platform: Platform, path: str, who: Session | None = None, **query: Any) -> httpx.Response:
    return platform.v2.get(path, params=query, headers=(who or platform.ada).bearer)


def guest_of_the_sandbox(platform: Platform) -> Session:
    """Somebody of another workspace, who is a guest here."""
    store = platform.world.store
    other = directory.add_workspace(store, "Elsewhere", 0)
    person = directory.Person("gus@example.org", "Gus", "Test", directory.OWNER)
    user = directory.add_person(store, other, person, 0)
    directory.set_membership(store, user, platform.workspace, directory.GUEST)
    return platform.session(user)


def test_a_guest_sees_what_was_shared(platform: Platform) -> None:
    gus = guest_of_the_sandbox(platform)
    first, second = platform.dataset("a", "x.csv"), platform.dataset("b")
    platform.dataset("c")
    for dataset in (first, second):
        assert platform.share(dataset, gus, "viewer").status_code == 200
    found = get(platform, "/datasets/shared-datasets", gus).json()
    assert (found["limit"], found["offset"], found["totalCount"]) == (10, 0, 2)
    assert [each["content"]["id"] for each in found["datasets"]] == [first, second]
    assert found["datasets"][0]["content"]["workspaceName"] == "Sandbox"
    page = get(platform, "/datasets/shared-datasets", gus, limit=1, offset=1).json()
    assert [each["content"]["id"] for each in page["datasets"]] == [second]
    assert page["totalCount"] == 2


def test_a_member_is_shared_nothing(platform: Platform) -> None:
    dataset, bob = platform.dataset("a"), platform.person("bob")
    platform.share(dataset, bob, "editor")
    found = get(platform, "/datasets/shared-datasets", bob).json()
    assert (found["totalCount"], found["datasets"]) == (0, [])


@pytest.mark.parametrize("query", [{"limit": "101"}, {"limit": "x"}, {"offset": "-1"}])
@pytest.mark.parametrize("path", ["/datasets/shared-datasets", "/datasets/trashcan"])
def test_a_page_that_cannot_be(platform: Platform, path: str, query: dict[str, str]) -> None:
    asked = {"dataset_id": platform.dataset("a"), **query}
    answer = platform.v2.get(path, params=asked, headers=platform.ada.bearer)
    assert answer.status_code == 400
    assert answer.text.startswith("{'message': '")
    assert answer.headers["Content-Type"] == "application/json"


def test_types_of_packages(platform: Platform) -> None:
    assert {"CSV", "Collection", "TimeSeries"} < set(get(platform, "/packages/types").json())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/notification/topics", 200),
        ("/notification/subscriptions", 200),
        ("/notification/subscriptions/1", 404),
        ("/notification/1/notifications", 404),
    ],
)
def test_messages(platform: Platform, path: str, status: int) -> None:
    assert get(platform, path).status_code == status
    assert platform.v2.get(path).status_code == 401
