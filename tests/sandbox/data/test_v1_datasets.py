"""People, workspaces, datasets and packages as v1 answers them."""

from __future__ import annotations

import os
from typing import Any

import pytest

from pennsieve_agent.sandbox.data.people.directory import ADMINISTRATOR
from tests.sandbox.platform import Platform, error


def names(answer: Any) -> list[str]:
    return [each["content"]["name"] for each in answer]


def page(platform: Platform, **query: Any) -> dict[str, Any]:
    answer = platform.get("/datasets/paginated", **query)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def test_the_person_and_their_workspaces(platform: Platform) -> None:
    user = platform.get("/user").json()
    assert user["id"] == platform.ada.user_id
    assert user["preferredOrganization"].startswith("N:organization:")
    assert None not in user.values()
    (membership,) = platform.get("/organizations").json()["organizations"]
    assert membership["organization"]["name"] == "Sandbox"
    assert membership["isOwner"]
    assert membership["isAdmin"]


def test_one_workspace_says_that_nobody_is_anything(platform: Platform) -> None:
    workspace = platform.get("/user").json()["preferredOrganization"]
    found = platform.get(f"/organizations/{workspace}").json()
    assert (found["isOwner"], found["isAdmin"]) == (False, False)
    assert error(platform.get("/organizations/N:organization:x")) == (404, "NotFound")


def test_what_only_a_browser_session_may_do(platform: Platform) -> None:
    for method, path in (("PUT", "/session/switch-organization"), ("POST", "/token")):
        answer = platform.send(method, path, {"name": "laptop"})
        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden."})


def test_the_list_echoes_the_limit_it_did_not_use(platform: Platform) -> None:
    for number in range(501):
        (platform.world.datasets / f"d{number:03}").mkdir()
    found = page(platform, limit=9999)
    assert (found["limit"], found["totalCount"], len(found["datasets"])) == (9999, 501, 500)
    found = page(platform, offset=500)
    assert (found["limit"], found["offset"]) == (25, 500)
    assert names(found["datasets"]) == ["d500"]


def test_the_list_is_searched_as_full_text(platform: Platform) -> None:
    for name in ("Mouse EEG", "Mouse MRI", "x-y", "The Who"):
        (platform.world.datasets / name).mkdir()
    assert names(page(platform, query="mou")["datasets"]) == ["Mouse EEG", "Mouse MRI"]
    assert names(page(platform, query="Mouse EEG")["datasets"]) == ["Mouse EEG"]
    assert page(platform, query="Mou EEG")["datasets"] == []  # a prefix only when alone
    assert page(platform, query="x-y")["datasets"] == []  # not found by its own name
    assert page(platform, query="the")["datasets"] == []  # a stop word


def test_the_list_is_filtered_and_ordered(platform: Platform) -> None:
    for name in ("b", "A", "c"):
        platform.dataset(name)
    assert names(page(platform)["datasets"]) == ["A", "b", "c"]
    assert names(page(platform, orderDirection="Desc")["datasets"]) == ["c", "b", "A"]
    assert names(page(platform, orderBy="IntId")["datasets"]) == ["b", "A", "c"]
    assert len(page(platform, onlyMyDatasets="true")["datasets"]) == 3
    assert page(platform, withRole="editor")["datasets"] == []
    assert page(platform, status="IN_REVIEW")["datasets"] == []
    for query in (
        {"limit": "x"},
        {"limit": -1},
        {"offset": 2**63},
        {"orderBy": "Size"},
        {"orderDirection": "up"},
        {"withRole": "king"},
        {"onlyMyDatasets": "true", "withRole": "owner"},
        {"onlyMyDatasets": "maybe"},
    ):
        assert error(platform.get("/datasets/paginated", **query)) == (400, "BadRequest")


def test_without_a_role_a_dataset_does_not_exist(platform: Platform) -> None:
    dataset_id = platform.dataset("d", "a.csv")
    bob = platform.person("bob", ADMINISTRATOR)  # which gives no role on datasets
    package = platform.get(f"/datasets/{dataset_id}/packages").json()["packages"][0]
    for path in (
        f"/datasets/{dataset_id}",
        f"/datasets/{dataset_id}/packages",
        f"/datasets/{dataset_id}/collaborators/users",
        f"/datasets/{dataset_id}/webhook",
        f"/packages/{package['content']['nodeId']}",
    ):
        assert error(platform.get(path, bob)) == (404, "NotFound")
    assert platform.get("/datasets/paginated", bob).json()["totalCount"] == 0
    assert platform.get(f"/datasets/{dataset_id}", bob).json()["message"] == "Dataset (1) not found"


def test_only_node_ids_name_datasets_and_packages(platform: Platform) -> None:
    platform.dataset("d", "a")
    for path in ("/datasets/1", "/packages/1", "/datasets/N:package:x/packages"):
        assert error(platform.get(path)) == (400, "BadRequest")
    for path in ("/datasets/N:dataset:x", "/packages/N:package:x"):
        assert error(platform.get(path)) == (404, "NotFound")


def test_one_dataset_shows_its_root(platform: Platform) -> None:
    dataset_id = platform.dataset("d", "b.csv", "a/c.csv", "a.csv")
    answer = platform.get(f"/datasets/{dataset_id}")
    found = answer.json()
    assert answer.headers["ETag"]
    assert names(found["children"]) == ["a", "a.csv", "b.csv"]
    assert found["content"]["intId"] == 1
    assert found["storage"] == len("b.csv" + "a/c.csv" + "a.csv")
    assert (found["role"], found["owner"]) == ("owner", platform.ada.user_id)
    assert "description" not in found["content"]
    limited = platform.get(f"/datasets/{dataset_id}", limit=1, offset=1).json()
    assert names(limited["children"]) == ["a.csv"]


def test_the_flat_listing_pages_by_an_inclusive_cursor(platform: Platform) -> None:
    dataset_id = platform.dataset("d", *(f"{number}.csv" for number in range(5)))
    seen: list[int] = []
    cursor = None
    for expected in (2, 2, 1):
        query: dict[str, Any] = {"pageSize": 2} | ({"cursor": cursor} if cursor else {})
        found = platform.get(f"/datasets/{dataset_id}/packages", **query).json()
        ids = [each["content"]["id"] for each in found["packages"]]
        if cursor:
            assert cursor == f"package:{ids[0]}"
        assert len(ids) == expected
        seen += ids
        cursor = found.get("cursor")
    assert cursor is None
    assert seen == sorted(seen)


def test_the_two_listings_disagree_about_ids(platform: Platform) -> None:
    dataset_id = platform.dataset("d", "raw/a.nii.gz")
    folder, file = platform.get(
        f"/datasets/{dataset_id}/packages", includeSourceFiles="true"
    ).json()["packages"]
    assert file["content"]["id"] == 2
    assert file["content"]["parentId"] == folder["content"]["id"]
    assert "parentId" not in folder["content"]
    assert "extension" not in folder
    assert file["extension"] == "nii.gz"
    assert file["content"]["datasetId"] == 1
    (source,) = file["objects"]["source"]
    assert source["content"]["size"] == len("raw/a.nii.gz")
    assert source["content"]["id"] != file["content"]["id"]
    assert "objectType" not in source["content"]
    one = platform.get(
        f"/packages/{file['content']['nodeId']}", include="sources", includeAncestors="true"
    ).json()
    assert one["content"]["id"] == file["content"]["nodeId"]
    assert one["content"]["intId"] == 2
    assert one["content"]["datasetId"] == dataset_id
    assert one["parent"]["content"]["name"] == "raw"
    assert names(one["ancestors"]) == ["raw"]
    assert one["objects"]["source"][0]["content"]["objectType"] == "source"
    parent = platform.get(f"/packages/{folder['content']['nodeId']}").json()
    assert names(parent["children"]) == ["a.nii.gz"]
    assert "parent" not in parent


def test_the_flat_listing_filters(platform: Platform) -> None:
    dataset_id = platform.dataset("d", "a.csv", "b.pdf", "c.txt", "s/a.csv")

    def listed(**query: Any) -> list[str]:
        return names(platform.get(f"/datasets/{dataset_id}/packages", **query).json()["packages"])

    assert listed(types="PDF") == ["b.pdf"]
    assert sorted(listed(types="PDF:CSV:Text")) == ["b.pdf", "c.txt"]  # the middle is lost
    assert listed(filename="a.csv") == ["a.csv", "a.csv"]
    assert listed(filename="a") == []
    assert listed(state="DELETED") == []
    assert len(listed(state=["DELETED", "READY"])) == 5


@pytest.mark.parametrize(
    "query",
    [
        {"pageSize": 1001},
        {"pageSize": 0},
        {"cursor": "77"},
        {"cursor": "package:x"},
        {"cursor": f"package:{2**64}"},
        {"types": "Spreadsheet"},
        {"state": "GONE"},
        {"includeSourceFiles": "1"},
    ],
)
def test_the_flat_listing_refuses(platform: Platform, query: dict[str, Any]) -> None:
    dataset_id = platform.dataset("d")
    assert error(platform.get(f"/datasets/{dataset_id}/packages", **query)) == (400, "BadRequest")


def test_a_thousand_is_a_page(platform: Platform) -> None:
    dataset_id = platform.dataset("d")
    assert platform.get(f"/datasets/{dataset_id}/packages", pageSize=1000).status_code == 200


def test_an_absurd_file_time_is_shown_somehow(platform: Platform) -> None:
    dataset_id = platform.dataset("d", "a", "b")
    for name, seconds in (("a", -(10**10)), ("b", 10**12)):
        os.utime(platform.world.datasets / "d" / name, (seconds, seconds))
    assert platform.get(f"/datasets/{dataset_id}/packages").status_code == 200


def test_a_dataset_is_created_with_its_folder(platform: Platform) -> None:
    body = {"name": " New ", "description": "d", "tags": ["x"], "properties": []}
    answer = platform.send("POST", "/datasets", body)
    assert answer.status_code == 201
    found = answer.json()
    assert (found["content"]["name"], found["role"]) == ("New", "owner")
    assert (platform.world.datasets / "New").is_dir()
    assert page(platform)["totalCount"] == 1
    again = platform.send("POST", "/datasets", body)
    assert error(again) == (400, "BadRequest")
    assert again.json()["message"] == "dataset name must be unique"


@pytest.mark.parametrize("body", [None, [], {}, {"name": " "}, {"name": 1}, {"name": "x" * 256}])
def test_a_dataset_needs_a_name(platform: Platform, body: object) -> None:
    assert error(platform.send("POST", "/datasets", body)) == (400, "BadRequest")
    assert list(platform.world.datasets.iterdir()) == []


def test_guests_create_nothing(platform: Platform) -> None:
    guest = platform.person("guest", 1)
    assert error(platform.send("POST", "/datasets", {"name": "x"}, guest)) == (403, "Forbidden")
