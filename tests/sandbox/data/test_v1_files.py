"""The files of a package, their addresses, and the v1 download manifest."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.sandbox.data.packages import virus_scanner
from tests.sandbox.clock import Clock
from tests.sandbox.data.test_v1_tree import ids, v2
from tests.sandbox.platform import Platform, error


@pytest.fixture
def dataset_id(platform: Platform) -> str:
    made = platform.dataset("d", "a.csv", "top/s/b.txt", "top/s/bad.bin")
    (platform.world.datasets / "d/top/s/bad.bin").write_bytes(virus_scanner._TEST_TEXT)
    return made


def fetch(platform: Platform, url: str, **headers: str) -> Any:
    return platform.v2.get(url.removeprefix(platform.world.urls.api2), headers=headers)


def test_the_sources_of_a_package(platform: Platform, dataset_id: str) -> None:
    at = ids(platform, dataset_id)
    page = platform.get(f"/packages/{at['a.csv']}/sources-paged").json()
    assert (page["limit"], page["offset"], page["totalCount"]) == (100, 0, 1)
    content = page["results"][0]["content"]
    assert (content["name"], content["objectType"], content["size"]) == ("a.csv", "source", 5)
    assert content["s3key"]
    for route in ("files", "view", "sources"):
        assert platform.get(f"/packages/{at['a.csv']}/{route}").json() == page["results"]
    assert "Warning" in platform.get(f"/packages/{at['a.csv']}/sources").headers
    assert platform.get(f"/packages/{at['top']}/sources-paged").json()["totalCount"] == 0
    after = platform.get(f"/packages/{at['a.csv']}/sources-paged", offset=1).json()
    assert (after["totalCount"], after["results"]) == (1, [])


def test_the_address_of_a_file(platform: Platform, dataset_id: str, clock: Clock) -> None:
    at = ids(platform, dataset_id)
    base = f"/packages/{at['a.csv']}"
    number = platform.get(f"{base}/sources-paged").json()["results"][0]["content"]["id"]
    found = platform.get(f"{base}/files/{number}", short="false").json()
    assert set(found) == {"url", "scanStatus"}
    assert fetch(platform, found["url"]).text == "a.csv"
    assert fetch(platform, found["url"], **platform.ada.bearer).status_code == 400
    redirect = platform.get(f"{base}/files/{number}/presign/some/where.html")
    assert redirect.status_code == 302
    assert fetch(platform, redirect.headers["Location"]).text == "a.csv"
    clock.time += 30 * 60
    assert fetch(platform, found["url"]).status_code == 403
    assert fetch(platform, redirect.headers["Location"]).status_code == 200
    platform.ada = platform.session(platform.ada.user_int_id)
    assert error(platform.get(f"{base}/files/1")) == (404, "NotFound")
    assert error(platform.get(f"{base}/files/x")) == (400, "BadRequest")


def test_an_infected_file_is_not_given(platform: Platform, dataset_id: str) -> None:
    at = ids(platform, dataset_id)
    base = f"/packages/{at['top/s/bad.bin']}"
    number = platform.get(f"{base}/sources-paged").json()["results"][0]["content"]["id"]
    assert error(platform.get(f"{base}/files/{number}")) == (403, "Forbidden")


def test_the_manifest(platform: Platform, dataset_id: str, clock: Clock) -> None:
    at = ids(platform, dataset_id)
    body = {"nodeIds": [at["top/s"], at["a.csv"]]}
    found = platform.send("POST", "/packages/download-manifest", body).json()
    assert found["header"] == {"count": 2, "size": 16, "blockedCount": 1}
    assert [(each["fileName"], each["path"]) for each in found["data"]] == [
        *(("b.txt", ["s"]), ("a.csv", [])),
    ]
    (blocked,) = found["blocked"]
    assert set(blocked) == {"nodeId", "fileName", "packageName", "scanStatus"}
    assert blocked["fileName"] == "bad.bin"
    clock.time += 180 * 60 - 1
    assert fetch(platform, found["data"][0]["url"]).text == "top/s/b.txt"
    clock.time += 1
    assert fetch(platform, found["data"][0]["url"]).status_code == 403


def test_the_manifest_of_some_files(platform: Platform, dataset_id: str) -> None:
    at = ids(platform, dataset_id)
    page = platform.get(f"/packages/{at['a.csv']}/sources-paged").json()
    number = page["results"][0]["content"]["id"]
    body = {"nodeIds": [at["a.csv"], at["top"]], "fileIds": [number]}
    found = platform.send("POST", "/packages/download-manifest", body).json()
    assert [each["fileName"] for each in found["data"]] == ["a.csv"]


@pytest.mark.parametrize(
    "wrong", [["N:package:x"], ["dataset"], [1], "x", None, ["N:collection:x"]]
)
def test_ids_that_the_manifest_refuses(platform: Platform, dataset_id: str, wrong: object) -> None:
    given = [dataset_id] if wrong == ["dataset"] else wrong
    body = {"nodeIds": given}
    answer = platform.send("POST", "/packages/download-manifest", body)
    assert error(answer) == (400, "BadRequest")


def test_the_list_of_a_whole_dataset(platform: Platform, dataset_id: str) -> None:
    answer = v2(platform, "GET", "/datasets/manifest", dataset_id).json()
    assert set(answer) == {"url", "s3_bucket", "s3_key"}
    found = fetch(platform, answer["url"]).json()
    assert found["datasetNodeId"] == dataset_id
    assert [(each["path"], each["fileName"]) for each in found["files"]] == [
        *(("", "a.csv"), ("top/s", "b.txt"), ("top/s", "bad.bin")),
    ]
    assert found["description"] is None
    assert found["files"][0]["checksum"] is None
    platform.send("DELETE", f"/datasets/{dataset_id}")
    assert fetch(platform, answer["url"]).status_code == 404
    assert platform.v2.get("/datasets/manifest", headers=platform.ada.bearer).status_code == 401
