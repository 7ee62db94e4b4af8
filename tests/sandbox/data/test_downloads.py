"""Download manifests of v2, and the signed addresses in them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.clock import Clock
from tests.sandbox.platform import Platform, Session


def ids(platform: Platform, dataset_id: str) -> dict[str, str]:
    found = platform.get(f"/datasets/{dataset_id}/packages").json()["packages"]
    return {each["content"]["name"]: each["content"]["nodeId"] for each in found}


def manifest(
    platform: Platform, dataset_id: str, body: object, session: Session | None = None
) -> httpx.Response:
    return platform.v2.post(
        "/packages/download-manifest",
        params={"dataset_id": dataset_id},
        json=body,
        headers=(session or platform.ada).bearer,
    )


@pytest.fixture
def dataset_id(platform: Platform) -> str:
    return platform.dataset("d", "raw/s1/a.csv", "raw/b.csv", "c.csv")


def download(platform: Platform, url: str, **headers: str) -> httpx.Response:
    return platform.v2.get(url.removeprefix(platform.world.urls.api2), headers=headers)


def entries(platform: Platform, dataset_id: str, *names: str) -> list[dict[str, Any]]:
    known = ids(platform, dataset_id)
    answer = manifest(platform, dataset_id, {"nodeIds": [known[name] for name in names]})
    found = answer.json()
    assert found["header"]["count"] == len(found["data"])
    assert found["header"]["size"] == sum(each["size"] for each in found["data"])
    return list(found["data"])


def test_paths_start_with_the_collection_that_was_asked_for(
    platform: Platform, dataset_id: str
) -> None:
    found = entries(platform, dataset_id, "raw", "c.csv")
    assert [(each["path"], each["fileName"]) for each in found] == [
        (["raw"], "b.csv"),
        (["raw", "s1"], "a.csv"),
        ([], "c.csv"),
    ]
    (inner,) = entries(platform, dataset_id, "s1")
    assert inner["path"] == ["s1"]


def test_an_address_needs_no_credential_and_tolerates_none(
    platform: Platform, dataset_id: str
) -> None:
    (entry,) = entries(platform, dataset_id, "c.csv")
    answer = download(platform, entry["url"])
    assert (answer.status_code, answer.text) == (200, "c.csv")
    assert answer.headers["Content-Length"] == "5"
    refused = download(platform, entry["url"], **platform.ada.bearer)
    assert refused.status_code == 400
    assert "<Code>InvalidArgument</Code>" in refused.text


def test_an_address_gives_parts(platform: Platform, dataset_id: str) -> None:
    (entry,) = entries(platform, dataset_id, "c.csv")
    part = download(platform, entry["url"], Range="bytes=2-")
    assert (part.status_code, part.text) == (206, "csv")
    assert download(platform, entry["url"], Range="bytes=9-").status_code == 416


def test_an_address_ends_and_cannot_be_changed(
    platform: Platform, dataset_id: str, clock: Clock
) -> None:
    (entry,) = entries(platform, dataset_id, "c.csv")
    url = entry["url"]
    path, _, signature = url.partition("?")
    for changed in (f"{path[:-8]}AAAAAAAA?{signature}", url[:-1], path, f"{url}é"):
        answer = download(platform, changed)
        assert answer.status_code == 403
        assert "<Code>SignatureDoesNotMatch</Code>" in answer.text
    clock.time += 3 * 3600
    assert "<Code>AccessDenied</Code>" in download(platform, url).text


def test_an_address_of_a_file_that_went_away(platform: Platform, dataset_id: str) -> None:
    (entry,) = entries(platform, dataset_id, "c.csv")
    (platform.world.datasets / "d" / "c.csv").unlink()
    answer = download(platform, entry["url"])
    assert (answer.status_code, "<Code>NoSuchKey</Code>" in answer.text) == (404, True)


def test_unknown_ids_are_passed_over(platform: Platform, dataset_id: str) -> None:
    other = platform.dataset("e", "x.csv")
    foreign = ids(platform, other)["x.csv"]
    answer = manifest(platform, dataset_id, {"nodeIds": ["N:package:x", foreign]})
    assert answer.json() == {
        "header": {"count": 0, "size": 0, "blockedCount": 0},
        "data": None,
        "blocked": [],
    }


@pytest.mark.parametrize("body", [None, [], {}, {"nodeIds": []}, {"nodeIds": [7]}])
def test_a_wrong_body_gives_what_is_not_json(
    platform: Platform, dataset_id: str, body: object
) -> None:
    answer = manifest(platform, dataset_id, body)
    assert answer.status_code == 400
    assert answer.text.startswith("{'message': '")
    assert "requestID: " in answer.text


def test_a_guest_of_the_dataset_is_refused_by_the_service(
    platform: Platform, dataset_id: str
) -> None:
    bob = platform.person("bob")
    platform.world.store.execute(
        "INSERT INTO collaborators VALUES (1, 'user', ?, 'guest')", (bob.user_int_id,)
    )
    answer = manifest(platform, dataset_id, {"nodeIds": ["x"]}, bob)
    assert answer.status_code == 401
    assert answer.text.startswith("{'message': '")
