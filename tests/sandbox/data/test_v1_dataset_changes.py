"""Editing and deleting datasets, who may, and the deprecated routes."""

from __future__ import annotations

import pytest

from tests.sandbox.platform import Platform, error


@pytest.fixture
def path(platform: Platform) -> str:
    return f"/datasets/{platform.dataset('d', 'a.csv', 's/b.csv')}"


def test_editing(platform: Platform, path: str) -> None:
    body = {
        "name": "Renamed",
        "description": "what it is",
        "tags": ["t"],
        "license": "CC0",
        "status": "IN_REVIEW",
        "automaticallyProcessPackages": True,
    }
    answer = platform.send("PUT", path, body)
    assert answer.status_code == 200
    found = platform.get(path)
    content = found.json()["content"]
    assert {name: content[name] for name in body} == body
    assert found.json()["status"]["displayName"] == "In Review"
    assert found.headers["ETag"] == answer.headers["ETag"]
    assert (platform.world.datasets / "d").is_dir(), "the folder keeps its name"
    in_review = platform.get("/datasets/paginated", status="IN_REVIEW").json()["datasets"]
    assert len(in_review) == 1
    assert platform.get("/datasets/paginated", status="NO_STATUS").json()["totalCount"] == 0
    assert platform.get("/datasets/paginated", status="NONSENSE").json()["totalCount"] == 0


def test_a_change_in_between_is_noticed(platform: Platform, path: str) -> None:
    tag = platform.get(path).headers["ETag"]
    headers = {**platform.ada.bearer, "If-Match": tag}
    first = platform.v1.put(path, json={"description": "1"}, headers=headers)
    assert first.status_code == 200
    second = platform.v1.put(path, json={"description": "2"}, headers=headers)
    assert error(second) == (412, "PreconditionFailed")
    assert platform.get(path).json()["content"]["description"] == "1"
    headers["If-Match"] = first.headers["ETag"]
    assert platform.v1.put(path, json={"description": "3"}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "body", [{"name": " "}, {"name": "x" * 256}, {"name": "e"}, {"status": "x"}, {"tags": [1]}]
)
def test_what_cannot_be_set(platform: Platform, path: str, body: dict[str, object]) -> None:
    platform.dataset("e")
    assert error(platform.send("PUT", path, body)) == (400, "BadRequest")


def test_who_may_edit_and_delete(platform: Platform, path: str) -> None:
    people = {role: platform.person(role) for role in ("viewer", "editor", "manager")}
    dataset_id = path.removeprefix("/datasets/")
    for role, who in people.items():
        platform.share(dataset_id, who, role)
    body = {"description": "x"}
    found = {
        role: platform.send("PUT", path, body, who).status_code for role, who in people.items()
    }
    assert found == {"viewer": 403, "editor": 403, "manager": 200}
    found = {
        role: platform.send("DELETE", path, None, who).status_code for role, who in people.items()
    }
    assert found == {"viewer": 403, "editor": 403, "manager": 403}
    event = {"eventType": "X", "message": "y"}
    found = {
        role: platform.send("POST", f"{path}/event", event, who).status_code
        for role, who in people.items()
    }
    assert found == {"viewer": 403, "editor": 200, "manager": 200}


def test_deleting(platform: Platform, path: str) -> None:
    assert platform.send("DELETE", path).status_code == 200
    assert error(platform.get(path)) == (404, "NotFound")
    assert platform.get("/datasets/paginated").json()["totalCount"] == 0
    assert not (platform.world.datasets / "d").exists()
    assert list((platform.world.data / "trash").rglob("a.csv"))


def test_the_deprecated_routes_say_so(platform: Platform, path: str) -> None:
    (one,) = platform.get("/datasets").json()
    assert one["content"]["name"] == "d"
    assert platform.get(f"{path}/role").json() == {
        "userId": platform.ada.user_int_id,
        "datasetId": 1,
        "role": "owner",
    }
    assert platform.get(f"{path}/packageTypeCounts").json() == {"CSV": 2, "Collection": 1}
    for each in ("/datasets", f"{path}/role", f"{path}/packageTypeCounts"):
        assert platform.get(each).headers["Warning"].startswith("299 - ")
    assert "Warning" not in platform.get(path).headers


def test_a_batch_of_packages(platform: Platform, path: str) -> None:
    found = platform.get(f"{path}/packages").json()["packages"]
    ids = [each["content"]["nodeId"] for each in found]
    answer = platform.get(f"{path}/packages/batch", packageId=[*ids, "N:package:x"]).json()
    assert answer["packages"] == found
    assert answer["failures"] == [{"id": "N:package:x", "error": "N:package:x not found"}]
    assert platform.get(f"{path}/packages/batch").json() == {"packages": [], "failures": []}
