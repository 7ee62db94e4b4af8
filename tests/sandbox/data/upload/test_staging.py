"""The older way in, by a PUT alone (``contracts/core.md`` 4.7)."""

from __future__ import annotations

import uuid

from tests.sandbox.data.upload.client import Uploader, storage, until
from tests.sandbox.data.upload.conftest import Box


def test_a_put_below_the_manifest_imports_by_itself(box: Box) -> None:
    uploader = Uploader(box, box.dataset("staged"), box.owner())
    uploader.create()
    upload_id = uploader.register("out", "a.csv")
    found = uploader.credentials("upload")
    assert "keyPrefix" not in found
    with storage(box, found) as s3:
        for key in (upload_id, str(uuid.uuid4())):
            s3.put_object(
                Bucket=found["bucket"],
                Key=f"{uploader.manifest}/{key}",
                Body=b"by itself",
                ChecksumAlgorithm="SHA256",
            )
    until(lambda: uploader.package(upload_id).status_code == 200)
    path = box.state.data / "datasets" / "staged" / "out" / "a.csv"
    assert path.read_bytes() == b"by itself"
    until(lambda: uploader.status("Finalized")["files"] == [upload_id])
