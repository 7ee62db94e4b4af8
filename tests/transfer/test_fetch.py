"""Fetching from storage that expires, breaks off and lies."""

from __future__ import annotations

import contextlib
import hashlib
import random
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pennsieve_agent.domain.transfers import SignedFile
from pennsieve_agent.errors import AgentError, PlatformError, SettingsError
from pennsieve_agent.services.files.download_places import Folders, is_there
from pennsieve_agent.transfer.digests import BLOCK_BYTES, spelled
from pennsieve_agent.transfer.fetch import Fetching, Place, fetch
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.receive import Expired, read
from pennsieve_agent.transfer.sender import Interrupted, Sender
from tests.fakes.clock import Clock
from tests.platform.loopback import Answer, Loopback, http, reset

CONTENT = b"0123456789"
TAG = 'ETag: "one"'
LARGE = bytes(range(256)) * (BLOCK_BYTES // 256) + CONTENT


class Fetch:
    """One file's way from a server to a place."""

    def __init__(self, tmp_path: Path, content: bytes = CONTENT) -> None:
        self.root = tmp_path / "target"
        self.path = self.root / "sub" / "a.bin"
        self.size = len(content)
        self.fresh: list[str] = []
        self.progress = 0
        self.clock = Clock()
        self.stop = threading.Event()

    def __call__(self, url: str, checksum: str = "") -> None:
        with Sender(network({})) as sender:
            tools = Fetching(
                sender,
                self._fresh,
                self.clock.sleep,
                self._add,
                lambda: 0.5,
                Folders(self.root).make,
                stop=self.stop,
            )
            place = Place(self.path, self.path.with_name(".a.part"), checksum)
            fetch(self._signed(url), place, tools)

    def _signed(self, url: str) -> SignedFile:
        return SignedFile("N:package:p", "a.bin", self.size, url)

    def _fresh(self, old: SignedFile) -> SignedFile:
        return self._signed(self.fresh.pop(0) if self.fresh else old.url)

    def _add(self, size: int) -> None:
        self.progress += size

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.path.parent.iterdir())


@pytest.fixture
def one(tmp_path: Path) -> Fetch:
    return Fetch(tmp_path)


@pytest.fixture
def large(tmp_path: Path) -> Fetch:
    """A file of more than one block, whose part is on the disk before all of it came."""
    return Fetch(tmp_path, LARGE)


def meddled(part: Path, mode: str, content: bytes) -> Callable[[socket.socket], None]:
    """An answer in whose middle another program writes to the part."""

    def meanwhile(connection: socket.socket) -> None:
        whole = http("200 OK", LARGE, TAG, "Connection: close")
        connection.sendall(whole[:-5])
        ends_at = time.monotonic() + 5
        while not part.exists() or part.stat().st_size < BLOCK_BYTES:
            assert time.monotonic() < ends_at, "nothing of the first block is on the disk"
            threading.Event().wait(0.001)
        with part.open(mode) as file:
            file.write(content)
        connection.sendall(whole[-5:])

    return meanwhile


def test_what_another_program_adds_to_the_part_is_not_kept(large: Fetch) -> None:
    meanwhile = meddled(large.path.with_name(".a.part"), "ab", b"of another")
    with Loopback(meanwhile, http("200 OK", LARGE, TAG)) as server:
        large(server.url)
    assert large.path.read_bytes() == LARGE
    assert large.names == ["a.bin"]


def test_what_another_program_changes_in_the_part_is_not_kept(large: Fetch) -> None:
    """Of the same length: only what lies on the disk shows it."""
    meanwhile = meddled(large.path.with_name(".a.part"), "r+b", b"x")
    with Loopback(meanwhile, http("200 OK", LARGE, TAG)) as server:
        large(server.url, hashlib.sha256(LARGE).hexdigest())
    assert large.path.read_bytes() == LARGE
    assert large.names == ["a.bin"]


def test_two_programs_do_not_write_into_one_part(one: Fetch) -> None:
    def meanwhile(connection: socket.socket) -> None:
        one.path.with_name(".a.part").write_bytes(b"01234")
        connection.sendall(http("200 OK", CONTENT, "Connection: close"))

    with (
        Loopback(meanwhile) as server,
        pytest.raises(SettingsError, match="another program downloads it to the same folder"),
    ):
        one(server.url)
    assert one.names == [".a.part"]


@pytest.mark.parametrize("tag", ["", "one"])
def test_an_empty_part_of_a_killed_process_is_no_obstacle(one: Fetch, tag: str) -> None:
    one.path.parent.mkdir(parents=True)
    one.path.with_name(".a.part").touch()
    one.path.with_name(".a.tag").write_text(tag)
    with Loopback(http("200 OK", CONTENT)) as server:
        one(server.url)
    assert one.path.read_bytes() == CONTENT


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


def test_trap_23_no_token_goes_to_storage_nor_along_a_redirect(one: Fetch) -> None:
    with Loopback(http("200 OK", CONTENT)) as last:
        moved = http("307 Temporary Redirect", b"", f"Location: {last.url}/b")
        with Loopback(moved) as first:
            one(first.url)
    sent = (first.requests[0] + last.requests[0]).lower()
    assert b"authorization" not in sent
    assert one.path.read_bytes() == CONTENT


def test_trap_22_a_fresh_address_when_one_expired(one: Fetch) -> None:
    with (
        Loopback(http("403 Forbidden", b"<Error>expired</Error>")) as old,
        Loopback(http("200 OK", CONTENT)) as new,
    ):
        one.fresh = [new.url]
        one(old.url)
    assert one.path.read_bytes() == CONTENT


def test_a_refusal_that_stays(one: Fetch) -> None:
    with Loopback(*[http("403 Forbidden")] * 4) as server, pytest.raises(Expired):
        one(server.url)
    assert not one.path.exists()


def test_an_address_that_expires_half_way_goes_on_where_it_was(one: Fetch) -> None:
    with (
        Loopback(cut_off(CONTENT[:4]), http("403 Forbidden")) as old,
        Loopback(part(4)) as new,
    ):
        one.fresh = [new.url]
        one(old.url)
    assert one.path.read_bytes() == CONTENT
    assert b"range: bytes=4-" in new.requests[0].lower()
    assert b'if-range: "one"' in new.requests[0].lower()
    assert one.progress == len(CONTENT)
    assert one.names == ["a.bin"]


def test_a_connection_reset_in_the_middle(one: Fetch) -> None:
    with Loopback(cut_off(b"012"), part(3)) as server:
        one(server.url)
    assert one.path.read_bytes() == CONTENT


def test_a_download_that_was_killed_goes_on(one: Fetch) -> None:
    answers: list[Answer] = [cut_off(b"01234"), *[http("503 Busy")] * 6]
    with Loopback(*answers) as server, pytest.raises(Interrupted):
        one(server.url)
    assert not one.path.exists()
    assert len(one.names) == 2  # the part, and the state it is of
    one.progress = 0
    with Loopback(part(5)) as server:
        one(server.url)
    assert (one.path.read_bytes(), one.names) == (CONTENT, ["a.bin"])
    assert one.progress == len(CONTENT)


def test_what_changed_in_between_is_fetched_anew(one: Fetch) -> None:
    changed = b"abcdefghij"
    with Loopback(cut_off(b"01234"), http("200 OK", changed, 'ETag: "two"')) as server:
        one(server.url)
    assert one.path.read_bytes() == changed
    assert one.progress == len(CONTENT)


def test_a_part_of_another_state_is_not_appended(one: Fetch) -> None:
    answers = (cut_off(b"01234"), part(5, 'ETag: "two"'), http("200 OK", CONTENT, 'ETag: "two"'))
    with Loopback(*answers) as server:
        one(server.url)
    assert one.path.read_bytes() == CONTENT


@pytest.mark.parametrize("body", [b"012345678", b"0123456789a"])
def test_a_size_that_is_not_the_platforms(one: Fetch, body: bytes) -> None:
    with (
        Loopback(http("200 OK", body)) as server,
        pytest.raises(PlatformError, match="bytes in storage, not 10"),
    ):
        one(server.url)
    assert not one.path.exists()


def test_a_wrong_checksum_is_tried_once_more_and_then_said(one: Fetch) -> None:
    right = hashlib.sha256(CONTENT).hexdigest()
    with Loopback(http("200 OK", b"x" * 10), http("200 OK", CONTENT)) as server:
        one(server.url, right)
    assert one.path.read_bytes() == CONTENT
    one.path.unlink()
    with (
        Loopback(*[http("200 OK", b"x" * 10)] * 2) as server,
        pytest.raises(PlatformError, match="wrong checksum or size, twice"),
    ):
        one(server.url, right)
    assert one.names == []


def test_an_empty_file(tmp_path: Path) -> None:
    one = Fetch(tmp_path, b"")
    with Loopback(http("200 OK")) as server:
        one(server.url)
    assert one.path.read_bytes() == b""


def test_stopping_keeps_the_part(one: Fetch) -> None:
    one.stop.set()
    with Loopback(http("200 OK", CONTENT, TAG)) as server, pytest.raises(AgentError):
        one(server.url)
    assert not one.path.exists()


def test_the_same_file_is_told_by_content_where_a_checksum_is_known(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(CONTENT)
    right, wrong = hashlib.sha256(CONTENT).hexdigest(), hashlib.sha256(b"").hexdigest()
    assert is_there(path, 10, right)
    assert is_there(path, 10, "composite-2") is None
    assert is_there(path, 10, "") is None
    assert is_there(path, None, "") is False
    of_parts = hashlib.sha256(hashlib.sha256(CONTENT).digest()).digest()
    assert is_there(path, 10, f"{spelled(of_parts)}-1")
    assert is_there(path, 10, wrong) is False
    assert is_there(path, 9, right) is False
    (tmp_path / "link").symlink_to(path)
    assert is_there(tmp_path / "link", 10, right) is False


def test_an_address_that_is_none(one: Fetch) -> None:
    with pytest.raises(PlatformError, match="cannot be used"):
        one("ftp://x/y")


def test_a_document_is_read_again_after_trouble() -> None:
    clock = Clock()
    with (
        Loopback(http("503 Busy"), http("200 OK", b"[]")) as server,
        Sender(network({})) as sender,
    ):
        assert read(sender, server.url, clock.sleep) == b"[]"
    assert clock.slept == [0.3]


@pytest.mark.parametrize("head", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_a_document_that_comes_byte_by_byte_is_given_up(head: str) -> None:
    byte = b"1\r\n \r\n" if "chunked" in head else b" "

    def trickle(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
            for _ in range(500):
                connection.sendall(byte)
                threading.Event().wait(0.02)

    clock, began = Clock(), time.monotonic()
    with (
        Loopback(trickle) as server,
        Sender(network({})) as sender,
        pytest.raises(Interrupted),
    ):
        read(sender, server.url, clock.sleep, seconds=0.3)
    assert time.monotonic() - began < 4
    assert not clock.slept


def test_storage_that_asks_to_wait_is_obeyed(one: Fetch) -> None:
    busy = http("503 Slow Down", b"", "Retry-After: 7")
    with Loopback(busy, busy, http("200 OK", CONTENT)) as server:
        one(server.url)
    assert one.clock.slept == [7.0, 7.0]
    assert one.path.read_bytes() == CONTENT


def test_ranges_that_are_ignored_begin_anew(one: Fetch) -> None:
    with Loopback(cut_off(b"01234"), http("200 OK", CONTENT, TAG)) as server:
        one(server.url)
    assert (one.path.read_bytes(), one.progress) == (CONTENT, len(CONTENT))


def test_a_length_that_was_too_long_is_said_and_nothing_has_the_name(one: Fetch) -> None:
    short = f"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n{TAG}\r\n\r\n01234".encode()
    with Loopback(short, *[http("503 Busy")] * 6) as server, pytest.raises(Interrupted):
        one(server.url)
    assert one.names == [".a.part", ".a.tag"]


@pytest.mark.parametrize("size", [1, 300_000, 9_000_000])
def test_a_large_file_goes_on_after_a_cut_and_is_checked(tmp_path: Path, size: int) -> None:
    """Beyond one block of memory, and with a thread that hashes; what came before counts."""
    content = random.Random(size).randbytes(size)  # noqa: S311 - any bytes
    one = Fetch(tmp_path, content)
    start = size * 2 // 3
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n{TAG}\r\n\r\n".encode()
    rest = http(
        "206 Partial Content",
        content[start:],
        f"Content-Range: bytes {start}-{size - 1}/{size}",
        TAG,
    )
    answers = [head + content[:start], rest] if start else [http("200 OK", content, TAG)]
    with Loopback(*answers) as server:
        one(server.url, hashlib.sha256(content).hexdigest())
    assert one.path.read_bytes() == content
    assert one.names == ["a.bin"]
    assert one.progress == size


def test_what_was_complete_but_had_no_name_is_checked_and_named(tmp_path: Path) -> None:
    """A process that was killed between the last byte and the name."""
    one = Fetch(tmp_path)
    one.path.parent.mkdir(parents=True)
    one.path.with_name(".a.part").write_bytes(CONTENT)
    one.path.with_name(".a.tag").write_text('"one"')
    one("http://127.0.0.1:1/never-asked", hashlib.sha256(CONTENT).hexdigest())
    assert (one.path.read_bytes(), one.names) == (CONTENT, ["a.bin"])
