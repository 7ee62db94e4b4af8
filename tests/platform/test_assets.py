from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.domain.assets import NewAsset, ReadingKeys, ViewerAsset
from pennsieve_agent.domain.transfers import StorageKeys
from pennsieve_agent.errors import PlatformError, UsageProblem
from tests.fakes.scripted_platform import scripted

D, P = "N:dataset:d", "N:package:p"
ROW: dict[str, Any] = {
    "id": "a1",
    "dataset_id": D,
    "name": "spikes",
    "asset_type": "parquet",
    "asset_url": "https://assets.test/O5/D12/a1/",
    "properties": {"rows": 3, "nested": {"x": [1]}},
    "status": "created",
    "package_ids": None,
    "created_at": "2026-01-02T03:04:05Z",
}
ASSET = ViewerAsset(
    "a1",
    "spikes",
    kind="parquet",
    status="created",
    url="https://assets.test/O5/D12/a1/",
    properties={"rows": 3, "nested": {"x": [1]}},
    created_at="2026-01-02T03:04:05.000Z",
)
KEYS: dict[str, Any] = {
    "access_key_id": "AKIA",
    "secret_access_key": "secret-1",
    "session_token": "secret-2",
    "expiration": "2026-01-02T03:04:05Z",
    "bucket": "b",
    "region": "us-east-2",
    "key_prefix": "viewer-assets/O5/D12/a1/",
}
CLOUDFRONT = {
    "base_url": "https://assets.test",
    "policy": "secret-3",
    "signature": "secret-4",
    "key_pair_id": "K",
    "policy_info": {},
}


def test_create_answers_the_asset_and_keys_that_are_never_shown() -> None:
    body = {"name": "spikes", "asset_type": "parquet", "package_ids": [P]}
    with scripted() as (script, platform):
        script.on(
            "POST v2/packages/assets",
            {"asset": ROW, "upload_credentials": KEYS},
            status=201,
            query={"dataset_id": D},
            body=body,
        )
        made = platform.assets.create(D, "spikes", "parquet", [P])
    keys = StorageKeys(
        "AKIA", "secret-1", "secret-2", 1767323045.0, "b", "viewer-assets/O5/D12/a1", "us-east-2"
    )
    assert made == NewAsset(ASSET, keys)
    assert "secret" not in repr(made)


@pytest.mark.parametrize("name", ["key_prefix", "expiration"])
@pytest.mark.parametrize("value", [None, "", "/"])
def test_keys_without_a_place_or_a_time_are_refused(name: str, value: str | None) -> None:
    with scripted() as (script, platform):
        answer = {"asset": ROW, "upload_credentials": KEYS | {name: value}}
        script.on("POST v2/packages/assets", answer, status=201)
        with pytest.raises(PlatformError) as caught:
            platform.assets.create(D, "n", "k")
    assert "secret-" not in f"{caught.value!r} {caught.value.hint}"


def test_the_assets_of_a_package_come_with_what_opens_them() -> None:
    with scripted() as (script, platform):
        query = {"dataset_id": D, "package_id": P}
        answer = {"assets": [ROW], "cloudfront": CLOUDFRONT}
        script.on("GET v2/packages/assets", answer, query=query)
        found = platform.assets.list(D, P)
    assert found.assets == (ASSET,)
    assert found.keys == ReadingKeys("https://assets.test", "K", "secret-3", "secret-4")
    assert "secret" not in repr(found)
    assert found.keys.address(ASSET, "a b/c.parquet") == (
        "https://assets.test/O5/D12/a1/a%20b/c.parquet"
        "?Policy=secret-3&Signature=secret-4&Key-Pair-Id=K"
    )


def test_without_a_package_those_of_none_are_asked_for() -> None:
    with scripted() as (script, platform):
        script.on("GET v2/packages/assets", {"assets": None}, query={"dataset_id": D})
        found = platform.assets.list(D)
    assert (found.assets, found.keys) == ((), None)


@pytest.mark.parametrize("answer", [ROW, {"asset": ROW, "cloudfront": CLOUDFRONT}])
def test_one_asset_in_either_form(answer: dict[str, Any]) -> None:
    with scripted() as (script, platform):
        script.on("GET v2/packages/assets/a1", answer, query={"dataset_id": D})
        assert platform.assets.get(D, "a1") == ASSET


def test_change_sends_what_changes_and_nothing_else() -> None:
    path, query = "PATCH v2/packages/assets/a1", {"dataset_id": D}
    with scripted() as (script, platform):
        script.on(path, {}, query=query, body={"status": "ready"})
        script.on(path, {}, query=query, body={"properties": {}, "package_ids": []})
        platform.assets.change(D, "a1", ready=True)
        platform.assets.change(D, "a1", properties={}, package_ids=[])
        with pytest.raises(UsageProblem):
            platform.assets.change(D, "a1")


def test_delete_and_formats() -> None:
    with scripted() as (script, platform):
        script.on("DELETE v2/packages/assets/a1", b"", status=204, query={"dataset_id": D})
        script.on("GET v2/packages/formats", [{"name": "NIfTI"}])
        platform.assets.delete(D, "a1")
        assert platform.assets.formats() == [{"name": "NIfTI"}]


def test_an_asset_without_an_address_has_no_objects_to_read() -> None:
    with pytest.raises(ValueError, match="no address"):
        ReadingKeys("", "", "p", "s").address(ViewerAsset("a", "n"), "x")
