"""Uploads straight to storage, as ``contracts/core.md`` 4.1 to 4.6 describe them."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.sandbox.data.upload.client import (
    PART_BYTES,
    Uploader,
    composite,
    entry,
    sha256,
    storage,
    until,
)
from tests.sandbox.data.upload.conftest import Box, Running


@pytest.fixture
def uploader(box: Box) -> Uploader:
    name = f"d-{uuid.uuid4()}"
    made = Uploader(box, box.dataset(name), box.owner())
    made.create()
    return made


def on_disk(uploader: Uploader) -> dict[str, bytes]:
    """The files of the dataset's folder."""
    for folder in (uploader.box.state.data / "datasets").iterdir():
        listed = httpx.get(
            f"{uploader.box.state.api}/datasets/{uploader.dataset_id}", headers=uploader.headers
        ).json()
        if folder.name == listed["content"]["name"]:
            return {
                str(path.relative_to(folder)): path.read_bytes()
                for path in sorted(folder.rglob("*"))
                if path.is_file()
            }
    return {}


def test_one_put_lands_as_a_package(uploader: Uploader) -> None:
    upload_id = uploader.upload("results/run1", "a.csv", b"x,y\n")
    package = uploader.package(upload_id).json()
    assert package["content"]["nodeId"] == f"N:package:{upload_id}"
    assert package["content"]["name"] == "a.csv"
    assert [each["content"]["name"] for each in package["ancestors"]] == ["results", "run1"]
    assert on_disk(uploader) == {"results/run1/a.csv": b"x,y\n"}
    until(lambda: uploader.status("Finalized")["files"] == [upload_id])


def test_a_multipart_upload_answers_and_is_checked_by_the_composite(uploader: Uploader) -> None:
    parts = [b"a" * PART_BYTES, b"b" * PART_BYTES, b"tail"]
    upload_id = uploader.register("", "big.bin")
    found = uploader.credentials()
    where = {"Bucket": found["bucket"], "Key": f"{found['keyPrefix']}/{upload_id}"}
    with storage(uploader.box, found) as s3:
        begun = s3.create_multipart_upload(**where, ChecksumAlgorithm="SHA256")["UploadId"]
        sent = []
        for number, part in enumerate(parts, 1):
            answer = s3.upload_part(
                **where, UploadId=begun, PartNumber=number, Body=part, ChecksumAlgorithm="SHA256"
            )
            assert answer["ChecksumSHA256"] == sha256(part)
            sent.append(
                {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": sha256(part)}
            )
        assert len(s3.list_parts(**where, UploadId=begun)["Parts"]) == len(parts)
        done = s3.complete_multipart_upload(
            **where, UploadId=begun, MultipartUpload={"Parts": sent}
        )
    assert done["ChecksumSHA256"] == composite(parts)
    size = sum(map(len, parts))
    assert uploader.finalized((upload_id, size, composite(parts)[:-2])) == ["sha256 mismatch"]
    assert uploader.finalized((upload_id, size - 1, composite(parts))) == ["size mismatch"]
    assert uploader.finalized((upload_id, size, composite(parts))) == ["finalized"]
    until(lambda: uploader.package(upload_id).status_code == 200)
    assert on_disk(uploader) == {"big.bin": b"".join(parts)}


def test_a_checksum_that_does_not_fit_is_refused_by_storage(uploader: Uploader) -> None:
    found = uploader.credentials()
    where = {"Bucket": found["bucket"], "Key": f"{found['keyPrefix']}/{uuid.uuid4()}"}
    with storage(uploader.box, found) as s3, pytest.raises(ClientError, match="BadDigest"):
        s3.put_object(**where, Body=b"one", ChecksumSHA256=sha256(b"other"))


def test_the_keys_only_write_and_only_below_their_prefix(uploader: Uploader) -> None:
    upload_id = uploader.register("", "a.csv")
    uploader.put(upload_id, b"x")
    found = uploader.credentials()
    bucket, key = found["bucket"], f"{found['keyPrefix']}/{upload_id}"
    other = found["keyPrefix"].rpartition("/")[0] + f"/{uuid.uuid4()}/{upload_id}"
    with storage(uploader.box, found) as s3:
        tries: list[tuple[Any, dict[str, Any]]] = [
            (s3.get_object, {"Key": key}),
            (s3.head_object, {"Key": key}),
            (s3.delete_object, {"Key": key}),
            (s3.list_objects_v2, {"Prefix": found["keyPrefix"]}),
            (s3.delete_bucket, {}),
            (s3.put_object_acl, {"Key": key, "ACL": "public-read"}),
            (s3.put_object, {"Key": other, "Body": b"x"}),
            (s3.put_object, {"Key": f"{found['keyPrefix']}-x/{upload_id}", "Body": b"x"}),
            (s3.copy_object, {"Key": key, "CopySource": {"Bucket": bucket, "Key": key}}),
            (s3.list_multipart_uploads, {"Prefix": "O1"}),
        ]
        for call, arguments in tries:
            with pytest.raises(ClientError) as caught:
                call(Bucket=bucket, **arguments)
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403, call
        s3.put_object_tagging(
            Bucket=bucket, Key=key, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
        )
        s3.list_multipart_uploads(Bucket=bucket, Prefix=f"{found['keyPrefix']}/")
    stranger = {**found, "accessKeyId": "AKIAABCDEFGHIJKLMNOP"}
    for keys, code in (
        (stranger, "InvalidAccessKeyId"),
        ({**found, "secretAccessKey": "guessed"}, "SignatureDoesNotMatch"),
        ({**found, "sessionToken": "x"}, "InvalidToken"),
    ):
        with storage(uploader.box, keys) as s3, pytest.raises(ClientError, match=code):
            s3.put_object(Bucket=bucket, Key=key, Body=b"x")


def test_keys_end(tmp_path: Path) -> None:
    running = Running(tmp_path, storage_key_seconds=-1)
    try:
        made = Uploader(running.box, running.box.dataset("d"), running.box.owner())
        made.create()
        with pytest.raises(ClientError, match="ExpiredToken"):
            made.put(made.register("", "a"), b"x")
    finally:
        running.close()


def test_what_was_finalized_survives_a_restart(tmp_path: Path) -> None:
    running = Running(tmp_path, import_seconds=3600)
    try:
        first = Uploader(running.box, running.box.dataset("d"), running.box.owner())
        first.create()
        upload_id = first.register("", "a.csv")
        checksum = first.put(upload_id, b"kept")
        assert first.finalized((upload_id, 4, checksum)) == ["finalized"]
        assert first.finalized((upload_id, 4, checksum)) == ["finalized"]
        assert first.package(upload_id).status_code == 404
        assert first.status("Finalized")["files"] is None
        assert (
            b"kept" not in (tmp_path / "aws.jsonl").read_bytes()
            if (tmp_path / "aws.jsonl").exists()
            else True
        )
    finally:
        running.close()
    running = Running(tmp_path, import_seconds=0)
    try:
        again = Uploader(running.box, first.dataset_id, running.box.owner(), first.manifest)
        until(lambda: again.package(upload_id).status_code == 200)
        assert on_disk(again) == {"a.csv": b"kept"}
    finally:
        running.close()


def test_a_taken_name_is_numbered_before_the_first_dot_or_replaced(uploader: Uploader) -> None:
    first = uploader.upload("x", "a.nii.gz", b"1")
    uploader.upload("x", "a.nii.gz", b"2")
    assert on_disk(uploader) == {"x/a.nii.gz": b"1", "x/a (1).nii.gz": b"2"}
    third = uploader.upload("x", "a.nii.gz", b"3", onConflict="replace")
    assert on_disk(uploader) == {"x/a.nii.gz": b"3", "x/a (1).nii.gz": b"2"}
    assert uploader.package(first).status_code == 404
    assert uploader.package(third).json()["content"]["name"] == "a.nii.gz"


def test_finalize_refuses_whole_requests(uploader: Uploader) -> None:
    good = (str(uuid.uuid4()), 1, sha256(b"x"))
    many = [(str(uuid.uuid4()), 1, "x")] * 251
    cases: list[tuple[list[tuple[str, Any, str]], dict[str, str], str]] = [
        ([], {}, "files is required and must be non-empty"),
        (many, {}, "batch_too_large: max 250 files per request"),
        ([good], {"onConflict": "fail"}, "onConflict must be one of: keepBoth, replace"),
        ([good, ("x", 1, "y")], {}, "files[1].uploadId must be a UUID"),
        ([good, (good[0], 0, "y")], {}, "files[1].size must be > 0"),
        ([(good[0], 1, "")], {}, "files[0].sha256 is required"),
    ]
    for files, more, message in cases:
        answer = uploader.finalize(*files, **more)
        assert (answer.status_code, answer.json()) == (400, {"Code": 400, "Message": message})
    assert uploader.finalized(good) == ["uploadId not found in manifest"]
    upload_id = uploader.register("", "a")
    assert uploader.finalized((upload_id, 1, "x")) == ["object not found"]


def test_verifying_changes_what_the_next_reader_sees(uploader: Uploader) -> None:
    upload_id = uploader.upload("", "a.csv", b"x")
    until(lambda: uploader.status("Finalized")["files"] == [upload_id])
    assert uploader.status("Finalized", "true") == {
        "manifest_id": uploader.manifest,
        "status": "Finalized",
        "files": [upload_id],
        "continuation_token": "",
        "verified": True,
    }
    assert uploader.status("Finalized")["files"] is None
    assert uploader.status("Verified")["files"] == [upload_id]
    answer = uploader.status("Registered", "true")
    assert answer["Code"] == 400


def test_the_files_of_a_manifest_in_pages(uploader: Uploader) -> None:
    ids = sorted(uploader.register("p", f"f{number}.csv") for number in range(3))
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        page = uploader.call(
            "GET",
            "/upload/manifest/files",
            manifest_id=uploader.manifest,
            limit="2",
            status="InProgress",
            continuation_token=token,
        ).json()
        found += page["files"]
        token = page["continuation_token"]
        if not token:
            break
    assert [each["upload_id"] for each in found] == ids
    assert {each["status"] for each in found} == {"Registered"}
    (manifest,) = uploader.call("GET", "/upload/manifest").json()["manifests"]
    assert (manifest["id"], manifest["status"]) == (uploader.manifest, "Initiated")


def test_archives(uploader: Uploader) -> None:
    upload_id = uploader.register("p", "a.csv")
    named = {"manifest_id": uploader.manifest}
    path = "/upload/manifest/archive"
    assert uploader.call("DELETE", path, **named).status_code == 400
    assert uploader.call("POST", path, **named, remove="maybe").status_code == 400
    answer = uploader.call("POST", path, **named, remove="false")
    assert answer.json()["manifest_id"] == uploader.manifest
    assert uploader.sync(entry(str(uuid.uuid4()), "", "b")).status_code == 400
    url = uploader.call("GET", path, **named).json()["url"]
    assert upload_id in httpx.get(url).text
    assert uploader.call("DELETE", path, **named).json() == {"message": "Success"}
    assert uploader.call("GET", path, **named).status_code == 403


def test_who_may(box: Box, uploader: Uploader) -> None:
    viewer = Uploader(
        box, uploader.dataset_id, box.member("vi", uploader.dataset_id, "viewer"), uploader.manifest
    )
    stranger = Uploader(box, uploader.dataset_id, box.member("st", "", ""), uploader.manifest)
    assert viewer.call("GET", "/upload/manifest").status_code == 200
    refused = viewer.sync()
    assert (refused.status_code, list(refused.json())) == (403, ["message"])
    assert "perform this action" in refused.json()["message"]
    assert stranger.sync().json() == {"message": "Forbidden"}
    missing = httpx.post(f"{box.state.api2}/upload/manifest", headers=viewer.headers, json={})
    assert (missing.status_code, missing.json()) == (401, {"message": "Unauthorized"})
    for given, status in (("x", 400), (str(uuid.uuid4()), 404)):
        path = "/upload/manifest/storage-credentials"
        answer = uploader.call("POST", path, {"manifestNodeId": given})
        assert (answer.status_code, answer.json()["Code"]) == (status, status)
    other = Uploader(box, box.dataset("other"), uploader.headers, uploader.manifest)
    path = "/upload/manifest/storage-credentials"
    assert other.call("POST", path, {"manifestNodeId": other.manifest}).status_code == 403
