"""The table of what a sync does (``contracts/core.md`` 4.1)."""

from __future__ import annotations

import uuid

import pytest

from pennsieve_agent.sandbox.data.upload.s3_requests import unchunked
from pennsieve_agent.sandbox.data.upload.sync_states import FileStatus, decide
from tests.sandbox.data.upload.client import Uploader, entry
from tests.sandbox.data.upload.conftest import Box

_TABLE = """
Local         -            write 1
Failed        Registered   write 1
Local         FailedOrphan write 1
Local         Finalized    write 4
Local         Imported     keep 2
Failed        Verified     keep 4
Registered    Registered   write 1
Changed       Finalized    keep 4
Unknown       Imported     keep 4
Registered    -            keep 7
Changed       Failed       keep 5
Removed       -            remove 6
Removed       Failed       remove 6
Removed       Finalized    write 4
Removed       Verified     keep 4
Imported      Finalized    write 4
Finalized     Registered   keep 1
Verified      -            keep 7
Uploaded      Registered   crash 0
FailedOrphan  -            crash 0
"""


@pytest.mark.parametrize("line", _TABLE.strip().splitlines())
def test_a_line_of_the_table(line: str) -> None:
    sent, stored, what, number = line.split()
    decision = decide(FileStatus[sent], None if stored == "-" else FileStatus[stored])
    if what == "crash":
        assert decision is None
        return
    assert decision is not None
    assert decision.answered == int(number)
    assert (decision.written is not None) == (what == "write")
    assert decision.removed == (what == "remove")


@pytest.fixture(scope="module")
def uploader(box: Box) -> Uploader:
    made = Uploader(box, box.dataset("sync"), box.owner())
    made.create()
    return made


def test_a_new_file_with_status_1_is_not_registered(uploader: Uploader) -> None:
    upload_id = str(uuid.uuid4())
    answer = uploader.sync(entry(upload_id, "", "a", 1)).json()
    assert answer["updated_files"] == [{"upload_id": upload_id, "status": 7}]
    assert (answer["nr_files_updated"], answer["failed_files"]) == (0, None)
    assert uploader.status("Registered")["files"] is None


def test_what_crashes_the_handler(uploader: Uploader) -> None:
    answer = uploader.sync(entry(str(uuid.uuid4()), "", "a", 9))
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})
    twice = entry(str(uuid.uuid4()), "", "a")
    assert uploader.sync(twice, twice).status_code == 500


def test_names_that_no_folder_takes(uploader: Uploader) -> None:
    files = [
        entry(str(uuid.uuid4()), path, name)
        for path, name in (("../x", "a"), ("", "a/b"), ("", ".."), ("", ""), ("", "x" * 300))
    ]
    answer = uploader.sync(*files).json()
    assert answer["updated_files"] is None
    assert len(answer["failed_files"]) == len(files)


def test_unknown_and_foreign_manifests(box: Box, uploader: Uploader) -> None:
    stray = Uploader(box, uploader.dataset_id, uploader.headers, str(uuid.uuid4()))
    assert (stray.sync().status_code, stray.sync().json()["Code"]) == (500, 500)
    foreign = Uploader(box, box.dataset("sync-2"), uploader.headers, uploader.manifest)
    assert (foreign.sync().status_code, foreign.sync().json()["Code"]) == (400, 400)


def test_chunked_content_is_put_together() -> None:
    body = b"5;chunk-signature=0\r\nhello\r\n3\r\n wo\r\n0\r\nx-amz-checksum-sha256:abc=\r\n\r\n"
    assert unchunked(body) == (b"hello wo", {"x-amz-checksum-sha256": "abc="})
