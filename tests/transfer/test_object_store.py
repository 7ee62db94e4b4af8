"""Storage: whose keys and which address are used, and what is done about refusals."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.domain.transfers import StorageKeys
from pennsieve_agent.errors import AwsError, SettingsError
from pennsieve_agent.transfer.keys import RenewedKeys
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.object_store import FileChanged, ObjectStore, endpoint_of
from pennsieve_agent.transfer.sender import Sender, Stopped
from tests.fakes.clock import Clock
from tests.platform.loopback import Answer, Loopback, http

BEGUN = http("200 OK", b"<R><UploadId>up/1</UploadId></R>")
PART = http("200 OK", b"", 'ETag: "e"')


class Store:
    """An object store at a server that answers in order; keys have a number of their own."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.given = 0
        self.sent = 0
        self.is_stopped = False

    def keys(self) -> StorageKeys:
        self.given += 1
        end = self.clock.time + 3600
        return StorageKeys(f"ASIA{self.given}", "s", "t", end, "bucket", "O1/D1/m", "eu-west-1")

    def add(self, size: int) -> None:
        if self.is_stopped:
            raise Stopped("stopped")
        self.sent += size

    def put(
        self, file: Path, *answers: Answer, part_bytes: int = 2**20
    ) -> tuple[tuple[int, str], list[bytes]]:
        keys = RenewedKeys(self.keys, self.clock.now)
        with (
            Loopback(*answers) as server,
            Sender(network({})) as sender,
            ObjectStore(
                sender,
                self.clock.sleep,
                endpoint=server.url,
                part_bytes=part_bytes,
                jitter=lambda: 0.5,
            ) as store,
        ):
            try:
                return store.put(file, "u", keys, "A=b", self.add), server.requests
            finally:
                self.requests = server.requests


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a"
    path.write_bytes(b"a")
    return path


def refused(code: str, status: str = "400 Bad Request") -> bytes:
    return http(status, f"<Error><Code>{code}</Code></Error>".encode())


def test_pennsieve_itself_is_asked_whatever_the_environment_says(tmp_path: Path) -> None:
    environ = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    named = AwsSettings(endpoint="http://127.0.0.1:2")
    assert endpoint_of(named, environ, hosted=True) == ""
    assert endpoint_of(named, environ, hosted=False) == "http://127.0.0.1:2"
    assert endpoint_of(AwsSettings(), environ, hosted=False) == "http://127.0.0.1:1"
    config = tmp_path / "config"
    config.write_text("[default]\nendpoint_url = http://127.0.0.1:3\n")
    assert endpoint_of(AwsSettings(config_file=config), {}, hosted=False) == "http://127.0.0.1:3"
    config.write_text("no section")
    assert endpoint_of(AwsSettings(config_file=config), {}, hosted=False) == ""


def test_a_small_file_goes_in_one_piece_with_its_checksum(store: Store, file: Path) -> None:
    told, (request,) = store.put(file, http("200 OK", b"", "x-amz-checksum-sha256: as-s3-says"))
    assert told == (1, "as-s3-says")
    head = request.decode().lower()
    assert head.startswith("put /bucket/o1/d1/m/u http/1.1\r\n")
    assert "x-amz-tagging: a=b\r\n" in head
    assert "x-amz-checksum-sha256: ypebesobvcr6wjgzmipctaeg7/gufe5yuyb3ha/usls=\r\n" in head
    assert "x-amz-security-token: t\r\n" in head
    assert "credential=asia1/" in head
    assert store.sent == 1


def test_a_large_file_goes_in_parts(store: Store, file: Path) -> None:
    file.write_bytes(b"0123456789")
    done = http("200 OK", b"<CompleteMultipartUploadResult/>")
    told, requests = store.put(file, BEGUN, PART, PART, PART, done, part_bytes=4)
    pieces = [hashlib.sha256(piece).digest() for piece in (b"0123", b"4567", b"89")]
    whole = base64.b64encode(hashlib.sha256(b"".join(pieces)).digest()).decode()
    assert told == (10, f"{whole}-3")
    assert store.sent == 10
    assert requests[0].startswith(b"POST /bucket/O1/D1/m/u?uploads= HTTP/1.1\r\n")
    assert b"x-amz-checksum-algorithm: SHA256\r\n" in requests[0]
    parts = sorted(request.split(b" ")[1] for request in requests[1:4])
    assert parts == [
        f"/bucket/O1/D1/m/u?uploadId=up%2F1&partNumber={number}".encode() for number in (1, 2, 3)
    ]
    assert not any(b"x-amz-tagging" in request for request in requests[1:])
    body = requests[4].partition(b"\r\n\r\n")[2]
    assert [body.index(b"<PartNumber>%d<" % number) for number in (1, 2, 3)] == sorted(
        body.index(b"<PartNumber>%d<" % number) for number in (1, 2, 3)
    )
    assert base64.b64encode(pieces[2]) in body


def test_an_upload_that_was_completed_without_an_answer_is_complete(
    store: Store, file: Path
) -> None:
    file.write_bytes(b"0123456789")
    cut: Answer = lambda connection: connection.close()  # noqa: E731 - an answer that is none
    gone = refused("NoSuchUpload", "404 Not Found")
    (size, checksum), requests = store.put(file, BEGUN, PART, PART, cut, gone, part_bytes=5)
    assert (size, checksum[-2:]) == (10, "-2")
    assert [request.split(b" ")[0] for request in requests[3:]] == [b"POST", b"POST"]


def test_an_upload_that_is_gone_before_it_is_completed_fails(store: Store, file: Path) -> None:
    file.write_bytes(b"0123456789")
    gone = refused("NoSuchUpload", "404 Not Found")
    with pytest.raises(AwsError, match="NoSuchUpload"):
        store.put(file, BEGUN, PART, PART, gone, http("204 Gone"), part_bytes=5)


def test_parts_of_an_upload_that_fails_are_given_back(store: Store, file: Path) -> None:
    file.write_bytes(b"0123456789")
    with pytest.raises(AwsError, match="InvalidPart"):
        store.put(file, BEGUN, PART, PART, refused("InvalidPart"), http("204 Gone"), part_bytes=5)
    assert store.requests[-1].startswith(b"DELETE /bucket/O1/D1/m/u?uploadId=up%2F1 HTTP/1.1")


def test_parts_are_given_back_when_all_is_stopped(store: Store, file: Path) -> None:
    """Ctrl+C, or another file's failure: the last thing sent is that nothing is to be kept."""
    file.write_bytes(b"0123456789")

    store.is_stopped = True
    with pytest.raises(Stopped):
        store.put(file, BEGUN, PART, PART, http("204 Gone"), part_bytes=5)
    assert store.requests[-1].startswith(b"DELETE /bucket/O1/D1/m/u?uploadId=up%2F1 HTTP/1.1")


def test_an_error_that_s3_calls_200_is_one(store: Store, file: Path) -> None:
    file.write_bytes(b"0123456789")
    with pytest.raises(AwsError, match="EntityTooSmall"):
        store.put(
            file,
            BEGUN,
            PART,
            PART,
            refused("EntityTooSmall", "200 OK"),
            http("204 x"),
            part_bytes=5,
        )


@pytest.mark.parametrize("code", ["BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"])
def test_a_file_that_changed_meanwhile(store: Store, file: Path, code: str) -> None:
    with pytest.raises(FileChanged, match="changed while it was uploaded"):
        store.put(file, refused(code))


def test_keys_that_ended_are_asked_for_again(store: Store, file: Path) -> None:
    ended = refused("ExpiredToken")
    _, requests = store.put(file, ended, ended, http("200 OK"))
    assert [b"ASIA%d/" % number in requests[number - 1] for number in (1, 2, 3)] == [True] * 3


def test_keys_that_are_never_accepted(store: Store, file: Path) -> None:
    with pytest.raises(AwsError, match="refused the keys") as caught:
        store.put(file, *[refused("AccessDenied", "403 Forbidden")] * 3)
    assert caught.value.aws_code == "AccessDenied"


def test_other_refusals_are_said_at_once(store: Store, file: Path) -> None:
    with pytest.raises(AwsError, match=r"does not accept a file \(NoSuchBucket\)") as caught:
        store.put(file, refused("NoSuchBucket", "404 Not Found"))
    assert caught.value.aws_code == "NoSuchBucket"
    assert store.clock.slept == []


def test_storage_that_is_busy_is_waited_for(store: Store, file: Path) -> None:
    busy = http("503 Slow Down", b"<Error><Code>SlowDown</Code></Error>", "Retry-After: 9")
    cut: Answer = lambda connection: connection.close()  # noqa: E731 - an answer that is none
    store.put(file, busy, cut, http("500 Oops"), http("200 OK"))
    assert store.clock.slept == [9.0, 1.0, 2.0]


def test_storage_that_stays_busy(store: Store, file: Path) -> None:
    with pytest.raises(AwsError, match=r"does not accept a file \(storage is busy \(503\)\)"):
        store.put(file, *[http("503 Busy")] * 6)


def test_a_file_that_is_gone(store: Store, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        store.put(tmp_path / "none")


def test_an_empty_file_can_be_stored(store: Store, file: Path) -> None:
    file.write_bytes(b"")
    assert store.put(file, http("200 OK"))[0][0] == 0
