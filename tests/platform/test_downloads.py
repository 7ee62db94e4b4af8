"""Download manifests, and fetching from storage that expires, breaks off and lies."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.transfers import SignedFile, local_name, local_paths, parts_of
from pennsieve_agent.errors import AgentError, PlatformError
from pennsieve_agent.platform.transfer_fetch import Expired, Fetcher, Interrupted
from pennsieve_agent.services.transfer_file import Fetching, Place, fetch, same
from tests.fakes.clock import Clock
from tests.fakes.scripted_platform import scripted
from tests.platform.loopback import Answer, Loopback, http, reset

CONTENT = b"0123456789"
TAG = 'ETag: "one"'
DATASET = "N:dataset:d"


class Fetch:
    """One file's way from a server to a place."""

    def __init__(self, tmp_path: Path, content: bytes = CONTENT) -> None:
        self.root = tmp_path / "target"
        self.place = Place(self.root, self.root / "sub" / "a.bin")
        self.size = len(content)
        self.fresh: list[str] = []
        self.progress = 0
        self.clock = Clock()
        self.stop = threading.Event()

    def __call__(self, url: str, checksum: str = "") -> None:
        with Fetcher(self.clock.sleep) as fetcher:
            tools = Fetching(fetcher, self._fresh, self.clock.sleep, self._add, self.stop)
            place = Place(self.root, self.place.path, checksum)
            fetch(self._signed(url), place, tools)

    def _signed(self, url: str) -> SignedFile:
        return SignedFile("N:package:p", "a.bin", self.size, url)

    def _fresh(self, old: SignedFile) -> SignedFile:
        return self._signed(self.fresh.pop(0) if self.fresh else old.url)

    def _add(self, size: int) -> None:
        self.progress += size

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.place.path.parent.iterdir())


@pytest.fixture
def one(tmp_path: Path) -> Fetch:
    return Fetch(tmp_path)


def cut_off(first: bytes, *headers: str) -> Callable[[socket.socket], None]:
    """A server that resets the connection in the middle of a body."""

    def answer(connection: socket.socket) -> None:
        whole = http("200 OK", CONTENT, TAG, *headers)
        connection.sendall(whole[: len(whole) - len(CONTENT)] + first)
        reset(connection)

    return answer


def part(start: int, *headers: str) -> bytes:
    return http(
        "206 Partial Content",
        CONTENT[start:],
        f"Content-Range: bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}",
        *(headers or (TAG,)),
    )


def test_a_manifest_with_a_blocked_file() -> None:
    with scripted() as (script, platform):
        script.on(
            "POST v2/packages/download-manifest",
            {
                "header": {"count": 1, "size": 3, "blockedCount": 1},
                "data": [
                    {
                        "nodeId": "N:package:a",
                        "fileName": "a.csv",
                        "packageName": "A",
                        "path": ["x"],
                        "url": "https://s3.test/a?X-Amz-Signature=s",
                        "size": 3,
                    }
                ],
                "blocked": [{"nodeId": "N:package:b", "fileName": "b", "scanStatus": "infected"}],
            },
            query={"dataset_id": DATASET},
            body={"nodeIds": ["N:package:a", "N:package:b"]},
        )
        found = platform.downloads.manifest(DATASET, ["N:package:a", "N:package:b"])
    (file,) = found.files
    assert (file.package_id, file.name, file.size) == ("N:package:a", "a.csv", 3)
    assert "Signature" not in repr(file)
    (blocked,) = found.blocked
    assert (blocked.package_id, blocked.scan_status) == ("N:package:b", "infected")


def test_null_lists_are_empty() -> None:
    with scripted() as (script, platform):
        script.on("POST v2/packages/download-manifest", {"header": {}, "data": None})
        found = platform.downloads.manifest(DATASET, ["x"])
    assert (found.files, found.blocked) == ((), ())


def test_checksums_are_a_help_and_not_a_need() -> None:
    with scripted() as (script, platform):
        script.on("GET v2/datasets/manifest", {"message": "no"}, status=404)
        assert platform.downloads.checksums(DATASET) == {}


def test_trap_23_no_token_goes_to_storage_nor_along_a_redirect(one: Fetch) -> None:
    with Loopback(http("200 OK", CONTENT)) as last:
        moved = http("307 Temporary Redirect", b"", f"Location: {last.url}/b")
        with Loopback(moved) as first:
            one(first.url)
    sent = (first.requests[0] + last.requests[0]).lower()
    assert b"authorization" not in sent
    assert one.place.path.read_bytes() == CONTENT


def test_trap_22_a_fresh_address_when_one_expired(one: Fetch) -> None:
    with (
        Loopback(http("403 Forbidden", b"<Error>expired</Error>")) as old,
        Loopback(http("200 OK", CONTENT)) as new,
    ):
        one.fresh = [new.url]
        one(old.url)
    assert one.place.path.read_bytes() == CONTENT


def test_a_refusal_that_stays(one: Fetch) -> None:
    with Loopback(*[http("403 Forbidden")] * 4) as server, pytest.raises(Expired):
        one(server.url)
    assert not one.place.path.exists()


def test_an_address_that_expires_half_way_goes_on_where_it_was(one: Fetch) -> None:
    with (
        Loopback(cut_off(CONTENT[:4]), http("403 Forbidden")) as old,
        Loopback(part(4)) as new,
    ):
        one.fresh = [new.url]
        one(old.url)
    assert one.place.path.read_bytes() == CONTENT
    assert b"range: bytes=4-" in new.requests[0].lower()
    assert b'if-range: "one"' in new.requests[0].lower()
    assert one.progress == len(CONTENT)
    assert one.names == ["a.bin"]


def test_a_connection_reset_in_the_middle(one: Fetch) -> None:
    with Loopback(cut_off(b"012"), part(3)) as server:
        one(server.url)
    assert one.place.path.read_bytes() == CONTENT


def test_a_download_that_was_killed_goes_on(one: Fetch) -> None:
    answers: list[Answer] = [cut_off(b"01234"), *[http("503 Busy")] * 6]
    with Loopback(*answers) as server, pytest.raises(Interrupted):
        one(server.url)
    assert not one.place.path.exists()
    assert len(one.names) == 2  # the part, and the state it is of
    one.progress = 0
    with Loopback(part(5)) as server:
        one(server.url)
    assert (one.place.path.read_bytes(), one.names) == (CONTENT, ["a.bin"])
    assert one.progress == len(CONTENT)


def test_what_changed_in_between_is_fetched_anew(one: Fetch) -> None:
    changed = b"abcdefghij"
    with Loopback(cut_off(b"01234"), http("200 OK", changed, 'ETag: "two"')) as server:
        one(server.url)
    assert one.place.path.read_bytes() == changed
    assert one.progress == len(CONTENT)


def test_a_part_of_another_state_is_not_appended(one: Fetch) -> None:
    answers = (cut_off(b"01234"), part(5, 'ETag: "two"'), http("200 OK", CONTENT, 'ETag: "two"'))
    with Loopback(*answers) as server:
        one(server.url)
    assert one.place.path.read_bytes() == CONTENT


@pytest.mark.parametrize("body", [b"012345678", b"0123456789a"])
def test_a_size_that_is_not_the_platforms(one: Fetch, body: bytes) -> None:
    with (
        Loopback(http("200 OK", body)) as server,
        pytest.raises(PlatformError, match="bytes in storage, not 10"),
    ):
        one(server.url)
    assert not one.place.path.exists()


def test_a_wrong_checksum_is_tried_once_more_and_then_said(one: Fetch) -> None:
    right = hashlib.sha256(CONTENT).hexdigest()
    with Loopback(http("200 OK", b"x" * 10), http("200 OK", CONTENT)) as server:
        one(server.url, right)
    assert one.place.path.read_bytes() == CONTENT
    one.place.path.unlink()
    with (
        Loopback(*[http("200 OK", b"x" * 10)] * 2) as server,
        pytest.raises(PlatformError, match="wrong checksum, twice"),
    ):
        one(server.url, right)
    assert one.names == []


def test_an_empty_file(tmp_path: Path) -> None:
    one = Fetch(tmp_path, b"")
    with Loopback(http("200 OK")) as server:
        one(server.url)
    assert one.place.path.read_bytes() == b""


def test_stopping_keeps_the_part(one: Fetch) -> None:
    one.stop.set()
    with Loopback(http("200 OK", CONTENT, TAG)) as server, pytest.raises(AgentError):
        one(server.url)
    assert not one.place.path.exists()


def test_the_same_file_is_told_by_content_where_a_checksum_is_known(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(CONTENT)
    right, wrong = hashlib.sha256(CONTENT).hexdigest(), hashlib.sha256(b"").hexdigest()
    assert same(path, 10, right)
    assert same(path, 10, "composite-2")
    assert not same(path, 10, wrong)
    assert not same(path, 9, right)
    (tmp_path / "link").symlink_to(path)
    assert not same(tmp_path / "link", 10, right)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("..", "__"),
        (".", "_"),
        ("a/b", "a_b"),
        ("a\\b", "a_b"),
        ("/etc/passwd", "_etc_passwd"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("a:b*?", "a_b__"),
        ("x\0\n", "x__"),
        ("dots. .", "dots"),
        ("", "_"),
        ("é.csv", "é.csv"),
    ],
)
def test_trap_26_a_name_cannot_lead_anywhere(name: str, safe: str) -> None:
    assert local_name(name) == safe


def test_long_names_are_cut_and_stay_apart() -> None:
    first, second = (local_name("é" * 300 + word + ".nii") for word in ("a", "b"))
    assert first != second
    assert max(len(first.encode()), len(second.encode())) <= 240
    assert first.endswith(".nii")


def test_no_two_files_in_one_place() -> None:
    paths = ["a", "A", "a/b", "x/e\u0301", "x/\u00e9", ".env", ".ENV", "n.tar.gz", "N.tar.gz"]
    found = local_paths(DataFile(f"N:package:{n}", path, 1) for n, path in enumerate(paths))
    assert [str(path) for _, path in found] == [
        *("a (1)", "A (2)", "a/b", "x/e\u0301", "x/\u00e9 (1)"),
        *(".env", ".ENV (1)", "n.tar.gz", "N (1).tar.gz"),
    ]


def test_parts_grow_beyond_10_000() -> None:
    mega = 2**20
    assert [p.size for p in parts_of(70 * mega)] == [32 * mega, 32 * mega, 6 * mega]
    huge = parts_of(5 * 2**40)
    assert len(huge) <= 10_000
    assert sum(p.size for p in huge) == 5 * 2**40
    assert [p.number for p in huge[:2]] == [1, 2]


def test_an_address_that_is_none(one: Fetch) -> None:
    with pytest.raises(PlatformError, match="cannot be used"):
        one("ftp://x/y")


def test_a_document_is_read_again_after_trouble() -> None:
    clock = Clock()
    with (
        Loopback(http("503 Busy"), http("200 OK", b"[]")) as server,
        Fetcher(clock.sleep) as fetcher,
    ):
        assert fetcher.read(server.url) == b"[]"
    assert clock.slept == [0.3]


def test_the_tests_transport_is_used_for_storage_too() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(request.url.host.encode()))

    with Fetcher(lambda _: None, httpx.MockTransport(answer)) as fetcher:
        assert fetcher.read("https://storage.test/x") == b"storage.test"
