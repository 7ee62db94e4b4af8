"""Storage: whose keys and which address are used, and what is done about refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from pennsieve_agent.aws.objects import ObjectStore, _Slice
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.domain.transfers import Part, StorageKeys
from pennsieve_agent.errors import AwsError, SettingsError
from tests.platform.loopback import Loopback, http

KEYS = StorageKeys("ASIAX", "s", "t", 0.0, "bucket", "O1/D1/m", "eu-west-1")


def test_pennsieve_itself_is_asked_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMINE")
    with ObjectStore(AwsSettings(endpoint="http://127.0.0.1:2"), hosted=True) as store:
        client = store._client(KEYS)
        assert client.meta.endpoint_url == "https://s3.eu-west-1.amazonaws.com"
        assert client._request_signer._credentials.access_key == "ASIAX"
    config = tmp_path / "config"
    config.write_text("[default]\nendpoint_url = http://127.0.0.1:3\n")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    with ObjectStore(AwsSettings(config_file=config), hosted=False) as store:
        assert store._client(KEYS).meta.endpoint_url == "http://127.0.0.1:3"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("BadDigest", "changed while it was uploaded"),
        ("ExpiredToken", "refused the keys"),
        ("NoSuchBucket", "does not take a file"),
    ],
)
def test_refusals(tmp_path: Path, code: str, said: str) -> None:
    (tmp_path / "a").write_text("a")
    refused = http("400 Bad Request", f"<Error><Code>{code}</Code></Error>".encode())
    with (
        Loopback(refused) as server,
        ObjectStore(AwsSettings(endpoint=server.url), hosted=False) as store,
        pytest.raises(AwsError, match=said) as caught,
    ):
        store.put(tmp_path / "a", "u", lambda: KEYS, "A=b", lambda _: None)
    assert caught.value.aws_code == code
    head = server.requests[0].decode().lower()
    assert head.startswith("put /bucket/o1/d1/m/u http/1.1")
    assert "x-amz-tagging: a=b" in head
    assert "x-amz-checksum-sha256: ypebesobvcr6wjgzmipctaeg7/gufe5yuyb3ha/usls=" in head


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with (
        ObjectStore(AwsSettings(), hosted=True) as store,
        pytest.raises(SettingsError, match="cannot be read"),
    ):
        store.put(tmp_path / "none", "u", lambda: KEYS, "", lambda _: None)


def test_a_file_that_became_empty_changed(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    with (
        ObjectStore(AwsSettings(), hosted=True) as store,
        pytest.raises(AwsError, match="a file changed while it was uploaded"),
    ):
        store.put(tmp_path / "log", "u", lambda: KEYS, "", lambda _: None)


def test_a_part_of_a_file_can_be_read_twice(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    with _Slice(tmp_path / "a", Part(2, 3, 4)) as part:
        assert part.read() == b"3456"
        assert part.seek(-1, 2) == 3
        assert part.read(5) == b"6"
        part.seek(1)
        assert (part.read(2), part.tell(), part.readable(), part.seekable()) == (
            b"45",
            3,
            True,
            True,
        )


def test_a_file_that_became_shorter_keeps_nobody_waiting(tmp_path: Path) -> None:
    file = tmp_path / "short"
    file.write_bytes(b"abcd")
    with _Slice(file, Part(1, 0, 10)) as piece, pytest.raises(AwsError, match="changed"):
        piece.readall()
    with _Slice(file, Part(1, 0, 10), padded=True) as piece:
        assert piece.readall() == b"abcd" + bytes(6)
