"""The settings file on disk."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.config_file import MAX_BYTES, ConfigFile, is_exposed
from pennsieve_agent.settings.locations import config_path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_where_it_is(tmp_path: Path) -> None:
    assert config_path({}, tmp_path) == tmp_path / ".pennsieve/config.ini"
    assert config_path({"PENNSIEVE_CONFIG": "/etc/p.ini"}, tmp_path) == Path("/etc/p.ini")
    assert config_path({"PENNSIEVE_CONFIG": "~/p.ini"}, tmp_path) == tmp_path / "p.ini"
    assert config_path({"PENNSIEVE_CONFIG": ""}) == Path.home() / ".pennsieve/config.ini"


def test_a_new_file_is_private_and_so_is_its_folder(tmp_path: Path) -> None:
    path = tmp_path / ".pennsieve" / "config.ini"
    old = os.umask(0)
    try:
        file = ConfigFile.load(path)
        file.set("lab", "api_token", "k")
        file.save()
    finally:
        os.umask(old)
    assert path.read_text() == "[lab]\napi_token=k\n"
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert [p.name for p in path.parent.iterdir()] == ["config.ini"]


def test_writing_makes_an_exposed_file_private(tmp_path: Path) -> None:
    path = tmp_path / "config.ini"
    path.write_bytes(b"\xef\xbb\xbf[lab]\r\napi_token=k\r\n")
    path.chmod(0o644)
    assert is_exposed(path)
    file = ConfigFile.load(path)
    file.set("lab", "api_token", "k")
    file.save()
    assert not is_exposed(path)
    assert path.read_bytes() == b"\xef\xbb\xbf[lab]\r\napi_token=k\r\n"
    assert not is_exposed(tmp_path / "nothing")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles" / "p.ini", tmp_path / "config.ini"
    real.parent.mkdir()
    link.symlink_to(real)
    file = ConfigFile.load(link)
    file.set("lab", "x", "1")
    file.save()
    file.set("lab", "x", "2")
    file.save()
    assert link.is_symlink()
    assert real.read_text() == "[lab]\nx=2\n"


def test_a_change_by_another_program_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "config.ini"
    path.write_text("[lab]\nx=1\n")
    file = ConfigFile.load(path)
    path.write_text("[lab]\nx=1\n[theirs]\ny=1\n")
    file.set("lab", "x", "2")
    with pytest.raises(SettingsError, match="another program"):
        file.save()
    assert path.read_text() == "[lab]\nx=1\n[theirs]\ny=1\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[lab]\napi_secret=\xff\xfeSECRET\n", "line 2 .* not text"),
        (b"SQLite format 3\0SECRET", "line 1"),
        (b"x" * (MAX_BYTES + 1), "too large"),
    ],
)
def test_a_corrupt_file_is_left_alone(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "config.ini"
    path.write_bytes(data)
    with pytest.raises(SettingsError, match=message) as caught:
        ConfigFile.load(path)
    assert caught.value.where == str(path)
    assert "pennsieve login" in (caught.value.hint or "")
    assert "SECRET" not in f"{caught.value!r} {caught.value.hint}"
    assert path.read_bytes() == data


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        ConfigFile.load(tmp_path)


def test_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "config.ini"
    with pytest.raises(SettingsError, match="cannot be read"):
        ConfigFile.load(path)
    file = ConfigFile(tmp_path / ("n" * 300) / "config.ini")
    file.set("a", "b", "c")
    with pytest.raises(SettingsError, match="cannot be"):
        file.save()
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@contextmanager
def no_room() -> Iterator[None]:
    """No file can grow: writing fails as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "config.ini"
    path.write_text("[lab]\nx=1\n")
    file = ConfigFile.load(path)
    file.set("lab", "x", "2")

    with no_room(), pytest.raises(SettingsError, match="cannot be written: File too large"):
        file.save()
    assert path.read_text() == "[lab]\nx=1\n"
    assert [p.name for p in tmp_path.iterdir()] == ["config.ini"]
