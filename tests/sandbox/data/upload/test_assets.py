"""Viewer assets (``contracts/core.md`` 3.7)."""

from __future__ import annotations

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.sandbox.data.upload.client import Uploader, storage
from tests.sandbox.data.upload.conftest import Box


def test_the_life_of_an_asset(box: Box) -> None:
    uploader = Uploader(box, box.dataset("assets"), box.owner())
    uploader.create()
    package = f"N:package:{uploader.upload('', 'a.csv', b'x')}"
    body = {"name": "plot", "asset_type": "parquet-umap-viewer", "package_ids": [package]}
    answer = uploader.call("POST", "/packages/assets", body)
    assert answer.status_code == 201, answer.text
    asset, keys = answer.json()["asset"], answer.json()["upload_credentials"]
    assert (asset["status"], asset["package_ids"]) == ("created", [package])
    assert keys["key_prefix"].startswith("viewer-assets/O")
    assert "viewer-assets" not in asset["asset_url"]
    found = {
        "accessKeyId": keys["access_key_id"],
        "secretAccessKey": keys["secret_access_key"],
        "sessionToken": keys["session_token"],
        "region": keys["region"],
    }
    with storage(box, found) as s3:
        s3.put_object(
            Bucket=keys["bucket"], Key=f"{keys['key_prefix']}t/part.parquet", Body=b"table"
        )
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.put_object(Bucket=keys["bucket"], Key="viewer-assets/x", Body=b"y")
    path = f"/packages/assets/{asset['id']}"
    assert uploader.call("PATCH", path, {"status": "ready"}).json()["asset"]["status"] == "ready"
    assert uploader.call("PATCH", path, {"status": "odd"}).status_code == 400
    listed = uploader.call("GET", "/packages/assets", package_id=package).json()
    assert [each["id"] for each in listed["assets"]] == [asset["id"]]
    assert uploader.call("GET", "/packages/assets").json()["assets"] == []
    front = listed["cloudfront"]
    signed = {
        "Policy": front["policy"],
        "Signature": front["signature"],
        "Key-Pair-Id": front["key_pair_id"],
    }
    url = f"{asset['asset_url']}t/part.parquet"
    assert httpx.get(url, params=signed).content == b"table"
    assert httpx.get(url).status_code == 403
    assert httpx.get(url, params={**signed, "Signature": "x"}).status_code == 403
    assert httpx.get(f"{asset['asset_url']}none", params=signed).status_code == 404
    assert uploader.call("DELETE", path).status_code == 204
    gone = uploader.call("GET", path)
    assert (gone.status_code, gone.text[:13]) == (404, "{'message': '")


def test_only_editors_make_assets(box: Box) -> None:
    dataset = box.dataset("assets-2")
    viewer = Uploader(box, dataset, box.member("av", dataset, "viewer"))
    assert viewer.call("GET", "/packages/assets").json()["assets"] == []
    assert viewer.call("POST", "/packages/assets", {"name": "a"}).status_code == 401
    owner = Uploader(box, dataset, box.owner())
    assert owner.call("POST", "/packages/assets", {"name": "a"}).status_code == 400
    body = {"name": "a", "asset_type": "b", "package_ids": ["N:package:none"]}
    assert owner.call("POST", "/packages/assets", body).status_code == 400
    assert owner.call("GET", "/packages/assets").json()["assets"] == []
