"""Upload manifests: what is sent, and every way in which the answers are odd."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.domain.transfers import QueuedFile, StorageKeys, UploadedFile, UploadEntry
from pennsieve_agent.errors import Forbidden, PlatformError
from pennsieve_agent.transfer.keys import RenewedKeys
from tests.fakes.clock import Clock
from tests.fakes.scripted_platform import scripted

DATASET = "N:dataset:d"
QUERY = {"dataset_id": DATASET}
KEYS: dict[str, Any] = {
    "accessKeyId": "ASIAX",
    "secretAccessKey": "hidden",
    "sessionToken": "token",
    "expiration": "2026-01-01T12:00:00Z",
    "bucket": "b",
    "keyPrefix": "O5/D12/m",
    "region": "eu-west-1",
}


def test_trap_31_new_files_are_sent_with_status_0() -> None:
    with scripted() as (script, platform):
        script.on(
            "POST v2/upload/manifest",
            {
                "manifest_node_id": "m",
                "nr_files_updated": 1,
                "updated_files": [{"upload_id": "U", "status": 1}],
                "failed_files": None,
            },
            query=QUERY,
            body={
                "id": "m",
                "dataset_id": DATASET,
                "files": [
                    {
                        "upload_id": "u",
                        "s3_key": "",
                        "target_path": "x/y",
                        "target_name": "a.csv",
                        "status": 0,
                        "merge_package_id": "",
                        "file_type": "",
                    }
                ],
            },
        )
        assert platform.uploads.sync(DATASET, "m", [UploadEntry("u", "x/y", "a.csv")]) == {"u": 1}


def test_null_lists_and_another_manifest() -> None:
    with scripted() as (script, platform):
        script.on("POST v2/upload/manifest", {"manifest_node_id": "m", "updated_files": None})
        assert platform.uploads.sync(DATASET, "m", []) == {}
        script.on("POST v2/upload/manifest", {"manifest_node_id": "other"})
        with pytest.raises(PlatformError, match="another manifest"):
            platform.uploads.sync(DATASET, "m", [])


def test_trap_27_no_more_than_250_and_no_empty_file() -> None:
    with scripted() as (_, platform):
        with pytest.raises(ValueError, match="250"):
            platform.uploads.sync(DATASET, "m", [UploadEntry("u", "", "a")] * 251)
        files = [UploadedFile("u", 1, "x")] * 251
        with pytest.raises(ValueError, match="250"):
            platform.uploads.finalize(DATASET, "m", files, replace=False)
        with pytest.raises(ValueError, match="empty"):
            platform.uploads.finalize(DATASET, "m", [UploadedFile("u", 0, "x")], replace=False)


def test_finalize_answers_for_each_file_also_for_those_left_out() -> None:
    with scripted() as (script, platform):
        script.on(
            "POST v2/upload/manifest/files/finalize",
            {
                "results": [
                    {"uploadId": "A", "status": "finalized"},
                    {"uploadId": "b", "status": "failed", "error": "size mismatch"},
                ]
            },
            query=QUERY,
            body={
                "manifestNodeId": "m",
                "onConflict": "replace",
                "files": [{"uploadId": n, "size": 1, "sha256": "s"} for n in "abc"],
            },
        )
        files = [UploadedFile(name, 1, "s") for name in "abc"]
        found = platform.uploads.finalize(DATASET, "m", files, replace=True)
    assert found == {"a": "", "b": "size mismatch", "c": "unknown"}


def test_keys_are_read_and_not_shown() -> None:
    with scripted() as (script, platform):
        path = "POST v2/upload/manifest/storage-credentials"
        script.on(path, KEYS, query=QUERY, body={"manifestNodeId": "m"})
        keys = platform.uploads.keys(DATASET, "m")
    assert (keys.prefix, keys.region, keys.expires_at) == ("O5/D12/m", "eu-west-1", 1767268800.0)
    assert "hidden" not in repr(keys)
    assert "token" not in repr(keys).replace("token=", "")


@pytest.mark.parametrize(
    "wrong", [{"keyPrefix": ""}, {"keyPrefix": "/"}, {"keyPrefix": None}, {"expiration": "soon"}]
)
def test_nothing_is_uploaded_with_an_empty_prefix(wrong: dict[str, Any]) -> None:
    with scripted() as (script, platform):
        script.on("POST v2/upload/manifest/storage-credentials", {**KEYS, **wrong})
        with pytest.raises(PlatformError, match="unexpected answer"):
            platform.uploads.keys(DATASET, "m")


def test_trap_36_no_editor() -> None:
    message = {"message": "User is not authorized to perform this action on the dataset."}
    with scripted() as (script, platform):
        script.on("POST v2/upload/manifest", message, status=403)
        with pytest.raises(Forbidden, match="not authorized to perform"):
            platform.uploads.create(DATASET)


def test_trap_30_looking_changes_nothing() -> None:
    with scripted() as (script, platform):
        for word, pages in (("Finalized", [["a"], ["b"]]), ("Verified", [None])):
            for number, page in enumerate(pages):
                query = {"manifest_id": "m", "status": word, "verify": "false"}
                if number:
                    query["continuation_token"] = "next"
                token = "next" if number + 1 < len(pages) else ""
                answer = {"files": page, "continuation_token": token}
                script.on("GET v2/upload/manifest/status", answer, query=query)
        assert list(platform.uploads.imported("m")) == ["a", "b"]


def test_files_that_were_not_imported_are_those_of_uploads_of_that_time() -> None:
    def row(upload: str, status: str, folder: str = "x/y") -> dict[str, str]:
        return {"upload_id": upload, "file_path": folder, "file_name": "a.csv", "status": status}

    states = ("Finalized", "Verified", "Failed", "FailedOrphan", "Removed")
    pages = {
        "": [row("U", "Registered"), row("v", "Imported", "")],
        "next": [row(f"w{state}", state) for state in states],
    }
    with scripted() as (script, platform):
        made = [{"id": name, "date_created": at} for name, at in (("a", 9), ("b", 10), ("c", 21))]
        script.on("GET v2/upload/manifest", {"manifests": made}, query=QUERY)
        for token, rows in pages.items():
            query = {"manifest_id": "b", "status": "InProgress", "limit": "250"}
            query |= {"continuation_token": token} if token else {}
            following = "" if token else "next"
            answer = {"files": rows, "continuation_token": following}
            script.on("GET v2/upload/manifest/files", answer, query=query)
        files = list(platform.uploads.unfinished(DATASET, 10, 20))
        assert files == [
            QueuedFile("N:package:u", "x/y/a.csv"),
            QueuedFile("N:package:v", "a.csv"),
        ]
    with scripted() as (script, platform):
        script.on("GET v2/upload/manifest", {"manifests": None}, query=QUERY)
        assert list(platform.uploads.unfinished(DATASET, 0, 20)) == []


def test_keys_are_renewed_five_minutes_before_their_end() -> None:
    clock, asked = Clock(), []

    def ask() -> StorageKeys:
        asked.append(clock.time)
        number = str(len(asked))
        return StorageKeys(number, "s", "t", clock.time + 3600, "b", "p", "r")

    keys = RenewedKeys(ask, clock.now)
    assert keys.current().access_key == "1"
    clock.time += 3299
    assert keys.current().access_key == "1"
    clock.time += 2
    second = keys.current()
    assert second.access_key == "2"
    keys.refused(second)
    keys.refused(second)
    assert keys.current().access_key == "3"
